"""What jobs print: the columns of their tables and schemas must come again, and the rows of a counted load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from harness.grade.checks.context import command, line_of, text
from harness.grade.compare import batches
from harness.grade.compare.cells import counted, first_apart, plain, stable
from harness.grade.compare.model import Group, Shown, View
from harness.grade.compare.said import excused, listed, rows, same, unchecked, unlike, volatile
from harness.grade.compare.totals import Sent
from harness.grade.jobs import Jobs
from harness.grade.model import Finding, Weight
from harness.grade.rerun.model import Ending
from harness.outputs import spark
from harness.render.text import plural

CHECK: Final = "rerun-rows"
COLUMNS: Final = "rerun-columns"


def compare(group: Group) -> Iterator[Finding]:
    """Compare the tables and schemas of a job; those of a stream are compared as its batches, all together."""
    again = [(view, spark.read(view.capture.stdout)) for view in group.ends()]
    shown = [(one, spark.read(text(one.block))) for one in group.shown]
    theirs = [(view, table) for view, printed in again for table in printed.tables]
    ours = [(one, table) for one, printed in shown for table in printed.tables]
    yield from _schemas(shown, [(view, schema) for view, printed in again for schema in printed.schemas])
    if ours and (any(printed.batches for _, printed in (*again, *shown)) or _streams(group)):
        yield from batches.compare(group, ours)
        return
    for at, (one, table) in enumerate(ours):
        found = _counterpart(at, table, theirs, len(ours))
        if found is None:
            message = "The rerun's job printed no table that is sure to be this one."
            yield unchecked(CHECK, one.block, line_of(one.block, table.first), message)
        else:
            yield from _table(group, one, table, *found)


def _streams(group: Group) -> bool:
    """Whether the job is a stream: it went on until it was stopped, was looked at again, or its code says so."""
    if any(ran.ending is Ending.STOPPED or ran.looks for ran in group.rans):
        return True
    asked = command(group.submission, group.shown[0].place)
    job = None if asked is None else Jobs(group.submission).of(asked)
    return job is not None and job.streaming


def _counterpart(
    at: int, table: spark.Table, theirs: Sequence[tuple[View, spark.Table]], ours: int
) -> tuple[View, spark.Table] | None:
    if len(theirs) == ours:
        return theirs[at]
    names = sorted(map(plain, table.columns))
    alike = [found for found in theirs if sorted(map(plain, found[1].columns)) == names]
    return alike[0] if len(alike) == 1 or len({len(found[1].rows) for found in alike}) == 1 else None


def _table(group: Group, one: Shown, table: spark.Table, view: View, other: spark.Table) -> Iterator[Finding]:
    line = line_of(one.block, table.first)
    ours, theirs = list(map(plain, table.columns)), list(map(plain, other.columns))
    both = list(other.columns), list(table.columns)
    if sorted(ours) != sorted(theirs):
        message = f"The report's table has the columns {listed(both[1])}, the rerun's {listed(both[0])}."
        yield unlike(COLUMNS, one.block, line, message, both, view.ran, listed(both[0]))
        return
    if ours == theirs:
        message = f"The rerun's table has the same {plural(len(ours), 'column')}."
        yield same(COLUMNS, one.block, line, message, both[1])
    else:
        message = "The columns have another order, which depends on the version of Spark."
        yield excused(COLUMNS, one.block, line, message, both, view.ran, listed(both[0]))
    places = {name: at for at, name in enumerate(theirs)}
    turned = [[row[places[name]] for name in ours] for row in other.rows if len(row) == len(ours)]
    yield from _rows(group, one, table, view, turned)


def _rows(
    group: Group, one: Shown, table: spark.Table, view: View, again: Sequence[Sequence[str]]
) -> Iterator[Finding]:
    line = line_of(one.block, table.first)
    kept = stable(table.rows, again)
    numbers = len(again), len(table.rows)
    if kept and len(kept) < len(table.columns):
        yield volatile(CHECK, one.block, line, "Times and whole events in a table differ from run to run.")
    mine, yours = counted(table.rows, kept), counted(again, kept)
    sent = group.totals.before(one.place)
    if numbers[0] == numbers[1] and mine == yours:
        message = f"The rerun's table has the same {rows(numbers[1])}."
        yield same(CHECK, one.block, line, message, numbers[1])
    elif not table.closed:
        yield unchecked(CHECK, one.block, line, "The report cuts the table off.", numbers)
    elif sent is Sent.ENDLESS:
        message = f"{rows(numbers[1])} in the report and {rows(numbers[0])} in the rerun of a load without an end."
        if set(mine) <= set(yours):
            yield excused(CHECK, one.block, line, message, numbers, view.ran)
        else:
            yield unchecked(CHECK, one.block, line, message, numbers)
    elif numbers[0] == numbers[1]:
        message = f"The report's table has the row {first_apart(mine, yours)[:80]}, which the rerun's has not so often."
        yield unlike(CHECK, one.block, line, message, numbers, view.ran, first_apart(yours, mine), Weight.WARNING)
    else:
        message = f"The report's table has {rows(numbers[1])}, but the rerun's {rows(numbers[0])}."
        weight = Weight.ERROR if sent is Sent.COUNTED else Weight.WARNING
        yield unlike(CHECK, one.block, line, message, numbers, view.ran, rows(numbers[0]), weight)


def _schemas(
    shown: Sequence[tuple[Shown, spark.Printout]], again: Sequence[tuple[View, list[list[str]]]]
) -> Iterator[Finding]:
    ours = [(one, schema) for one, printed in shown for schema in printed.schemas if schema]
    theirs = [_types(schema) for _, schema in again]
    for at, (one, schema) in enumerate(ours):
        mine = _types(schema)
        line = next((line for line, printed in one.block.printed() if printed.strip() == "root"), one.block.first_line)
        if mine in theirs:
            message = f"The rerun's schema has the same {plural(len(mine), 'field')} of the same types."
            yield same(COLUMNS, one.block, line, message, list(mine))
        elif len(ours) == len(theirs):
            apart = sorted(set(mine.items()) ^ set(theirs[at].items()))
            message = f"The report's schema differs from the rerun's in {listed(sorted({name for name, _ in apart}))}."
            values = (_shown(theirs[at]), _shown(mine))
            yield unlike(COLUMNS, one.block, line, message, values, again[at][0].ran, listed(_shown(theirs[at])))
        else:
            message = "No schema that the rerun printed is sure to be this one."
            yield unchecked(COLUMNS, one.block, line, message)


def _types(schema: Sequence[Sequence[str]]) -> dict[str, str]:
    return {field[0]: field[1] for field in schema}


def _shown(schema: Mapping[str, str]) -> list[str]:
    return [f"{name}: {kind}" for name, kind in schema.items()]
