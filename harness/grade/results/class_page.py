"""class.html: a class at a glance, those first that need a human's eye; for graders alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from harness.grade.points import text_of
from harness.grade.results.class_table import rows
from harness.grade.results.graded import Graded
from harness.grade.score import State
from harness.render import charts, webpage
from harness.render.charts import Bar

GRADER_PAGE: Final = "grader.html"
"""The page of one submission for graders, in its folder."""

_BINS: Final = 10


def render_class_page(gradeds: Sequence[Graded], title: str = "The class") -> str:
    """Give the page; the links lead to the folder of each submission beside it."""
    counted = Counter(each.score.state for each in gradeds)
    return webpage.render(
        "class.html.j2",
        styles=("report.css", "feedback.css"),
        title=title,
        rows=rows(gradeds),
        tiles=[(state.value, counted[state]) for state in (State.HUMAN, State.INFRASTRUCTURE, State.GRADED)],
        median=_median(gradeds),
        bars=distribution(gradeds),
        chart_width=charts.WIDTH,
        page=GRADER_PAGE,
    )


def distribution(gradeds: Sequence[Graded]) -> list[Bar]:
    """Count the submissions by tenths of the points; full points are in the last. Nothing where none has points."""
    shares = [
        min(_BINS - 1, int(_BINS * each.score.points / each.score.max)) if each.score.max else _BINS - 1
        for each in gradeds
        if each.score.points is not None
    ]
    if not shares:
        return []
    counted = Counter(shares)
    most = max(counted.values())
    return [
        charts.bar(f"{10 * at}–{10 * (at + 1)} %", {"submissions": counted[at]}, ("submissions",), most)
        for at in range(_BINS)
    ]


def _median(gradeds: Sequence[Graded]) -> str:
    found = sorted(each.score.points for each in gradeds if each.score.points is not None)
    if not found:
        return ""
    middle = len(found) // 2
    return text_of(found[middle] if len(found) % 2 else (found[middle - 1] + found[middle]) / Fraction(2))
