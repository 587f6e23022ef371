"""Rows of a table without what differs from run to run: times, identities, whole events as text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

_VOLATILE: Final = re.compile(
    r"\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|[0-9a-f]{8}-[0-9a-f]{4}|^\{|^\[|^\d{10,}$|^[0-9a-f]{16,}$|^part-\d{5}"
)
_NUMBER: Final = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?")

Row = Sequence[str]


def plain(name: str) -> str:
    """Give a column's name as it is compared: Hive and Presto put names in lower case, readers break them."""
    return "".join(character for character in name.lower() if character.isalnum())


def stable(*tables: Sequence[Row]) -> list[int]:
    """Give the places of the columns that are no times, identities or JSON in any of some tables."""
    width = min((len(row) for rows in tables for row in rows), default=0)
    columns = range(width)
    return [at for at in columns if not any(_VOLATILE.search(row[at]) for rows in tables for row in rows)]


def counted(rows: Sequence[Row], columns: Sequence[int]) -> Counter[tuple[str, ...]]:
    """Count the rows by some of their cells."""
    return Counter(tuple(row[at] if at < len(row) else "" for at in columns) for row in rows)


def totals(rows: Sequence[Row], columns: Sequence[int]) -> dict[str, float] | None:
    """Give the number in each row by the row's other cells; None unless one column, the last such, has numbers."""
    numeric = [at for at in columns if rows and all(at < len(row) and _NUMBER.fullmatch(row[at]) for row in rows)]
    if not numeric:
        return None
    found: dict[str, float] = {}
    for row in rows:
        name = ", ".join(row[at] for at in columns if at != numeric[-1])
        if name in found:
            return None
        found[name] = float(row[numeric[-1]].replace(",", ""))
    return found


def first_apart(one: Counter[tuple[str, ...]], other: Counter[tuple[str, ...]]) -> str:
    """Give the first row that one table has more often than another, for a message."""
    more = sorted((one - other).elements())
    return " | ".join(more[0]) if more else ""
