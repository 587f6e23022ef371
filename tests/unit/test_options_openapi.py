"""The options' API keeps what its OpenAPI description promises: schemathesis asks it all that the description allows,
and much that it does not."""

from __future__ import annotations

import tempfile

import schemathesis
from fake_producer import FakeProducer
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from options_api import create_app
from players.operations import OPERATIONS, openapi
from players.store import open_store

FOLDER = tempfile.TemporaryDirectory()
APP = create_app(FakeProducer().connect, lambda: open_store(f"sqlite:///{FOLDER.name}/game.sqlite3"))
DESCRIBED = schemathesis.openapi.from_wsgi("/openapi.json", APP)


@DESCRIBED.parametrize()
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_documented(case: schemathesis.Case) -> None:
    case.call_and_validate()


def test_the_description_names_every_route() -> None:
    """Of the game; the original's routes make no promise of theirs."""
    routed = {
        (rule.rule.replace("<", "{").replace(">", "}"), method)
        for rule in APP.url_map.iter_rules()
        if rule.endpoint.startswith("game.") and rule.rule != "/openapi.json"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routed == {(each.path, each.method) for each in OPERATIONS}
    for named in openapi()["components"]["schemas"].values():
        Draft202012Validator.check_schema(named)
