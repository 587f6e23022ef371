"""Rows as JSON, one object a line, as a program of the assignment's own prints them."""

from __future__ import annotations

from collections.abc import Mapping

from harness.model import Fact
from harness.outputs.json_lines import read_event
from harness.outputs.presto import COLUMNS_LIMIT, ROWS_LIMIT
from harness.outputs.text import Output, label, lines


def facts(output: Output) -> dict[str, Fact]:
    """Give the rows as Presto's are given: every value as text. Nothing where a line is no object, or has other keys.

    There are no `values` where a row holds lists or objects, or there are more rows or columns than a query's may have.
    """
    rows: list[Mapping[str, object]] = []
    for line in filter(None, map(str.strip, lines(output.stdout))):
        row = read_event(line)
        if row is None or (rows and row.keys() != rows[0].keys()):
            return {}
        rows.append(row)
    if not rows:
        return {}
    small = len(rows) <= ROWS_LIMIT and len(rows[0]) <= COLUMNS_LIMIT
    plain = all(value is None or isinstance(value, str | bool) for row in rows for value in row.values())
    values: Fact = [[_text(value) for value in row.values()] for row in rows] if small and plain else None
    return {"kind": "objects", "columns": [label(name) for name in rows[0]], "rows": len(rows), "values": values}


def _text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
