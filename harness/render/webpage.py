"""Pages of HTML in one file: templates that escape all they are given, a policy that lets nothing in or out."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from harness.render.secrets import masked
from harness.render.shown import fact, line
from harness.render.text import plural, visible


def render(template: str, *, styles: Sequence[str], script: str | None = None, **context: object) -> str:
    """Fill a template of this package. Style sheets and script go into the page, and no other ones run in it."""
    style = "".join(map(_file, styles))
    code = _file(script) if script else ""
    policy = f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src '{_hash(style)}'"
    return (
        _environment()
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704 - a file of our own
            script=Markup(code),  # noqa: S704 - a file of our own
            policy=f"{policy}; script-src '{_hash(code)}'" if script else policy,
            **context,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(line=line, fact=fact, plural=plural, shown=lambda text: masked(visible(text)))
    return environment


@cache
def _file(name: str) -> str:
    return resources.files("harness.render").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
