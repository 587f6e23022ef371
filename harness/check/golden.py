"""A record against the golden one: what is in scope, what no golden can excuse, and the verdict."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from harness import record as records
from harness import settings
from harness.check.compare import compare
from harness.check.facts import typed
from harness.check.findings import Comparison, Difference, Kind
from harness.check.sources import IsSource
from harness.errors import ExitCode, UsageError
from harness.model import Capture, Outcome, Record
from harness.outputs import derive


@dataclass(frozen=True, slots=True)
class Verdict:
    """The comparison with the golden record, and the steps that are equal or that only one of the two has.

    `nothing` says why nothing was checked, where nothing was.
    """

    comparison: Comparison
    equal: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    nothing: str | None = None

    @property
    def exit_code(self) -> ExitCode:
        """4 where nothing was checked, else 0 or 1."""
        if self.nothing:
            return ExitCode.NOTHING_CHECKED
        return ExitCode.OK if self.comparison.equal else ExitCode.DISAGREES


def in_ci() -> bool:
    """Whether this is a CI job: `CI` is set, to anything but nothing."""
    return bool(os.environ.get("CI"))


def pending(golden: Path) -> Path:
    """Give the file beside the golden record that holds a record which differs from it."""
    return golden.with_name(f"{golden.stem}.pending{golden.suffix}")


def nothing(why: str) -> Verdict:
    """Give the verdict of a check that had nothing to check."""
    return Verdict(Comparison((), (), 0, 0, 0, 0), nothing=why)


def judge(golden: Record, actual: Record, is_source: IsSource, steps: Collection[str] = ()) -> Verdict:
    """Compare a record with the golden one; only these steps and their invariants, where some are named.

    Raises UsageError for a step that neither has.
    """
    if not golden.steps:
        return nothing("the golden record has no steps")
    if not actual.steps:
        return nothing("the record has no steps")
    golden, actual = scoped(golden, actual, steps)
    found = compare(golden, actual, is_source)
    names = list(dict.fromkeys(step.id for step in (*golden.steps, *actual.steps)))
    told = {(each.step, each.field): each.actual for each in found.differences if each.kind is Kind.RECORDS}
    faults = [each for each in not_passed(actual) if told.get((each.step, each.field)) != each.actual]
    order = {name: at for at, name in enumerate(names)}
    differences = sorted(
        (*found.differences, *faults), key=lambda each: len(order) if each.step is None else order[each.step]
    )
    expected, got = ({step.id for step in each.steps} for each in (golden, actual))
    wrong = {each.step for each in differences}
    return Verdict(
        replace(found, differences=tuple(differences)),
        equal=tuple(name for name in names if name not in wrong),
        lacking=tuple(name for name in names if name not in got),
        unknown=tuple(name for name in names if name not in expected),
    )


def scoped(golden: Record, actual: Record, steps: Collection[str]) -> tuple[Record, Record]:
    """Give both records with the named steps alone, and the invariants that are named after one of them."""
    if not steps:
        return golden, actual
    known = [step.id for step in (*golden.steps, *actual.steps)]
    if unknown := [name for name in steps if name not in known]:
        raise UsageError(
            f"Neither record has the step {', '.join(unknown)}.", wanted=f"among {', '.join(dict.fromkeys(known))}"
        )

    def only(record: Record) -> Record:
        return replace(
            record,
            steps=tuple(step for step in record.steps if step.id in steps),
            invariants=tuple(each for each in record.invariants if each.id.partition(":")[0] in steps),
        )

    return only(golden), only(actual)


def not_passed(record: Record) -> Iterator[Difference]:
    """Give what keeps a record from ever being right: steps, checks and invariants that do not hold."""
    for step in record.steps:
        if step.outcome is not Outcome.PASSED:
            yield Difference(step.id, None, "outcome", Outcome.PASSED.value, step.outcome.value, Kind.NOT_PASSED)
        for check in step.checks:
            if not check.holds or typed(check.expected) != typed(check.actual):
                yield Difference(step.id, None, f"check {check.what}", check.expected, check.actual, Kind.NOT_PASSED)
    for each in record.invariants:
        if not each.holds:
            yield Difference(None, None, f"{each.id}.holds", True, False, Kind.NOT_PASSED)
        elif each.expected is None or each.expected != each.actual:
            yield Difference(None, None, f"{each.id}.actual", each.expected, each.actual, Kind.NOT_PASSED)


def masked(record: Record, project: Path) -> Record:
    """Give the record with the names of person and machine masked, as a golden record is committed.

    A command whose facts would be others for it stays as it is: what is compared is never masked.
    """
    folders = {str(settings.cache_dir()): "<cache>", str(project): "<project>"}
    hidden = records.mask(
        record, user=getpass.getuser(), hostname=socket.gethostname(), home=str(Path.home()), folders=folders
    )

    def chosen(plain: Capture, changed: Capture) -> Capture:
        texts = [(each.command, each.stdout, each.stderr) for each in (plain, changed)]
        return changed if texts[0] == texts[1] or derive(*texts[0]) == derive(*texts[1]) else plain

    steps = (
        replace(changed, commands=tuple(map(chosen, plain.commands, changed.commands)))
        for plain, changed in zip(record.steps, hidden.steps, strict=True)
    )
    return replace(hidden, steps=tuple(steps))
