"""The comparison of two records: outcomes, commands, exit codes, facts and invariants.

Facts are derived again from the stored outputs; the stored ones are only held against them. Times, memory,
versions, backend, mode and messages are not compared, nor are the commands of a backend itself (service `host`).
A rule that hides too much is a difference, in whichever record (see `guard`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from harness.check import sources
from harness.check.facts import ABSENT, Side, Unequal, typed, unequal
from harness.check.findings import Command, Comparison, Difference, Kind, Mask
from harness.check.guard import hidden
from harness.model import Capture, Fact, Facts, Invariant, Record, StepRecord
from harness.normalise import Normal, Observation, normalise
from harness.originals import read_capture
from harness.outputs import derive

OWN_SERVICE: Final = "host"
"""The service of commands that a backend runs for itself, such as `docker compose up`."""

STOPPED: Final = "stopped"
"""The exit code of a background command that the run stopped, or that still ran when the record was written."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Seen:
    """A command of one record, ready for comparison; `stale` is what it stores and its output does not give."""

    capture: Capture
    at: int
    exit_code: int | str | None
    normal: Normal
    stale: tuple[Unequal, ...]

    @property
    def facts(self) -> Facts:
        return self.normal.observation.facts

    @property
    def key(self) -> Hashable:
        return self.capture.service, self.normal.observation.command


@dataclass(slots=True)
class _Findings:
    """What was found so far; `open` says that one of the records is of an open cluster.

    `names` are those of the two records, each with what they stand for (see `originals`).
    """

    open: bool
    is_source: sources.IsSource
    differences: list[Difference] = field(default_factory=list)
    masks: list[Mask] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    commands: int = 0
    without_facts: int = 0
    names: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})

    def step(self, step: str, expected: StepRecord | None, actual: StepRecord | None) -> None:
        """Compare a step's outcome, and its commands when both records have it."""
        self._differ(step, None, "outcome", unequal(*_sides(expected, actual, lambda one: one.outcome.value)))
        lefts, rights = self._seen(expected, self.names[0]), self._seen(actual, self.names[1])
        for _, left, right in _paired(lefts, rights, key=lambda one: one.key):
            if only := left or right:
                ran = only.capture
                at = (left.at if left else None, right.at if right else None)
                command = Command(ran.id, ran.service, ran.command, at)
                self._differ(step, command, "", left.stale if left else (), Kind.STORED_IN_EXPECTED)
                self._differ(step, command, "", right.stale if right else (), Kind.STORED_IN_ACTUAL)
                if not (expected and actual) or ran.service == OWN_SERVICE:
                    continue
                if left and right:
                    self._compare(step, command, left, right)
                else:
                    self._differ(
                        step, command, "command", unequal(*_sides(left, right, lambda one: one.capture.command))
                    )

    def invariant(self, name: str, expected: Invariant | None, actual: Invariant | None) -> None:
        """Compare what an invariant expected, what it found, and whether it holds."""
        sides = _sides(
            expected, actual, lambda one: {"expected": one.expected, "actual": one.actual, "holds": one.holds}
        )
        self._differ(None, None, name, unequal(*sides))

    def _seen(self, record: StepRecord | None, names: Mapping[str, str]) -> list[_Seen]:
        return [_see(capture, at, self.open, names) for at, capture in enumerate(record.commands)] if record else []

    def _compare(self, step: str, command: Command, expected: _Seen, actual: _Seen) -> None:
        self._differ(step, command, "exit code", unequal(expected.exit_code, actual.exit_code))
        source = sources.listed(command.text)
        if source is not None and self.is_source(source):
            if typed(expected.facts) != typed(actual.facts):
                self.sources.append(source)
        else:
            self._differ(step, command, "", unequal(expected.facts, actual.facts))
        self.commands += 1
        self.without_facts += not (expected.facts or actual.facts)
        masks = (expected.normal.masks, actual.normal.masks)
        for rule in {**masks[0], **masks[1]}:
            self.masks.append(Mask(rule, step, command, masks[0].get(rule, 0), masks[1].get(rule, 0)))
        guarded = {
            one.rule: found for one in (*expected.normal.applied, *actual.normal.applied) if (found := hidden(one))
        }
        for rule, (may, did) in guarded.items():
            self._differ(step, command, f"rule {rule}", [("", may, did)], Kind.HIDDEN)

    def _differ(
        self,
        step: str | None,
        command: Command | None,
        name: str,
        found: Iterable[Unequal],
        kind: Kind = Kind.RECORDS,
    ) -> None:
        for path, expected, actual in found:
            place = f"{name}{path}".removeprefix(".")
            self.differences.append(Difference(step, command, place, expected, actual, kind))


def compare(expected: Record, actual: Record, is_source: sources.IsSource = sources.none) -> Comparison:
    """Compare two records in the order of the expected one; what only the actual one has comes after.

    A listing of a file for which `is_source` holds is not compared as data: a change of it is in `sources`.
    """
    found = _Findings("open" in (expected.mode, actual.mode), is_source, names=(expected.names, actual.names))
    steps = _paired(expected.steps, actual.steps, key=_id)
    for (name, _), one, other in steps:
        found.step(str(name), one, other)
    invariants = _paired(expected.invariants, actual.invariants, key=_id)
    for (name, _), left, right in invariants:
        found.invariant(str(name), left, right)
    return Comparison(
        differences=tuple(found.differences),
        masks=tuple(found.masks),
        steps=sum(bool(one and other) for _, one, other in steps),
        commands=found.commands,
        without_facts=found.without_facts,
        invariants=sum(bool(left and right) for _, left, right in invariants),
        sources=tuple(dict.fromkeys(found.sources)),
    )


def places(expected: StepRecord, actual: StepRecord, is_open: bool) -> list[tuple[int | None, int | None]]:
    """Give which command of one step is which of the other: their places, None where only one has it.

    Both have the original's names.
    """
    sides = [[_see(each, at, is_open, {}) for at, each in enumerate(step.commands)] for step in (expected, actual)]
    pairs = _paired(sides[0], sides[1], key=lambda one: one.key)
    return [(left.at if left else None, right.at if right else None) for _, left, right in pairs]


def _see(capture: Capture, at: int, is_open: bool, names: Mapping[str, str]) -> _Seen:
    derived = derive(capture.command, capture.stdout, capture.stderr)
    claimed = {name: fact for name, fact in derived.items() if name in capture.facts}
    read = read_capture(capture, names)
    stopped = capture.stopped or (capture.background and capture.exit_code is None)
    return _Seen(
        capture,
        at,
        STOPPED if stopped else capture.exit_code,
        normalise(Observation(read.command, read.facts if names else derived, is_open)),
        tuple(unequal(claimed, capture.facts)),
    )


def _id(item: StepRecord | Invariant) -> str:
    return item.id


def _sides(expected: _T | None, actual: _T | None, of: Callable[[_T], Fact]) -> tuple[Side, Side]:
    """Give one value of two items, absent where there is no item."""
    return ABSENT if expected is None else of(expected), ABSENT if actual is None else of(actual)


def _paired(
    expected: Iterable[_T], actual: Iterable[_T], key: Callable[[_T], Hashable]
) -> list[tuple[tuple[Hashable, int], _T | None, _T | None]]:
    """Pair items by key and n-th occurrence: in the order of the expected ones, then those that only actual has."""
    lefts, rights = _numbered(expected, key), _numbered(actual, key)
    return [(each, lefts.get(each), rights.get(each)) for each in {**lefts, **rights}]


def _numbered(items: Iterable[_T], key: Callable[[_T], Hashable]) -> dict[tuple[Hashable, int], _T]:
    counted: Counter[Hashable] = Counter()
    numbered: dict[tuple[Hashable, int], _T] = {}
    for item in items:
        counted[key(item)] += 1
        numbered[key(item), counted[key(item)]] = item
    return numbered
