"""A step is declared by a test function; what cannot be a step, or an order of steps, is refused where it stands."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.errors import UsageError
from harness.model import Outcome, StepRecord
from harness.run import Run
from harness.steps import Step, StepNotPassed, dependencies, ordered, step, step_of


def made(step_id: str, *needs: str, file: str = "test_01.py", line: int = 1) -> Step:
    return Step(step_id, step_id.title(), "Explained.", needs, lambda *_: None, Path(file), line)


def test_a_function_becomes_a_step() -> None:
    @step("Filter the batch")
    def test_filter_batch(run: Run, load: StepRecord, write_stream: StepRecord) -> None:
        """
        Explained
          in lines.
        """

    found = step_of(test_filter_batch)
    assert found is not None
    assert found.id == "filter-batch"
    assert found.fixture == "filter_batch"
    assert found.title == "Filter the batch"
    assert found.explanation == "Explained\n  in lines."
    assert found.needs == ("load", "write-stream")
    assert found.file == Path(__file__)
    assert test_filter_batch.__name__ == "test_filter_batch"


def test_its_test_asks_for_its_fixture_and_nothing_else() -> None:
    @step("One")
    def test_one_two(run: Run) -> None:
        """Explained."""
        raise AssertionError("the session runs it, not the test")

    asked: list[str] = []
    test_one_two(SimpleNamespace(getfixturevalue=asked.append))
    assert asked == ["one_two"]


def test_a_function_without_the_mark_is_no_step() -> None:
    assert step_of(test_a_function_without_the_mark_is_no_step) is None
    assert step_of(None) is None


def test_a_name_that_is_no_tests_is_refused_with_its_place() -> None:
    def load(run: Run) -> None:
        """Explained."""

    with pytest.raises(UsageError, match=r"test_steps\.py:\d+: a step is a function test_NAME\(run, …\)") as caught:
        step("Load")(load)
    assert caught.value.seen == "load(run)"
    assert "name it test_" in str(caught.value.remedy)


def test_a_function_without_run_is_refused() -> None:
    def test_load(api: StepRecord) -> None:
        """Explained."""

    def test_bare() -> None:
        """Explained."""

    for function in (test_load, test_bare):
        with pytest.raises(UsageError, match="a step is a function"):
            step("Load")(function)


def test_a_step_without_an_explanation_is_refused() -> None:
    def test_load(run: Run) -> None:
        pass

    def test_blank(run: Run) -> None:
        """ """

    for function in (test_load, test_blank):
        with pytest.raises(UsageError, match=f"{function.__name__} has no docstring"):
            step("Load")(function)


def test_steps_stand_in_the_order_of_files_and_lines() -> None:
    steps = [made("c", file="test_02.py"), made("b", "a", line=9), made("a", line=2), made("d", file="test_10.py")]
    assert list(ordered(steps)) == ["a", "b", "c", "d"]


def test_a_step_may_need_one_that_stands_after_it() -> None:
    assert list(ordered([made("a", "b"), made("b", line=2)])) == ["a", "b"]


def test_two_steps_of_one_name_are_refused_with_both_places() -> None:
    with pytest.raises(UsageError, match=r"test_02\.py:7: there is a step load already") as caught:
        ordered([made("load", file="test_02.py", line=7), made("load", file="test_01.py", line=3)])
    assert caught.value.seen == "test_01.py:3"


def test_a_need_that_is_no_step_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"test_01\.py:1: the step load needs topci, which is no step") as caught:
        ordered([made("load", "topci"), made("topic", line=2)])
    assert caught.value.wanted == "load, topic"
    assert caught.value.remedy == "name the parameter topic"


@pytest.mark.parametrize(
    "steps",
    [
        [made("a", "a")],
        [made("a", "b"), made("b", "a", line=2)],
        [made("x", "a", line=9), made("a", "b"), made("b", "c", line=2), made("c", "a", line=3)],
    ],
)
def test_steps_that_need_each_other_are_refused(steps: list[Step]) -> None:
    with pytest.raises(UsageError, match="the step a needs itself") as caught:
        ordered(steps)
    assert str(caught.value.seen).startswith("a needs ")
    assert str(caught.value.seen).endswith(" needs a")
    assert "out of the parameters of" in str(caught.value.remedy)


def test_two_ways_to_one_step_are_no_cycle() -> None:
    steps = ordered([made("d", "b", "c", line=4), made("b", "a", line=2), made("c", "a", line=3), made("a")])
    assert list(steps) == ["a", "b", "c", "d"]


def test_dependencies_are_near_and_far() -> None:
    steps = ordered([made("a"), made("b", "a", line=2), made("c", "b", line=3), made("x", line=4)])
    assert dependencies(steps, "a") == set()
    assert dependencies(steps, "c") == {"a", "b"}


def record(step_id: str, outcome: Outcome, blocked_by: str | None = None, message: str | None = None) -> StepRecord:
    return StepRecord(step_id, "", "", outcome, blocked_by, 0.0, (), (), message)


def test_the_root_of_a_failure_is_the_step_that_is_its_cause() -> None:
    assert StepNotPassed(record("load", Outcome.FAILED)).root == "load"
    assert StepNotPassed(record("batch", Outcome.BLOCKED, "load")).root == "load"


def test_a_failure_says_its_message_or_at_least_its_outcome() -> None:
    assert str(StepNotPassed(record("load", Outcome.FAILED, message="exit code 1"))) == "exit code 1"
    assert str(StepNotPassed(record("batch", Outcome.BLOCKED, "load"))) == "batch: blocked"
