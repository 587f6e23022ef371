"""Rows that the `hive` command printed: the same ones must come again where what was sent is counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.grade.checks.context import text
from harness.grade.compare import queries
from harness.grade.compare.cells import counted, stable
from harness.grade.compare.model import Group
from harness.grade.compare.said import rows, same, unchecked, unlike
from harness.grade.compare.tables import results
from harness.grade.compare.totals import Sent
from harness.grade.model import Finding, Weight
from harness.outputs import hive
from harness.outputs.text import Output

CHECK: Final = "rerun-rows"


def compare(group: Group) -> Iterator[Finding]:
    """Compare the rows of all outputs with all that the rerun printed, or as Presto's where they look like those."""
    if any(results(text(one.block)) for one in group.shown):
        yield from queries.compare(group)
        return
    again = _rows("\n".join(view.capture.stdout for view in group.ends()))
    for one in group.shown:
        shown = _rows(text(one.block))
        if not shown:
            message = "Hive printed no row here, and none is compared."
            yield unchecked(CHECK, one.block, one.block.first_line, message)
            continue
        line = one.block.printed()[0][0]
        kept = stable(shown, again)
        missing = counted(shown, kept) - counted(again, kept)
        values = len(again), len(shown)
        if kept and not missing:
            message = f"The rerun's hive printed the same {rows(len(shown))}."
            yield same(CHECK, one.block, line, message, len(shown))
        elif not again or not kept or group.totals.before(one.place) is Sent.ENDLESS:
            message = "These rows cannot be compared with the rerun's."
            yield unchecked(CHECK, one.block, line, message, (None, len(shown)))
        else:
            lacking = " ".join(sorted(missing)[0])[:80]
            message = f"Hive printed {lacking} in the report, and not in the rerun."
            ran = group.ends()[-1].ran
            yield unlike(CHECK, one.block, line, message, values, ran, weight=Weight.WARNING)


def _rows(printed: str) -> Sequence[Sequence[str]]:
    values = hive.facts(Output((), printed, ""))["values"]
    if not isinstance(values, list):
        return []
    return [[str(cell) for cell in row] for row in values if isinstance(row, list)]
