"""Test cases for a CI's test page: one for each step, and one for each invariant.

Every invariant is a case, so that a check which is no longer made shows as a missing one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.model import Capture, Check, Invariant, Outcome, Record, StepRecord
from harness.render.history import fold
from harness.render.text import plain_value

INVARIANTS = "invariants"


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `message` is one line and `details` are several: why it did not pass; empty when it did."""

    suite: str
    name: str
    seconds: float
    outcome: Outcome
    message: str = ""
    details: str = ""
    commands: tuple[Capture, ...] = ()


def cases(record: Record) -> list[Case]:
    """Give the cases of the steps in order, then those of the invariants."""
    return [
        *(_step(step, record.assignment) for step in record.steps),
        *(_invariant(invariant) for invariant in record.invariants),
    ]


def ran(capture: Capture) -> str:
    """Say on one line what a command was and how it ended."""
    ended = "still running" if capture.exit_code is None else f"exit code {capture.exit_code}"
    return f"{capture.service}: {' '.join(fold(capture.as_typed).split())} ({ended})"


def _step(step: StepRecord, assignment: str) -> Case:
    why = "\n".join(_why(step))
    message = why.split("\n", 1)[0]
    return Case(assignment, step.id, step.seconds, step.outcome, message, why, step.commands)


def _why(step: StepRecord) -> Iterator[str]:
    match step.outcome:
        case Outcome.BLOCKED:
            yield f"blocked by {step.blocked_by or 'an earlier step'}"
        case Outcome.FAILED | Outcome.INFRASTRUCTURE:
            yield step.message or "no message"
            yield from (_unmet(check.what, check) for check in step.checks if not check.holds)


def _invariant(invariant: Invariant) -> Case:
    if invariant.holds:
        return Case(INVARIANTS, invariant.id, 0, Outcome.PASSED)
    why = _unmet(invariant.id, invariant)
    return Case(INVARIANTS, invariant.id, 0, Outcome.FAILED, why, why)


def _unmet(what: str, seen: Check | Invariant) -> str:
    return f"{what}: expected {plain_value(seen.expected)}, got {plain_value(seen.actual)}"
