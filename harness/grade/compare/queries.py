"""Results of queries: their columns must come again, their rows where what was sent is counted, else relations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from harness.grade.checks.context import is_gap, line_of, text
from harness.grade.compare import columns
from harness.grade.compare.cells import counted, first_apart, stable, totals
from harness.grade.compare.model import Group, Shown
from harness.grade.compare.said import ENDLESS, excused, rows, same, unchecked, unlike, volatile
from harness.grade.compare.tables import results, shared
from harness.grade.compare.totals import Sent, relation
from harness.grade.model import Finding, Weight
from harness.grade.queries import Writers, parse, statements
from harness.grade.rerun.model import Ran
from harness.model import Fact
from harness.outputs import presto
from harness.readme.blocks import Block, Kind

CHECK: Final = "rerun-rows"
_AT_PROMPT: Final = frozenset({"presto", "hive", "sql"})


@dataclass(frozen=True, slots=True)
class Result:
    """One result of the report or the rerun; `line` is that of its header in the report."""

    of: presto.Result
    ran: Ran
    statement: str

    @property
    def rows(self) -> int:
        """The rows that it says it has, else those that are shown."""
        return self.of.rows if self.of.stated is None else self.of.stated


def compare(group: Group) -> Iterator[Finding]:
    """Compare each result that the report shows with the rerun's result of the same statement."""
    again = [
        Result(one, view.ran, statement)
        for view in group.ends()
        for one, statement in _stated(view.ran, view.capture.stdout)
    ]
    shown = [(one, result) for one in group.shown for result in results(text(one.block))]
    writers = Writers(group.submission)
    for at, (one, result) in enumerate(shown):
        other = _counterpart(at, result, again, len(shown))
        line = line_of(one.block, result.first)
        if other is None:
            message = "No result of the rerun is sure to belong to this one."
            yield unchecked(CHECK, one.block, line, message)
            continue
        if columns.describes(result):
            yield from columns.described(one, line, result, other.of, other.ran)
        elif columns.lists_tables(result):
            yield from columns.tables(group, one, line, result, other.of, other.ran)
        else:
            found = list(columns.header(one, line, other.statement, result, other.of, other.ran))
            yield from found
            if not any(each.is_error or each.is_warning for each in found):
                yield from _rows(group, one, result, other, writers)


def _stated(ran: Ran, printed: str) -> Iterator[tuple[presto.Result, str]]:
    found = results(printed)
    asked = [" ".join(ran.typed.text.split())] if ran.typed.form in _AT_PROMPT else statements(_typed(ran))
    for at, one in enumerate(found):
        yield one, asked[at] if len(asked) == len(found) else ""


def _typed(ran: Ran) -> Block:
    """Give a command alone as a block, as statements are read from one."""
    return Block(Kind.COMMAND, ran.typed.text, ran.typed.line, ran.typed.line, form="shell")


def _counterpart(at: int, result: presto.Result, again: Sequence[Result], shown: int) -> Result | None:
    """Give the rerun's result for one of the report: the one with its columns, or the one at its place."""
    ours = result.columns or ()
    alike = [one for one in again if shared(ours, one.of.columns or ()) is not None]
    if len(again) == shown and (again[at] in alike or len(alike) == 0):
        return again[at]
    return alike[0] if len(alike) == 1 else None


def _rows(group: Group, one: Shown, result: presto.Result, other: Result, writers: Writers) -> Iterator[Finding]:
    line = line_of(one.block, result.first + 2)
    ours, theirs = (result.rows if result.stated is None else result.stated), other.rows
    cut = result.stated is None and any(is_gap(printed) for _, printed in one.block.printed())
    given, again = result.values or [], other.of.values or []
    wide = shared(result.columns or (), other.of.columns or ()) or 0
    whole = result.even and len(given) == ours and len(again) == theirs and wide > 0
    kept = [at for at in stable(given, again) if at < wide] if whole else []
    words = other.statement.lower()
    limited = " limit " in words or " tablesample " in words
    if len(kept) < wide and whole:
        yield volatile(CHECK, one.block, line, "Times and whole events in a table differ from run to run.")
    if ours == theirs and (not kept or counted(given, kept) == counted(again, kept)):
        message = (
            f"The rerun's query gave the same {rows(ours)}." if kept else f"The rerun's query gave {rows(ours)} too."
        )
        if kept and len(given) == len(given[0]) == 1:
            message = f"The rerun's query gave {given[0][0][:80]} too."
        yield same(CHECK, one.block, line, message, _value(given, ours))
        return
    values = _value(again, theirs), _value(given, ours)
    if cut:
        yield unchecked(CHECK, one.block, line, f"The report shows {rows(ours)} and leaves some out.", values)
    elif ours == theirs and limited:
        message = f"{rows(ours)} in both runs; which ones a limit gives differs."
        yield same(CHECK, one.block, line, message, ours)
    else:
        yield from _unequal(group, one, line, given, again, kept, values, other, writers, (ours, theirs))


def _unequal(
    group: Group,
    one: Shown,
    line: int,
    given: Sequence[Sequence[str]],
    again: Sequence[Sequence[str]],
    kept: Sequence[int],
    values: tuple[Fact, Fact],
    other: Result,
    writers: Writers,
    numbers: tuple[int, int],
) -> Iterator[Finding]:
    select = parse(other.statement)
    table = select.table if select else ""
    ours, theirs = (totals(given, kept) if kept else None), (totals(again, kept) if kept else None)
    if ours is None or theirs is None:
        ours, theirs = {"": float(numbers[0])}, {"": float(numbers[1])}
    what = _told(ours, numbers[0]), _told(theirs, numbers[1])
    sent = group.totals.before(one.place)
    if sent is Sent.ENDLESS:
        holds = relation(ours, theirs, group.totals.step(one.place, table.split("_")))
        message = f"{what[0]} in the report, and another result in the rerun of a load without an end"
        if holds:
            yield excused(CHECK, one.block, line, f"{message}: {holds}.", values, other.ran, ENDLESS)
        elif set(ours) == set(theirs):
            yield unchecked(CHECK, one.block, line, f"{message}: no relation tells whether both are right.", values)
        else:
            message = f"{message}: the rows are not of the same groups."
            yield unlike(CHECK, one.block, line, message, (None, values[1]), other.ran, ENDLESS, Weight.WARNING)
        return
    batch = bool(table) and writers.fills_at_once(table)
    sure = sent is Sent.COUNTED and batch
    message = f"The query gave {what[0]} in the report, but {what[1]} in the rerun"
    if what[0] == what[1]:
        apart = first_apart(counted(given, kept), counted(again, kept))
        message = f"The report's result has the row {apart[:80]}, which the rerun's has not"
    elif not batch and sum(ours.values()) < sum(theirs.values()):
        message += ": a stream fills the table, and the report asked before all had arrived"
    elif sum(ours.values()) > sum(theirs.values()):
        message += ": more came to the report's table than its commands send"
    weight = Weight.ERROR if sure else Weight.WARNING
    yield unlike(CHECK, one.block, line, f"{message}.", values, other.ran, weight=weight)


def _told(found: dict[str, float], number: int) -> str:
    """Say what a result gives: its only number, its groups, or how many rows."""
    if set(found) == {""}:
        return f"{found['']:g}" if found[""] != number else rows(number)
    if len(found) <= 3:
        return ", ".join(f"{value:g} for {name[:40]}" for name, value in sorted(found.items()))
    return f"{len(found)} groups with {sum(found.values()):g} together"


def _value(values: Sequence[Sequence[str]], number: int) -> Fact:
    """Give a result as a value of a finding: a small one whole, else its rows."""
    if len(values) == 1 and len(values[0]) == 1:
        return values[0][0]
    if 0 < len(values) <= 12 and all(len(row) <= 4 and sum(map(len, row)) < 100 for row in values):
        return [list(row) for row in values]
    return number
