"""A stream's micro-batches: how the rows split over them depends on when Spark looks.

The batches become the number of the first one and the sum of their rows, the tables one for each list of columns
with the sum of their rows. `streamed_rows`, `by_host`, `by_event_type` and `columns` are compared as they are. The
rule leaves a stream alone whose batches are not numbered one after another, or whose `rows` is not the number of
rows in its last table: then every number shows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from harness.model import Fact, Facts
from harness.normalise.rule import Masked, Observation, Pair, entry, items, whole, with_facts

name: Final = "stream-batches"
why: Final = "how a stream splits into micro-batches is chance; their sums are compared"


def _example(*rows: int) -> Observation:
    return Observation(
        "spark-submit jobs/filter_swords_stream.py",
        {
            "kind": "spark",
            "batches": [{"batch": number, "rows": count} for number, count in enumerate(rows)],
            "tables": [{"columns": ["Host", "event_type"], "rows": count} for count in rows],
            "columns": ["Host", "event_type"],
            "rows": rows[-1],
            "streamed_rows": 20,
        },
    )


example: Final[Pair] = (_example(0, 0, 17, 3), _example(0, 20))
counter_example: Final[Pair] = (_example(0, 17, 3), _example(0, 17, 2))


def apply(seen: Observation) -> Masked:
    """Replace the batches and tables of a streaming driver by their sums; a batch job has no batches."""
    batches, tables = items(seen.facts.get("batches")), items(seen.facts.get("tables"))
    numbers = whole([entry(batch, "batch") for batch in batches])
    rows = whole([entry(batch, "rows") for batch in batches])
    shown = whole([entry(table, "rows") for table in tables])
    if seen.facts.get("kind") != "spark" or not numbers or rows is None or not shown:
        return Masked(seen)
    last = whole([seen.facts.get("rows")])
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))) or last != shown[-1:]:
        return Masked(seen)
    facts: Facts = {
        "batches": {"first": numbers[0], "rows": sum(rows)},
        "tables": _summed(tables, shown),
        "rows": "<rows of the last batch>",
    }
    return with_facts(seen, facts, len(batches) + len(tables) + 1)


def _summed(tables: Sequence[Fact], shown: Sequence[int]) -> list[Fact]:
    """Add up the tables that have the same columns, in the order of their first appearance."""
    columns: dict[str, Fact] = {}
    sums: dict[str, int] = {}
    for table, rows in zip(tables, shown, strict=True):
        key = json.dumps(entry(table, "columns"))
        columns.setdefault(key, entry(table, "columns"))
        sums[key] = sums.get(key, 0) + rows
    return [{"columns": columns[key], "rows": rows} for key, rows in sums.items()]
