"""The result of GitHub Classroom's test runners, which its grading reporter takes as base64.

The reporter adds up the scores of the tests and of the runners, so that a last test holds what hidden criteria and the
rubric's limit add or take. Without points the status is `error` and `max_score` 0, for which it announces no points.
"""

from __future__ import annotations

import base64
import json
from fractions import Fraction

from harness.grade.points import number_of
from harness.grade.results import words
from harness.grade.results.graded import Graded
from harness.grade.score import Judged, Level, Score
from harness.render.shown import line

VERSION = 1


def render_classroom(graded: Graded) -> str:
    """Give the JSON text of what the student may see, of ASCII alone."""
    shown = graded.for_student()
    score = shown.score
    if score.points is None:
        tests = [_test("Grading", "error", 0, " ".join(filter(None, (words.notice(score), line(shown.problem)))))]
        found = {"version": VERSION, "status": "error", "max_score": 0, "tests": tests}
    else:
        tests = [*map(_criterion, score.criteria), *_rest(score)]
        failed = any(test["status"] == "fail" for test in tests)
        status = "fail" if failed else "pass"
        found = {"version": VERSION, "status": status, "max_score": number_of(score.max), "tests": tests}
    return json.dumps(found, indent=2) + "\n"


def encode(text: str) -> str:
    """Give the base64 text that a runner gives as its output `result`."""
    return base64.b64encode(text.encode("ascii")).decode("ascii") + "\n"


def _criterion(judged: Judged) -> dict[str, object]:
    passed = judged.level is Level.FULL or judged.criterion.bonus
    points = 0 if judged.points is None else number_of(judged.points)
    said = "\n".join([words.feedback(judged), *words.evidence(judged), *words.unproven(judged)])
    return _test(line(judged.criterion.title), "pass" if passed else "fail", points, said)


def _rest(score: Score) -> list[dict[str, object]]:
    shown = sum((each.points for each in score.criteria if each.points is not None), Fraction(0))
    rest = (score.points or Fraction(0)) - shown
    if not rest:
        return []
    return [_test("By the rules of the rubric", "pass", number_of(rest), "What the rubric's limits add or take.")]


def _test(name: str, status: str, score: int | float, message: str) -> dict[str, object]:
    place: dict[str, object] = {"test_code": "", "filename": "", "line_no": 0}
    return {"name": name, "status": status, "score": score, "message": message, **place}
