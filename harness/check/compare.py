"""The comparison of two records: outcomes, commands, exit codes, facts and invariants.

Facts are derived again from the stored outputs; the stored ones are only held against them. Times, memory,
versions, backend, mode and messages are not compared, nor are the commands of a backend itself (service `host`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

from harness.check.facts import ABSENT, Side, Unequal, unequal
from harness.model import Capture, Fact, Facts, Invariant, Record, StepRecord
from harness.normalise import Normal, Observation, normalise
from harness.outputs import derive

OWN_SERVICE: Final = "host"
"""The service of commands that a backend runs for itself, such as `docker compose up`."""

STOPPED: Final = "stopped"
"""The exit code of a background command that the run stopped, or that still ran when the record was written."""

_STOPPED: Final = frozenset({None, -15, -9, -2, 130, 137, 143})

_T = TypeVar("_T")


class Kind(StrEnum):
    """What disagrees: the two records, or one of them with its own outputs."""

    RECORDS = "records"
    STORED_IN_EXPECTED = "stored in expected"
    STORED_IN_ACTUAL = "stored in actual"


@dataclass(frozen=True, slots=True)
class Command:
    """Which command it is: its id in the expected record, or in the actual one if only that has it."""

    id: str
    service: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the records differ.

    `step` is None for an invariant, `command` also for a step's outcome. `field` is `outcome`, `command` (only one
    record has it), `exit code`, the path of a fact, or an invariant's id with `expected`, `actual` or `holds`. For
    a fact stored in a record that its output does not give again, `expected` is what the output gives, `actual`
    what is stored.
    """

    step: str | None
    command: Command | None
    field: str
    expected: Side
    actual: Side
    kind: Kind = Kind.RECORDS


@dataclass(frozen=True, slots=True)
class Mask:
    """A rule that was applied to a command, and how many values it replaced in each record."""

    rule: str
    step: str
    command: Command
    expected: int
    actual: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences, all masks, and how much was compared.

    `without_facts` counts the compared commands whose output no parser reads: only their exit codes count.
    """

    differences: tuple[Difference, ...]
    masks: tuple[Mask, ...]
    steps: int
    commands: int
    without_facts: int
    invariants: int

    @property
    def equal(self) -> bool:
        """Whether there is no difference of any kind."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class _Seen:
    """A command of one record, ready for comparison; `stale` is what it stores and its output does not give."""

    command: Command
    exit_code: int | str | None
    normal: Normal
    stale: tuple[Unequal, ...]

    @property
    def facts(self) -> Facts:
        return self.normal.observation.facts

    @property
    def key(self) -> Hashable:
        return self.command.service, self.normal.observation.command


@dataclass(slots=True)
class _Findings:
    """What was found so far; `open` says that one of the records is of an open cluster."""

    open: bool
    differences: list[Difference] = field(default_factory=list)
    masks: list[Mask] = field(default_factory=list)
    commands: int = 0
    without_facts: int = 0

    def step(self, step: str, expected: StepRecord | None, actual: StepRecord | None) -> None:
        """Compare a step's outcome, and its commands when both records have it."""
        self._differ(step, None, "outcome", unequal(*_sides(expected, actual, lambda one: one.outcome.value)))
        lefts = self._seen(step, expected, Kind.STORED_IN_EXPECTED)
        rights = self._seen(step, actual, Kind.STORED_IN_ACTUAL)
        if expected and actual:
            for _, left, right in _paired(lefts, rights, key=lambda one: one.key):
                if left and right:
                    self._compare(step, left, right)
                else:
                    texts = _sides(left, right, lambda one: one.command.text)
                    only = left or right
                    self._differ(step, only.command if only else None, "command", unequal(*texts))

    def invariant(self, name: str, expected: Invariant | None, actual: Invariant | None) -> None:
        """Compare what an invariant expected, what it found, and whether it holds."""
        sides = _sides(
            expected, actual, lambda one: {"expected": one.expected, "actual": one.actual, "holds": one.holds}
        )
        self._differ(None, None, name, unequal(*sides))

    def _seen(self, step: str, record: StepRecord | None, kind: Kind) -> list[_Seen]:
        """Read a step's commands, hold what is stored against what their outputs give, and leave out a backend's."""
        seen = [_see(capture, self.open) for capture in record.commands] if record else []
        for one in seen:
            self._differ(step, one.command, "", one.stale, kind)
        return [one for one in seen if one.command.service != OWN_SERVICE]

    def _compare(self, step: str, expected: _Seen, actual: _Seen) -> None:
        command = expected.command
        self._differ(step, command, "exit code", unequal(expected.exit_code, actual.exit_code))
        self._differ(step, command, "", unequal(expected.facts, actual.facts))
        self.commands += 1
        self.without_facts += not (expected.facts or actual.facts)
        masks = (expected.normal.masks, actual.normal.masks)
        for rule in {**masks[0], **masks[1]}:
            self.masks.append(Mask(rule, step, command, masks[0].get(rule, 0), masks[1].get(rule, 0)))

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


def compare(expected: Record, actual: Record) -> Comparison:
    """Compare two records in the order of the expected one; what only the actual one has comes after."""
    found = _Findings(open="open" in (expected.mode, actual.mode))
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
    )


def _see(capture: Capture, is_open: bool) -> _Seen:
    derived = derive(capture.command, capture.stdout, capture.stderr)
    claimed = {name: fact for name, fact in derived.items() if name in capture.facts}
    stopped = capture.background and capture.exit_code in _STOPPED
    return _Seen(
        Command(capture.id, capture.service, capture.command),
        STOPPED if stopped else capture.exit_code,
        normalise(Observation(capture.command, derived, is_open)),
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
