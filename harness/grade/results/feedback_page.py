"""feedback.html for the student, and the same page with all for graders: points, why, and what to do better."""

from __future__ import annotations

from harness.grade.results import words
from harness.grade.results.graded import Graded
from harness.grade.score import State
from harness.render import webpage

_VERDICTS = {State.HUMAN: "waiting", State.INFRASTRUCTURE: "infrastructure"}


def render_feedback_page(graded: Graded, *, for_grader: bool = False) -> str:
    """Give the page; unless it is for a grader, of what the student may see alone."""
    shown = graded if for_grader else graded.for_student()
    score = shown.score
    return webpage.render(
        "feedback.html.j2",
        styles=("report.css", "feedback.css"),
        graded=shown,
        score=score,
        for_grader=for_grader,
        verdict=_VERDICTS.get(score.state, "passed"),
        points=words.points(score),
        notice=words.notice(score),
        criteria=sorted(score.criteria, key=words.urgency) if score.points is not None else (),
        words=words,
        breaches=shown.rerun.breaches if shown.rerun else (),
        helps=shown.rerun.helps if shown.rerun else (),
    )
