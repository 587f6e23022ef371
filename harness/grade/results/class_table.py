"""A class as rows, those first that need a human's eye; and class.csv, which no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from harness.grade.points import text_of
from harness.grade.results.counts import checked
from harness.grade.results.graded import Graded
from harness.grade.score import State
from harness.render.shown import line

_URGENCY = {State.HUMAN: 0, State.INFRASTRUCTURE: 1, State.GRADED: 2}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HEAD = ("submission", "state", "points", "max", "errors", "warnings", "claims", "checked", "reasons")


@dataclass(frozen=True, slots=True)
class Row:
    """One submission of a class, safe to show but for HTML. `points` is empty where there are none."""

    name: str
    folder: str
    state: str
    points: str
    max: str
    errors: int
    warnings: int
    claims: int
    checked: int
    reasons: tuple[str, ...]


def rows(gradeds: Sequence[Graded]) -> list[Row]:
    """Give the rows: those with most reasons to look at, then those to run again, then the lowest points."""
    return [_row(each) for each in in_order(gradeds)]


def in_order(gradeds: Sequence[Graded]) -> list[Graded]:
    """Sort by what needs a human's eye first; the order that they came in does not matter."""
    return sorted(
        gradeds,
        key=lambda each: (
            _URGENCY[each.score.state],
            -len(each.score.reasons),
            -1 if each.score.points is None else each.score.points,
            each.name,
        ),
    )


def render_csv(gradeds: Sequence[Graded]) -> str:
    """Give one line for each submission, by names, with a column for each criterion, hidden ones too."""
    ids = list(dict.fromkeys(each.criterion.id for graded in gradeds for each in graded.score.criteria))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*_HEAD, *map(guarded, ids)])
    for graded in sorted(gradeds, key=lambda each: each.name):
        row = _row(graded)
        points = {
            each.criterion.id: "" if each.points is None else text_of(each.points) for each in graded.score.criteria
        }
        counts = map(str, (row.errors, row.warnings, row.claims, row.checked))
        cells = [row.name, row.state, row.points, row.max, *counts, "; ".join(row.reasons)]
        writer.writerow([guarded(cell) for cell in (*cells, *(points.get(each, "") for each in ids))])
    return file.getvalue()


def guarded(cell: str) -> str:
    """Put an apostrophe before a cell that a spreadsheet would take for a formula."""
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) or cell.startswith(_FORMULA) else cell


def _row(graded: Graded) -> Row:
    score, grading = graded.score, graded.grading
    problem = (line(graded.problem),) if graded.problem else ()
    reasons = tuple(dict.fromkeys((*map(line, score.reasons), *problem)))
    return Row(
        name=line(graded.name) or "(no name)",
        folder=graded.folder,
        state=score.state.value,
        points="" if score.points is None else text_of(score.points),
        max=text_of(score.max),
        errors=len(grading.errors) if grading else 0,
        warnings=len(grading.warnings) if grading else 0,
        claims=len(grading.findings) if grading else 0,
        checked=checked(grading) if grading else 0,
        reasons=reasons,
    )
