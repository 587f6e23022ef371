"""Approval: the differences from the golden record as items, and the golden record with some of them taken over.

One item is one command, one step that only one record has, one outcome, or one invariant. What chance decides
(times, part files, splits of streams) and the listings of sources refresh with any approval; a command with a
difference that was not accepted stays as it was, in whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from harness.check.compare import places
from harness.check.facts import ABSENT
from harness.check.findings import Comparison, Difference, Kind
from harness.errors import UsageError
from harness.model import Capture, Invariant, Outcome, Record, StepRecord
from harness.originals import read_step
from harness.outputs import derive

Place = tuple[int | None, int | None]

OUTCOME = (None, None)
"""The place of a step's outcome; its commands have places of their own."""


@dataclass(frozen=True, slots=True)
class Item:
    """What is accepted or not as one: `name` names it to a user and comes once, `step` is None for an invariant.

    `whole` says that only one of the records has the step. `at` are the places of a command in both records.
    """

    name: str
    id: str
    step: str | None
    at: Place
    whole: bool
    differences: tuple[Difference, ...]


def items(found: Comparison, golden: Record, actual: Record) -> list[Item]:
    """Give the differences that an approval can settle. Raises UsageError for a step that comes twice."""
    for record in (golden, actual):
        if len({step.id for step in record.steps}) < len(record.steps):
            raise UsageError("A record with a step that comes twice cannot be approved.")
    ids = sorted({each.id for each in (*golden.invariants, *actual.invariants)}, key=len, reverse=True)
    groups: dict[tuple[str | None, str, Place], list[Difference]] = {}
    lone = {each.step for each in found.differences if each.step and _is_lone(each)}
    for each in found.differences:
        if each.kind not in (Kind.RECORDS, Kind.STORED_IN_EXPECTED):
            continue
        if each.step is None:
            name = next(name for name in ids if each.field == name or each.field.startswith(f"{name}."))
            groups.setdefault((None, name, OUTCOME), []).append(each)
        elif each.step in lone or each.command is None:
            groups.setdefault((each.step, each.step, OUTCOME), []).append(each)
        else:
            groups.setdefault((each.step, each.command.id, each.command.at), []).append(each)
    made: list[Item] = []
    for (step, name, at), group in groups.items():
        again = sum(each.id == name for each in made)
        made.append(Item(f"{name}~{again + 1}" if again else name, name, step, at, step in lone, tuple(group)))
    return made


def unsettled(found: Comparison) -> list[Difference]:
    """Give the differences that no approval settles: a rule that hides too much, a record against itself."""
    return [each for each in found.differences if each.kind not in (Kind.RECORDS, Kind.STORED_IN_EXPECTED)]


def merged(golden: Record, actual: Record, found: Comparison, accepted: Collection[Item]) -> Record:
    """Give the golden record with the accepted items, all facts derived again from the outputs.

    `found` are the differences of the two. Where only some steps were compared, `actual` has those alone, and the
    golden record has all: the others stay as they are. What is taken over is in the original's names.
    """
    actual = replace(actual, steps=tuple(read_step(step, actual.names) for step in actual.steps), names={})
    chosen = {(each.step, each.id if each.step is None else "", each.at) for each in accepted}
    wrong = {(each.step, each.command.at if each.command else OUTCOME) for each in found.differences}
    ours, theirs = ({step.id: step for step in record.steps} for record in (golden, actual))
    steps: list[tuple[int, int, StepRecord]] = []
    last = -1
    for at, step in enumerate(golden.steps):
        other = theirs.get(step.id)
        if other:
            taken = {place for name, _, place in chosen if name == step.id}
            open_ = {place for name, place in wrong if name == step.id} - taken
            steps.append((at, 0, _step(step, other, taken, open_, "open" in (golden.mode, actual.mode))))
        elif (step.id, "", OUTCOME) not in chosen:
            steps.append((at, 0, step))
    order = {step.id: at for at, step in enumerate(golden.steps)}
    for at, step in enumerate(actual.steps):
        last = order.get(step.id, last)
        if step.id not in ours and (step.id, "", OUTCOME) in chosen:
            steps.append((last, 1 + at, replace(step, commands=_numbered(step.id, map(_derived, step.commands)))))
    kept = tuple(step for _, _, step in sorted(steps, key=lambda each: each[:2]))
    names = {name for step_id, name, _ in chosen if step_id is None}
    added = any(each.whole or each.at[0] is None for each in accepted if each.step)
    mode = actual.mode if not golden.steps or (added and actual.mode == "open") else golden.mode
    return replace(golden, steps=kept, mode=mode, invariants=_invariants(golden, actual, names))


def _is_lone(each: Difference) -> bool:
    return each.field == "outcome" and each.command is None and ABSENT in (each.expected, each.actual)


def _step(golden: StepRecord, actual: StepRecord, taken: set[Place], left: set[Place], is_open: bool) -> StepRecord:
    """Give a step that both have; `left` are the places that differ and were not accepted."""
    commands: list[tuple[int, int, Capture]] = []
    all_places = places(golden, actual, is_open)
    pairs = {right: at for at, right in all_places if right is not None}
    before: dict[int, int] = {}
    last = -1
    for place_there in sorted(pairs):
        found = pairs[place_there]
        last = last if found is None else found
        before[place_there] = last
    for at, right in all_places:
        place = (at, right)
        if at is not None and right is not None and place not in left:
            own = golden.commands[at]
            new = replace(actual.commands[right], command=own.command, typed=own.typed)
            commands.append((at, 0, _derived(new)))
        elif at is not None and (right is not None or place not in taken):
            commands.append((at, 0, golden.commands[at]))
        elif right is not None and place in taken:
            commands.append((before[right], 1 + right, _derived(actual.commands[right])))
    numbered = _numbered(golden.id, (each for _, _, each in sorted(commands, key=lambda one: one[:2])))
    if not left:
        return replace(actual, commands=numbered)
    if OUTCOME in taken:
        golden = replace(golden, outcome=actual.outcome, message=actual.message, blocked_by=actual.blocked_by)
    return replace(golden, commands=numbered)


def _derived(capture: Capture) -> Capture:
    return replace(capture, facts=derive(capture.command, capture.stdout, capture.stderr))


def _numbered(step: str, commands: Iterable[Capture]) -> tuple[Capture, ...]:
    return tuple(replace(each, id=f"{step}-{number}") for number, each in enumerate(commands, 1))


def _invariants(golden: Record, actual: Record, accepted: set[str]) -> tuple[Invariant, ...]:
    ours, theirs = ({each.id: each for each in record.invariants} for record in (golden, actual))
    every = {name: theirs.get(name) if name in accepted else ours.get(name) for name in {**ours, **theirs}}
    return tuple(each for each in every.values() if each)


def blocking(actual: Record, faults: Sequence[Difference], lacking: Sequence[str], even_failed: bool) -> None:
    """Refuse a record that did not pass, unless that is wanted. Raises UsageError."""
    if faults and not even_failed:
        names = dict.fromkeys(each.step or each.field for each in faults)
        failed = sum(step.outcome is not Outcome.PASSED for step in actual.steps)
        raise UsageError(
            "A record that did not pass is not approved.",
            wanted="every step passed, every check and every invariant holds",
            seen=f"{failed} steps not passed; at fault: {', '.join(names)}",
            remedy="./run report, or --even-failed if this is what is right",
        )
    if lacking:
        raise UsageError(
            "--all does not remove steps from the golden record.",
            seen=f"the record lacks {', '.join(lacking)}: a run cut short, or of selected steps",
            remedy="--steps with the steps that it has, or --only STEP for each one that shall go",
        )
