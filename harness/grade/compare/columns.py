"""Columns of tables: names, types and order must come again, and so must the tables' names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.grade.compare.cells import plain
from harness.grade.compare.mentions import mentions
from harness.grade.compare.model import Group, Shown
from harness.grade.compare.said import excused, listed, same, unchecked, unlike
from harness.grade.compare.tables import shared
from harness.grade.model import Finding, Weight
from harness.grade.rerun.model import Ran
from harness.outputs.presto import Result
from harness.render.text import plural

CHECK: Final = "rerun-columns"
_SYNONYMS: Final = {"int": "integer", "long": "bigint", "string": "varchar", "text": "varchar"}


def describes(result: Result) -> bool:
    """Whether a result is that of `describe`."""
    names = [plain(name) for name in result.columns or ()]
    return names[:2] == ["column", "type"] and result.values is not None


def lists_tables(result: Result) -> bool:
    """Whether a result is that of `show tables`."""
    return [plain(name) for name in result.columns or ()] == ["table"] and result.values is not None


def described(one: Shown, line: int, result: Result, other: Result, ran: Ran) -> Iterator[Finding]:
    """Compare the columns and types that a table is said to have."""
    if not describes(other) or (result.stated is not None and result.stated != result.rows):
        yield unchecked(CHECK, one.block, line, "The table's description cannot be compared.")
        return
    ours, theirs = _types(result), _types(other)
    if list(ours) != list(theirs) and sorted(ours) == sorted(theirs):
        message = "The rerun's table has the same columns in another order."
        weight = Weight.WARNING
        yield unlike(CHECK, one.block, line, message, (list(theirs), list(ours)), ran, listed(list(theirs)), weight)
    elif set(ours) != set(theirs):
        more, less = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
        parts = [f"has {listed(more)}"] * bool(more) + [f"lacks {listed(less)}"] * bool(less)
        message = f"The report's table {' and '.join(parts)}, unlike the rerun's."
        yield unlike(CHECK, one.block, line, message, (list(theirs), list(ours)), ran, listed(list(theirs)))
    else:
        apart = [name for name in ours if ours[name] != theirs[name]]
        for name in apart:
            message = f"{name} is {ours[name]} in the report's table and {theirs[name]} in the rerun's."
            yield unlike(CHECK, one.block, line, message, (theirs[name], ours[name]), ran, f"{name} {theirs[name]}")
        if not apart:
            message = f"The rerun's table has the same {plural(len(ours), 'column')} of the same types."
            yield same(CHECK, one.block, line, message, list(ours))


def _types(result: Result) -> dict[str, str]:
    found = {}
    for row in result.values or ():
        bare = row[1].lower().partition("(")[0].strip() if len(row) > 1 else ""
        found[row[0].lower()] = _SYNONYMS.get(bare, bare)
    return found


def tables(group: Group, one: Shown, line: int, result: Result, other: Result, ran: Ran) -> Iterator[Finding]:
    """Compare the names that `show tables` gave."""
    ours, theirs = _names(result), _names(other)
    values = sorted(theirs), sorted(ours)
    for name in sorted(ours - theirs):
        weight = Weight.ERROR if mentions(group.submission, name) else Weight.WARNING
        message = f"The report shows a table {name}, which the rerun does not have."
        yield unlike(CHECK, one.block, line, message, values, ran, listed(values[0]), weight)
    if not ours - theirs and theirs - ours:
        message = f"The rerun has {listed(sorted(theirs - ours))} besides the tables that the report shows."
        yield unlike(CHECK, one.block, line, message, values, ran, listed(values[0]), Weight.WARNING)
    elif ours == theirs:
        yield same(CHECK, one.block, line, f"The rerun has the same tables: {listed(values[1])}.", values[1])


def _names(result: Result) -> set[str]:
    return {row[0].strip().lower() for row in result.values or () if row and row[0].strip()}


def header(one: Shown, line: int, statement: str, result: Result, other: Result, ran: Ran) -> Iterator[Finding]:
    """Compare the columns of a result; a header that is cut at its right end is compared as far as it goes."""
    ours, theirs = result.columns or (), other.columns or ()
    if not theirs:
        return
    both = list(theirs), list(ours)
    common = shared(ours, theirs)
    if common == len(theirs) == len(ours):
        yield same(CHECK, one.block, line, f"The rerun's result has the same {plural(len(ours), 'column')}.", both[1])
    elif common is not None:
        message = f"The report shows the first of the {len(theirs)} columns that the rerun's result has."
        yield excused(CHECK, one.block, line, message, both, ran, listed(both[0]))
    elif _sorted(ours) == _sorted(theirs):
        message = "The rerun's result has the same columns in another order."
        yield unlike(CHECK, one.block, line, message, both, ran, listed(both[0]), Weight.WARNING)
    else:
        sure = result.even and " * " in f" {statement} " and all(map(plain, ours))
        message = f"The report's result has the columns {listed(both[1])}, the rerun's {listed(both[0])}."
        weight = Weight.ERROR if sure else Weight.WARNING
        yield unlike(CHECK, one.block, line, message, both, ran, listed(both[0]), weight)


def _sorted(names: Sequence[str]) -> list[str]:
    return sorted(map(plain, names))
