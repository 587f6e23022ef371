"""Relations across steps are derived from what the steps' commands gave, and only from steps that ran."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import invariants
from harness.invariants import DeclaredInvariant, Evidence, evaluate, invariant
from harness.model import Capture, Fact, Invariant, Outcome, StepRecord

STARTED = "2026-03-01T09:00:00Z"


def step(step_id: str, *facts: dict[str, Fact], outcome: Outcome = Outcome.PASSED) -> StepRecord:
    """Give a step whose commands gave these facts."""
    commands = tuple(
        Capture(f"{step_id}-{number}", "mids", "ls", "", "", 0, STARTED, 0.0, False, found)
        for number, found in enumerate(facts, 1)
    )
    return StepRecord(step_id, "", "", outcome, None, 0.0, commands)


def ab(complete: Fact) -> dict[str, Fact]:
    return {"kind": "ab", "complete": complete}


def messages(**by_type: int) -> dict[str, Fact]:
    return {"kind": "json_lines", "by_event_type": by_type}


LOAD = step(
    "load", ab(10), messages(default=1), {"kind": "file", "complete": 99}, ab(20), messages(sword=2, default=3), {}
)


def evidence() -> Evidence:
    return Evidence({"load": LOAD})


def test_all_gives_a_fact_of_each_output_of_a_kind_in_order() -> None:
    assert evidence().all("load", "ab", "complete") == [10, 20]
    assert evidence().all("load", "ab", "unknown") == [None, None]
    assert evidence().all("load", "presto", "rows") == []


def test_total_adds_and_leaves_out_what_is_no_number() -> None:
    assert evidence().total("load", "ab", "complete") == 30
    assert Evidence({"load": step("load", ab(10), ab(None), ab("7"))}).total("load", "ab", "complete") == 10


def test_last_gives_the_last_or_none() -> None:
    assert evidence().last("load", "ab", "complete") == 20
    assert evidence().last("load", "presto", "rows") is None


def test_entry_gives_an_entry_from_the_last_output_that_has_it() -> None:
    assert evidence().entry("load", "json_lines", "by_event_type", "default") == 3
    assert evidence().entry("load", "json_lines", "by_event_type", "sword") == 2
    assert evidence().entry("load", "json_lines", "by_event_type", "guild") is None
    assert evidence().entry("load", "ab", "complete", "default") is None


@pytest.mark.parametrize(
    "ask",
    [
        lambda e: e.all("hive", "hive", "rows"),
        lambda e: e.total("hive", "hive", "rows"),
        lambda e: e.last("hive", "hive", "rows"),
        lambda e: e.entry("hive", "hive", "rows", "x"),
    ],
)
def test_it_notes_which_steps_were_asked_also_those_that_are_not_there(ask: Callable[[Evidence], object]) -> None:
    found = evidence()
    assert ask(found) in ([], 0, None)
    assert found.asked == {"hive"}


def rule(name: str, expected: Fact, *steps: str) -> DeclaredInvariant:
    """Expect a value of the sum of `complete` over steps."""
    return DeclaredInvariant(name, lambda e: (expected, sum(e.total(each, "ab", "complete") for each in steps)))


def test_what_agrees_holds_and_what_differs_does_not() -> None:
    found = evaluate([LOAD], [rule("forty", 40, "load"), rule("thirty", 30, "load")])
    assert found == (Invariant("forty", 40, 30, False), Invariant("thirty", 30, 30, True))


def test_nothing_compared_with_nothing_does_not_hold() -> None:
    nothing = DeclaredInvariant("rows", lambda e: (e.last("load", "hive", "rows"), e.last("load", "presto", "rows")))
    assert evaluate([LOAD], [nothing]) == (Invariant("rows", None, None, False),)


@pytest.mark.parametrize("outcome", [Outcome.BLOCKED, Outcome.INFRASTRUCTURE])
def test_an_invariant_with_a_step_that_did_not_run_is_left_out(outcome: Outcome) -> None:
    rules = [rule("both", 30, "load", "batch"), rule("one", 30, "load")]
    assert [item.id for item in evaluate([LOAD], rules)] == ["one"]
    assert [item.id for item in evaluate([LOAD, step("batch", outcome=outcome)], rules)] == ["one"]
    assert [item.id for item in evaluate([LOAD, step("batch")], rules)] == ["both", "one"]


def test_a_rule_that_stumbles_over_a_step_that_did_not_run_is_left_out() -> None:
    twice = DeclaredInvariant("twice", lambda e: (60, e.last("batch", "ab", "complete") * 2))
    assert evaluate([LOAD], [twice, rule("thirty", 30, "load")]) == (Invariant("thirty", 30, 30, True),)


def test_a_rule_that_stumbles_over_what_a_step_gave_does_not_hold() -> None:
    twice = DeclaredInvariant("twice", lambda e: (60, e.last("load", "presto", "rows") * 2))
    ((found),) = evaluate([LOAD], [twice])
    assert (found.id, found.expected, found.holds) == ("twice", None, False)
    assert str(found.actual).startswith("TypeError")


def test_a_step_that_failed_ran_and_counts() -> None:
    failed = step("load", ab(19), outcome=Outcome.FAILED)
    assert evaluate([failed], [rule("twenty", 20, "load")]) == (Invariant("twenty", 20, 19, False),)


def test_declared_invariants_are_evaluated_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invariants, "_DECLARED", {})

    @invariant("second by name, first by place")
    def requests(e: Evidence) -> tuple[Fact, Fact]:
        return 30, e.total("load", "ab", "complete")

    @invariant("another")
    def last(e: Evidence) -> tuple[Fact, Fact]:
        return 20, e.last("load", "ab", "complete")

    assert [item.id for item in evaluate([LOAD])] == ["second by name, first by place", "another"]
    assert requests(evidence()) == (30, 30)


def test_without_steps_there_is_nothing_to_hold() -> None:
    assert evaluate([], [rule("thirty", 30, "load")]) == ()
