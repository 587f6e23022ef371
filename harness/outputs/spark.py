"""What Spark jobs print: `show()` tables, schemas, micro-batches of the console sink, and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from harness.model import Fact
from harness.outputs.grid import Grid
from harness.outputs.text import Output, counts, integer, label, lines

_FIELD: Final = "|-- "
_BATCH: Final = "Batch: "


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its column names, and the cells of each row.

    `first` is the index of its first border's line, `after` that of the line below it; `closed` says whether the last
    border is there.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first: int = 0
    after: int = 0
    closed: bool = True


@dataclass(slots=True)
class Printout:
    """Everything found in one output, each kind in the order it was printed.

    A batch is `[number, rows]`, a schema a list of `[dotted name, type]`.
    """

    tables: list[Table] = field(default_factory=list)
    schemas: list[list[list[str]]] = field(default_factory=list)
    batches: list[list[int]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)


def read(text: str) -> Printout:
    """Read an output from top to bottom. What is none of the four kinds is passed over."""
    printed = [line.strip() for line in lines(text)]
    found = Printout()
    batch_waits = False
    at = 0
    while at < len(printed):
        line = printed[at]
        begins = line[:1]  # most lines are none of the four, and are passed over by this alone
        if begins == "+" and _opens_table(printed, at):
            table, at = _table(printed, at)
            found.tables.append(table)
            if batch_waits:
                found.batches[-1][1] = len(table.rows)
                batch_waits = False
            continue
        if line == "root":
            schema, at = _schema(printed, at + 1)
            found.schemas.append(schema)
            continue
        batch = _batch(printed, at) if begins == "-" else None
        if batch is not None:
            found.batches.append([batch, 0])
            batch_waits = True
            at += 3
            continue
        if line[-1:].isdigit():
            name, _, value = line.rpartition(": ")
            number = integer(value)
            if number is not None and name:
                found.numbers[label(name)] = number
        at += 1
    return found


def facts(output: Output) -> dict[str, Fact]:
    """Give the tables, schemas, batches and counts of the job's stdout; `rows`, `columns` are the last table's."""
    found = read(output.stdout)
    last = found.tables[-1] if found.tables else None
    return {
        "kind": "spark",
        "tables": [{"columns": list(table.columns), "rows": len(table.rows)} for table in found.tables],
        "rows": len(last.rows) if last else None,
        "columns": list(last.columns) if last else None,
        "schemas": found.schemas,
        "batches": [{"batch": batch, "rows": rows} for batch, rows in found.batches],
        "streamed_rows": sum(rows for _, rows in found.batches),
        "by_host": _by(found.tables, "Host"),
        "by_event_type": _by(found.tables, "event_type"),
        "printed": dict(sorted(found.numbers.items())),
    }


def _by(tables: Sequence[Table], column: str) -> dict[str, int]:
    values: Counter[str] = Counter()
    for table in tables:
        if column in table.columns:
            at = table.columns.index(column)
            values.update(label(row[at]) for row in table.rows)
    return counts(values)


def _is_border(line: str) -> bool:
    return len(line) >= 2 and line[0] == line[-1] == "+" and not line.strip("+-")


def _opens_table(printed: Sequence[str], at: int) -> bool:
    """A table starts where a header stands between two equal borders."""
    return (
        at + 2 < len(printed)
        and _is_border(printed[at])
        and printed[at + 1].startswith("|")
        and printed[at + 2] == printed[at]
    )


def _table(printed: Sequence[str], at: int) -> tuple[Table, int]:
    """Read the table whose first border is at `at`; give it with the index after it.

    A cell may hold line ends: a row goes on until it is as wide as the border, or has as many bars, and ends
    with a bar. A table that is cut off has the rows that are whole.
    """
    first, border = at, printed[at]
    grid = Grid.of(border[1:-1])
    columns = tuple(label(cell) for cell in grid.cells(printed[at + 1][1:-1]))
    rows: list[tuple[str, ...]] = []
    pending: list[str] = []
    width = bars = 0
    at += 3
    while at < len(printed) and not _opens_table(printed, at):
        line = printed[at]
        if _is_border(line):
            return Table(columns, tuple(rows), first, at + 1), at + 1
        if not pending and not line.startswith("|"):
            break
        width += len(line) + bool(pending)
        bars += line.count("|")
        pending.append(line)
        if line.endswith("|") and (width >= len(border) or bars >= len(grid.bars) + 2):
            rows.append(tuple(grid.cells("\n".join(pending)[1:-1])))
            pending = []
            width = bars = 0
        at += 1
    return Table(columns, tuple(rows), first, at, closed=False), at


def _schema(printed: Sequence[str], at: int) -> tuple[list[list[str]], int]:
    """Read the fields of a schema from `at` on; a nested field is named with its parents, `client.host`."""
    schema: list[list[str]] = []
    parents: list[str] = []
    while at < len(printed) and printed[at].startswith("|") and _FIELD in printed[at]:
        indent, _, text = printed[at].partition(_FIELD)
        typed = text.rpartition(" (")[0] or text  # a map's key is never null, and does not say so
        name, _, kind = typed.rpartition(": ")
        del parents[indent.count("|") :]
        parents.append(label(name))
        schema.append([label(".".join(parents)), label(kind)])
        at += 1
    return schema, at


def _batch(printed: Sequence[str], at: int) -> int | None:
    """Give the number in the three lines that the console sink prints above each batch, or None."""
    if at + 2 >= len(printed) or not printed[at + 1].startswith(_BATCH):
        return None
    if not _is_dashes(printed[at]) or not _is_dashes(printed[at + 2]):
        return None
    return integer(printed[at + 1].removeprefix(_BATCH))


def _is_dashes(line: str) -> bool:
    return len(line) >= 3 and not line.strip("-")
