"""Query results as Presto's command line prints them: aligned tables, or separated values."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final, TypeAlias

from harness.model import Fact
from harness.outputs.grid import Grid
from harness.outputs.text import Output, integer, label, lines

ROWS_LIMIT: Final = 50
COLUMNS_LIMIT: Final = 8
"""Results with more rows or columns keep no values in the facts."""

_Values: TypeAlias = list[list[str]]


@dataclass(frozen=True, slots=True)
class Result:
    """One query's result. `stated` is the N of `(N rows)`; `values` is None beyond the limits above.

    Of an aligned table, `first` is the index of its header's line, `stated_at` that of `(N rows)`; `lines` counts the
    lines of its rows, and `even` says whether each of them has all bars, as no part of a wrapped row has.
    """

    columns: tuple[str, ...] | None
    rows: int
    stated: int | None
    values: _Values | None
    first: int = 0
    stated_at: int | None = None
    lines: int = 0
    even: bool = True


def facts(output: Output) -> dict[str, Fact]:
    """Give the results in the format that the options ask for; `values`, `rows`, `columns` are the last one's.

    `describe` is the last result whose first columns are Column and Type. `row_counts_agree` is None where no
    result states its count. The formats JSON, VERTICAL and NULL give no tables.
    """
    found = _results(output)
    last = found[-1] if found else None
    stated = [one for one in found if one.stated is not None]
    described: dict[str, Fact] = {}
    for one in found:
        if one.columns is not None and one.columns[:2] == ("Column", "Type") and one.values is not None:
            described = {label(row[0]): label(row[1]) for row in one.values if len(row) > 1}
    return {
        "kind": "presto",
        "tables": [{"columns": _listed(one.columns), "rows": one.rows} for one in found],
        "rows": last.rows if last else None,
        "columns": _listed(last.columns) if last else None,
        "row_counts_agree": all(one.stated == one.rows for one in stated) if stated else None,
        "values": last.values if last else None,
        "describe": described,
    }


def aligned(printed: Sequence[str]) -> Iterator[Result]:
    """Give the tables in the lines of an aligned output: a header, a rule `---+---`, rows, `(N rows)`.

    A table without its last line ends at a blank line, at the statistics of its query, or at the next table.
    """
    at = 1
    while at < len(printed):
        rule, header = printed[at].rstrip(), printed[at - 1]
        at += 1
        if not _is_rule(rule) or not header.strip():
            continue
        rows: list[str] = []
        first = at - 2
        stated: int | None = None
        stated_at: int | None = None
        while at < len(printed):
            line = printed[at]
            if _is_rule(line.rstrip()):
                rows = rows[:-1]
                break
            at += 1
            stated = _stated(line)
            if stated is not None:
                stated_at = at - 1
                break
            if line.startswith("Query 2"):
                break
            rows.append(line)
        if stated is None:
            rows = list(takewhile(str.strip, rows))
        result = _result(rule, header, rows, stated)
        yield replace(
            result, first=first, stated_at=stated_at, lines=len(rows), even=Grid.of(rule).fits(rows, len(rule))
        )


def separated(printed: Sequence[str], delimiter: str, quoted: bool, headed: bool) -> Result | None:
    """Give the one table that separated lines are, or None for none. A quoted cell may hold a line end.

    A line beyond the limits of `csv` counts as a row, and then there are no values.
    """
    reader = csv.reader(
        (f"{line}\n" for line in printed),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
    )
    records: _Values = []
    readable = True
    while True:
        try:
            record = next(reader)
        except StopIteration:
            break
        except csv.Error:
            record, readable = [""], False
        if record:
            records.append([cell.strip() for cell in record])
    if not records:
        return None
    columns = tuple(label(cell) for cell in records.pop(0)) if headed else None
    small = len(records) <= ROWS_LIMIT and all(len(record) <= COLUMNS_LIMIT for record in records)
    return Result(columns, len(records), None, records if small and readable else None)


def _results(output: Output) -> list[Result]:
    printed = lines(output.stdout)
    form = _format(output.args, printed)
    if form == "ALIGNED":
        return list(aligned(printed))
    if form.startswith(("CSV", "TSV")):
        delimiter = "," if form.startswith("CSV") else "\t"
        quoted = form.startswith("CSV") and "UNQUOTED" not in form
        one = separated(printed, delimiter, quoted, "HEADER" in form)
        return [one] if one else []
    return []


def _format(args: Sequence[str], printed: Sequence[str]) -> str:
    """Give the output format: the option's, else CSV for a batch, else aligned as at the prompt."""
    for at, arg in enumerate(args):
        if arg == "--output-format" and at + 1 < len(args):
            return args[at + 1].upper()
        if arg.startswith("--output-format="):
            return arg.partition("=")[2].upper()
    batch = any(arg in ("--execute", "--file", "-f") or arg.startswith(("--execute=", "--file=")) for arg in args)
    first = next((line for line in printed if line.strip()), "")
    return "CSV" if batch or first.startswith('"') else "ALIGNED"


def _is_rule(line: str) -> bool:
    return len(line) >= 3 and line[0] == line[-1] == "-" and not line.strip("-+")


def _stated(line: str) -> int | None:
    inside = line.strip().removeprefix("(").removesuffix(")")
    number, _, noun = inside.partition(" ")
    return integer(number) if noun in ("row", "rows") and line.startswith("(") else None


def _result(rule: str, header: str, printed: Sequence[str], stated: int | None) -> Result:
    grid = Grid.of(rule)
    if header.startswith("presto"):
        header = header.rpartition("> ")[2]
    columns = tuple(label(cell) for cell in grid.cells(header))
    rows = _rows(grid, len(rule), printed, single=stated == 1)
    values = None
    if len(rows) <= ROWS_LIMIT and len(columns) <= COLUMNS_LIMIT:
        values = [_values(grid, row) for row in rows]
    return Result(columns, len(rows), stated, values)


def _rows(grid: Grid, width: int, printed: Sequence[str], single: bool) -> list[list[str]]:
    """Group lines into rows: a cell with a line end goes on below, and Presto marks it by `+` in its last place.

    In a result of one row Presto leaves the mark out. There a line goes on if it is the only column or lacks
    some cell.
    """
    rows: list[list[str]] = []
    ends = (*(at - 1 for at in grid.bars), width - 1)
    marked = False
    for line in printed:
        lacking = single and (not grid.bars or len(line) <= grid.bars[-1] or not all(grid.cells(line)))
        text = _without_marks(line, ends)
        if rows and (marked or lacking):
            rows[-1].append(text)
        else:
            rows.append([text])
        marked = text != line
    return rows


def _without_marks(line: str, ends: Sequence[int]) -> str:
    marks = [at for at in takewhile(len(line).__gt__, ends) if line[at] == "+"]
    if not marks:
        return line
    characters = list(line)
    for at in marks:
        characters[at] = " "
    return "".join(characters)


def _values(grid: Grid, row: Sequence[str]) -> list[str]:
    return ["\n".join(cells).strip() for cells in zip(*map(grid.cells, row), strict=True)]


def _listed(columns: tuple[str, ...] | None) -> Fact:
    return None if columns is None else list(columns)
