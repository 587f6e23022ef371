"""The results of queries in a text: aligned as Presto prints them, as tables of Markdown, or separated by commas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.grade.compare.cells import plain
from harness.outputs import presto
from harness.outputs.text import integer, lines

_RULE: Final = frozenset("|-: ")


def results(text: str) -> list[presto.Result]:
    """Give the results in a text in their order."""
    printed = lines(text)
    found = [one for one in (*presto.aligned(printed), *_markdown(printed)) if one.rows or one.stated is not None]
    if found:
        return sorted(found, key=lambda one: one.first)
    if any(line.startswith('"') for line in printed):
        one = presto.separated([line for line in printed if line.startswith('"')], ",", True, False)
        return [one] if one else []
    return []


def _markdown(printed: Sequence[str]) -> Iterator[presto.Result]:
    """Give the tables of Markdown, as a reader writes a result down."""
    at = 1
    while at < len(printed):
        header, rule = printed[at - 1].strip(), printed[at].strip()
        at += 1
        if not (header.startswith("|") and rule.startswith("|") and "-" in rule and not set(rule) - _RULE):
            continue
        first = at - 2
        rows: list[list[str]] = []
        while at < len(printed) and printed[at].strip().startswith("|"):
            rows.append(_cells(printed[at]))
            at += 1
        stated = None
        if at < len(printed) and printed[at].strip().startswith("("):
            number, _, noun = printed[at].strip().strip("()").partition(" ")
            stated = integer(number) if noun in ("row", "rows") else None
        columns = tuple(_cells(header))
        even = all(len(row) == len(columns) for row in rows)
        small = len(rows) <= presto.ROWS_LIMIT and even
        yield presto.Result(columns, len(rows), stated, rows if small else None, first, lines=len(rows), even=even)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def shared(ours: Sequence[str], theirs: Sequence[str]) -> int | None:
    """Give how many first columns two headers share when one is that of the other, cut at its right end; else None."""
    one, other = [plain(name) for name in ours], [plain(name) for name in theirs]
    if one == other:
        return len(one)
    if not 0 < len(one) <= len(other) or one[:-1] != other[: len(one) - 1]:
        return None
    last = one[-1]
    return len(one) - (last != other[len(one) - 1]) if last and other[len(one) - 1].startswith(last) else None
