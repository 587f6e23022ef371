"""What Presto remembers between two submissions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.grade.rerun import asks, cleaning

NEUTRAL = [["select 1"], ["show schemas from hive"], ["select query from system.runtime.queries"]]


def test_the_next_submission_waits_until_presto_has_forgotten_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    left = [["drop table if exists kim"], ["select count(*) from kim"]]
    told: Iterator[list[list[str]]] = iter([[*NEUTRAL, *left], [*NEUTRAL, left[1]], NEUTRAL])
    monkeypatch.setattr(asks, "query", lambda _: next(told))
    monkeypatch.setattr(cleaning.time, "sleep", lambda _: None)
    cleaning.forget_queries()
    assert next(told, None) is None


def test_a_query_that_is_not_forgotten_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asks, "query", lambda _: [*NEUTRAL, ["select secret"]])
    monkeypatch.setattr(asks, "TIMEOUT", 0.0)
    with pytest.raises(TimeoutError, match="still remembers select secret"):
        cleaning.forget_queries()
