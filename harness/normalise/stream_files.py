"""Rows by part file: how a stream's rows split over its files depends on when Spark looks.

The rows of a query whose first column is part files, and whose other columns are whole numbers, become one row with
the sum of each column. The rule leaves a result alone whose number of rows is not that of its values.
"""

from __future__ import annotations

from typing import Final

from harness.model import Fact, Facts
from harness.normalise.part_files import PLACEHOLDER, is_part_file
from harness.normalise.rule import Masked, Observation, Pair, entry, items, whole, with_facts
from harness.outputs.text import integer

name: Final = "stream-files"
why: Final = "how a stream's rows split over its files is chance; their sum is compared"

_FILES: Final = "<part files>"


def _example(*counts: int) -> Observation:
    names = [f"part-00000-ccdb982c-99a6-44c9-bc25-e91b5f38{at:04}-c000.snappy.parquet" for at in range(len(counts))]
    return Observation(
        r'presto --execute "select \"\$path\" as file, count(*) as purchases from sword_purchases group by 1"',
        {
            "kind": "presto",
            "tables": [{"columns": ["file", "purchases"], "rows": len(counts)}],
            "columns": ["file", "purchases"],
            "rows": len(counts),
            "values": [[name, str(count)] for name, count in zip(names, counts, strict=True)],
        },
    )


example: Final[Pair] = (_example(10, 10, 10), _example(20, 10))
counter_example: Final[Pair] = (_example(10, 10, 10), _example(10, 10, 9))


def apply(seen: Observation) -> Masked:
    """Replace the rows of a result by part file by their sums."""
    rows = [items(row) for row in items(seen.facts.get("values"))]
    tables = items(seen.facts.get("tables"))
    width = len(items(seen.facts.get("columns")))
    if seen.facts.get("kind") != "presto" or not rows or not tables or width < 2:
        return Masked(seen)
    if whole([seen.facts.get("rows"), entry(tables[-1], "rows")]) != [len(rows)] * 2:
        return Masked(seen)
    sums = [0] * (width - 1)
    for row in rows:
        counts = [integer(cell) for cell in row[1:] if isinstance(cell, str)]
        if len(row) != width or len(counts) != width - 1 or not isinstance(row[0], str) or not is_part_file(row[0]):
            return Masked(seen)
        for at, count in enumerate(counts):
            if count is None:
                return Masked(seen)
            sums[at] += count
    last: Fact = {"columns": entry(tables[-1], "columns"), "rows": _FILES}
    facts: Facts = {"values": [[PLACEHOLDER, *map(str, sums)]], "rows": _FILES, "tables": [*tables[:-1], last]}
    return with_facts(seen, facts, len(rows) + 2)
