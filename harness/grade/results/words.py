"""A score in words, for people."""

from __future__ import annotations

from typing import Final

from harness.grade.points import text_of
from harness.grade.score import Judged, Level, Score, State
from harness.render.shown import line
from harness.render.text import plural

SIGNS: Final = {"full": "✓", "partial": "◐", "none": "✗", "not-judged": "–"}

_LONGEST = 4_000
"""Characters of a feedback text."""

_MOST = 20
"""Places that are named for one criterion."""

FAULT = "The cluster or the harness failed, not your work: there are no points yet. It will be run again."
UNREAD = "There are no points yet: a person will look at it."
WAITING = "A person will look at it before the points are final."


def look(judged: Judged) -> str:
    """Give the level as a word for a style sheet; an option that was not taken is no fault."""
    level = Level.NOT_JUDGED if judged.criterion.bonus and judged.level is Level.NONE else judged.level
    return level.value.replace(" ", "-")


def sign(judged: Judged) -> str:
    """Give the sign of a criterion's level."""
    return SIGNS[look(judged)]


def urgency(judged: Judged) -> int:
    """Sort what can be mended first, then what is full, then the options that were not taken."""
    return {"full": 1, "not-judged": 2}.get(look(judged), 0)


def points(score: Score) -> str:
    """Give the points as `8.5 of 10`, or say that there are none."""
    return "no points yet" if score.points is None else f"{text_of(score.points)} of {text_of(score.max)}"


def of_criterion(judged: Judged) -> str:
    """Give the points of one criterion; a bonus is said as such."""
    if judged.points is None:
        return "not judged"
    if judged.criterion.bonus:
        return f"+{text_of(judged.points)} of {text_of(judged.criterion.points)} bonus"
    return f"{text_of(judged.points)} of {text_of(judged.criterion.points)}"


def notice(score: Score) -> str:
    """Give the sentence that a student needs beside the points, or nothing."""
    if score.state is State.GRADED:
        return ""
    if score.points is not None:
        return WAITING
    return FAULT if score.state is State.INFRASTRUCTURE else UNREAD


def feedback(judged: Judged) -> str:
    """Give the feedback of a criterion on one line; one that could not be judged says why."""
    if judged.level is not Level.NOT_JUDGED:
        return line(judged.feedback, _LONGEST)
    return f"Not judged: {line(judged.reasons[0].why)}." if judged.reasons else "Not judged."


def evidence(judged: Judged) -> list[str]:
    """Give the places that speak against a criterion, one a line."""
    found = []
    for reason in judged.reasons:
        if reason.share is not None and reason.share < 1:
            found += [_place(each.file, each.line, each.text) for each in reason.evidence]
    more = [f"and {plural(len(found) - _MOST, 'other place')}"] if len(found) > _MOST else []
    return found[:_MOST] + more


def unproven(judged: Judged) -> list[str]:
    """Give what could not be judged of a criterion that was judged all the same."""
    if judged.level is Level.NOT_JUDGED:
        return []
    return sorted({line(each.why) for each in judged.reasons if each.share is None})


def _place(file: str, number: int, text: str) -> str:
    where = f"{line(file)}, line {number}" if file else f"line {number}"
    return f"{where}: {line(text)}" if text else where
