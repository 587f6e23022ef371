"""Steps: the assignment's tests, declared once, run once, and needed by name.

A step is a test function with `@step`. Its parameters after `run` name the steps that it needs; each is given as
that step's `StepRecord`. Its docstring is its explanation in the report.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.model import StepRecord

if TYPE_CHECKING:
    import pytest

StepFunction = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Step:
    """A declared step. `needs` are ids of other steps, in the order of the parameters.

    An `optional` step runs only when it is asked for: by `--options`, by its name, or by a step that needs it.
    """

    id: str
    title: str
    explanation: str
    needs: tuple[str, ...]
    function: StepFunction
    file: Path
    line: int
    optional: bool = False

    @property
    def fixture(self) -> str:
        """The name of its fixture: the id with underscores."""
        return self.id.replace("-", "_")


class StepNotPassed(Exception):
    """A step that did not pass; tests that need it are blocked. `root` is the id of the step that is the cause."""

    def __init__(self, record: StepRecord) -> None:
        self.record = record
        self.root = record.blocked_by or record.id
        super().__init__(record.message or f"{record.id}: {record.outcome.value}")


class StepFailed(Exception):
    """The step's own fault: a command failed, or something that it states does not hold."""


def step(title: str, *, optional: bool = False) -> Callable[[StepFunction], Callable[[pytest.FixtureRequest], None]]:
    """Declare a step of the assignment, or an optional one.

    `test_filter_batch(run, load)` becomes the step `filter-batch`, which needs `load`. Raises UsageError when the
    function has no docstring, no parameter `run`, or a name that does not begin with test_.
    """

    def declare(function: StepFunction) -> Callable[[pytest.FixtureRequest], None]:
        code = function.__code__
        where = f"{code.co_filename}:{code.co_firstlineno}"
        parameters = list(inspect.signature(function).parameters)
        if not function.__name__.startswith("test_") or parameters[:1] != ["run"]:
            seen = f"{function.__name__}({', '.join(parameters)})"
            remedy = "name it test_…, with `run` as its first parameter and then the steps that it needs"
            raise UsageError(f"{where}: a step is a function test_NAME(run, …).", seen=seen, remedy=remedy)
        if not (function.__doc__ or "").strip():
            raise UsageError(
                f"{where}: the step {function.__name__} has no docstring.",
                wanted="its explanation for the report",
                remedy='write it below the def line, as """What this step does, and why."""',
            )
        made = Step(
            _id(function.__name__.removeprefix("test_")),
            title,
            inspect.cleandoc(str(function.__doc__)),
            tuple(_id(name) for name in parameters[1:]),
            function,
            Path(code.co_filename),
            code.co_firstlineno,
            optional,
        )

        def test(request: pytest.FixtureRequest) -> None:
            request.getfixturevalue(made.fixture)

        test.__name__ = function.__name__
        test.__doc__ = function.__doc__
        test.__module__ = function.__module__
        test.__harness_step__ = made  # type: ignore[attr-defined]
        return test

    return declare


def step_of(function: Any) -> Step | None:
    """Give the step that a test function declares."""
    found = getattr(function, "__harness_step__", None)
    return found if isinstance(found, Step) else None


def ordered(steps: Iterable[Step]) -> dict[str, Step]:
    """Give steps by id in the order of their files and lines.

    Raises UsageError for two steps of one id, a need that is no step, and a cycle.
    """
    found: dict[str, Step] = {}
    for item in sorted(steps, key=lambda s: (str(s.file), s.line)):
        if item.id in found:
            raise UsageError(
                f"{item.file}:{item.line}: there is a step {item.id} already.",
                seen=f"{found[item.id].file}:{found[item.id].line}",
                remedy="give one of them another name",
            )
        found[item.id] = item
    for item in found.values():
        for need in item.needs:
            if need not in found:
                raise UsageError(
                    f"{item.file}:{item.line}: the step {item.id} needs {need}, which is no step.",
                    wanted=", ".join(found),
                    remedy=_instead(need, found),
                )
    for item in found.values():
        if item.id in dependencies(found, item.id):
            ring = _ring(found, item.id)
            raise UsageError(
                f"{item.file}:{item.line}: the step {item.id} needs itself.",
                seen=" needs ".join(ring),
                remedy=f"take {ring[1]} out of the parameters of {item.function.__name__}, or another of these needs",
            )
    return found


def _instead(need: str, found: Mapping[str, Step]) -> str:
    close = difflib.get_close_matches(need, found, 1)
    return f"name the parameter {found[close[0]].fixture}" if close else "take the parameter out, or write that step"


def _ring(steps: Mapping[str, Step], step_id: str) -> list[str]:
    """Give the shortest way from a step back to itself."""
    ways = [[step_id, need] for need in steps[step_id].needs]
    seen: set[str] = set()
    for way in ways:  # which grows
        if way[-1] == step_id:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [[*way, need] for need in steps[way[-1]].needs]
    return [step_id, step_id]


def dependencies(steps: Mapping[str, Step], step_id: str) -> set[str]:
    """Give the ids of all steps that a step needs, near and far."""
    found: set[str] = set()
    waiting = list(steps[step_id].needs)
    while waiting:
        need = waiting.pop()
        if need not in found:
            found.add(need)
            waiting += steps[need].needs
    return found


def _id(name: str) -> str:
    return name.replace("_", "-")
