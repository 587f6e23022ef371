"""When it is pointless to wait for a server any longer."""

from __future__ import annotations

import pytest

from harness.cluster import silence
from harness.cluster.silence import LONG, SILENCE, Silence


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(silence, "time", made)
    return made


def until_given_up(watch: Silence, clock: Clock, most: float = 300.0) -> float | None:
    """Wait, looking each second. Gives the seconds after which it is given up."""
    begun = clock.now
    while (waited := clock.now - begun) < most:
        if watch.too_long(waited):
            return waited
        clock.now += 1
    return None


def test_a_silent_server_is_given_up_within_30_seconds(clock: Clock) -> None:
    given_up = until_given_up(Silence(lambda: ["kafka"]), clock)
    assert given_up
    assert given_up == LONG + SILENCE


def test_what_ends_soon_asks_nobody(clock: Clock) -> None:
    asked: list[bool] = []
    watch = Silence(lambda: asked.append(True) or [])  # type: ignore[func-returns-value]
    assert until_given_up(watch, clock, LONG) is None
    assert not asked


def test_servers_that_answer_are_never_given_up(clock: Clock) -> None:
    assert until_given_up(Silence(list), clock) is None


def test_one_that_answers_in_between_has_not_been_silent(clock: Clock) -> None:
    answers = iter([["kafka"], ["kafka"], []] * 100)
    assert until_given_up(Silence(lambda: next(answers)), clock) is None


def test_two_that_are_silent_by_turns_are_not_one_that_is(clock: Clock) -> None:
    answers = iter([["kafka"], ["presto"]] * 100)
    assert until_given_up(Silence(lambda: next(answers)), clock) is None
