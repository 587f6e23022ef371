"""The guard over the rules: one that hides a number, or more than half of a command's values, is itself a difference.

The compared values of a command are the leaves of its facts but for `kind`; of rows that are counted, the cells of
each row as often as it comes. A value is hidden when it is there before a rule and not after it. A rule that only
gives another order, or the form of a count, hides none.

Three rules of streams may hide numbers, because another number that stays says the same. That is not taken on
trust: for each there is a function here that gives what must stay, in both forms, and the rule is let through only
where they agree and every other fact is untouched.

- `stream-batches`: the number of the first batch, the rows of all batches, the rows of all tables by columns.
- `stream-files`: the columns, and the sum of each column of counts.
- `stream-folder`: that there are part files, and each other number as what it is beyond their number.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from harness.check.facts import typed
from harness.model import Fact, Facts
from harness.normalise import Applied
from harness.normalise.rule import entry, items, whole
from harness.outputs.text import integer

_COUNTED: Final = ("entries", "files", "found")


def hidden(applied: Applied) -> tuple[str, str] | None:
    """Give what a rule may do and what it did to one command's facts, or None where it keeps to that."""
    before, after = _leaves(applied.before), _leaves(applied.after)
    lost = before - after
    if not lost or _keeps_totals(applied):
        return None
    numbers = sum(count for leaf, count in lost.items() if _is_number(leaf))
    if numbers:
        return "no number hidden", f"numbers hidden: {numbers}"
    gone, total = lost.total(), before.total()
    return ("at most half of the values hidden", f"hidden: {gone} of {total}") if gone * 2 > total else None


def _keeps_totals(applied: Applied) -> bool:
    """Whether the rule is one of the three, and the totals and all other facts are the same before and after."""
    known = _TOTALS.get(applied.rule)
    if known is None:
        return False
    names, totals = known
    others = [{key: fact for key, fact in facts.items() if key not in names} for facts in applied.facts]
    before, after = (totals(facts) for facts in applied.facts)
    return before is not None and typed(before) == typed(after) and typed(others[0]) == typed(others[1])


def _batches(facts: Facts) -> Fact:
    batches, tables = facts.get("batches"), items(facts.get("tables"))
    if isinstance(batches, Mapping):
        first, rows = batches.get("first"), batches.get("rows")
    else:
        each = whole([entry(batch, "rows") for batch in items(batches)])
        first, rows = (entry(items(batches)[0], "batch"), sum(each)) if each else (None, None)
    sums: Counter[str] = Counter()
    for table in tables:
        shown = whole([entry(table, "rows")])
        if shown is None:
            return None
        sums[typed(entry(table, "columns"))] += shown[0]
    return None if rows is None else {"first": first, "rows": rows, "tables": dict(sums)}


def _files(facts: Facts) -> Fact:
    sums: list[int] = []
    for row in items(facts.get("values")):
        counts = [integer(str(cell)) for cell in items(row)[1:]]
        if None in counts or (sums and len(counts) != len(sums)):
            return None
        sums = [one + (other or 0) for one, other in zip(sums or [0] * len(counts), counts, strict=True)]
    tables = [entry(table, "columns") for table in items(facts.get("tables"))]
    return {"sums": sums, "tables": tables} if sums else None


def _folder(facts: Facts) -> Fact:
    """Give each count beyond the part files: `<part files> +1` says it in words."""
    parts = whole([facts.get("part_files")])
    if parts is not None and parts[0] < 1:
        return None
    beyond: dict[str, Fact] = {}
    for name in _COUNTED:
        fact = facts.get(name)
        number = whole([fact])
        beyond[name] = f"<part files> {number[0] - parts[0]:+d}" if number and parts else fact
    return beyond


_TOTALS: Final[Mapping[str, tuple[tuple[str, ...], Callable[[Facts], Fact]]]] = {
    "stream-batches": (("batches", "tables", "rows"), _batches),
    "stream-files": (("values", "tables", "rows"), _files),
    "stream-folder": (("part_files", *_COUNTED), _folder),
}


def _leaves(facts: Facts) -> Counter[str]:
    """Count the values of facts, each as text in which types differ."""
    leaves: Counter[str] = Counter()
    for name, fact in facts.items():
        if name == "values" and isinstance(fact, Mapping):
            for row, times in fact.items():
                for leaf in _walk(_row(row)):
                    leaves[leaf] += times if isinstance(times, int) else 1
        elif name != "kind":
            leaves.update(_walk(fact))
    return leaves


def _walk(fact: Fact) -> Iterator[str]:
    waiting = [fact]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            waiting += each.values()
        elif isinstance(each, Sequence) and not isinstance(each, str):
            waiting += each
        else:
            yield typed(each)


def _row(text: str) -> Fact:
    try:
        found: Fact = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found


def _is_number(leaf: str) -> bool:
    """Whether a leaf is a number, or a text of digits alone, as a cell of a table is."""
    return leaf.strip('"').lstrip("-").replace(".", "", 1).isdigit()
