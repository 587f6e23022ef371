"""results.json for Gradescope, as gradescope-autograders.readthedocs.io/en/latest/specs/ describes it.

A submission without points gets neither a score nor a test: a zero would be a grade. Hidden criteria are left out
whole, for Gradescope keeps the total from the student where a test is hidden; `score` has the total of the rubric.
"""

from __future__ import annotations

import json

from harness.grade.points import number_of, text_of
from harness.grade.results import words
from harness.grade.results.graded import Graded
from harness.grade.score import Judged, Level
from harness.render.shown import line


def render_gradescope(graded: Graded) -> str:
    """Give the JSON text of what the student may see, of ASCII alone and without seconds, which differ."""
    shown = graded.for_student()
    score = shown.score
    found: dict[str, object] = {
        "output": _output(shown),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [],
    }
    if score.points is not None:
        found["score"] = number_of(score.points)
        found["tests"] = [_test(number, each) for number, each in enumerate(score.criteria, 1)]
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


def _output(shown: Graded) -> str:
    score = shown.score
    said = [f"{line(score.rubric.title)}: {words.points(score)}.", words.notice(score), line(shown.problem)]
    return "\n".join(each for each in said if each)


def _test(number: int, judged: Judged) -> dict[str, object]:
    criterion = judged.criterion
    said = [words.feedback(judged), *words.evidence(judged), *words.unproven(judged)]
    if criterion.bonus:
        said.insert(0, f"A bonus of at most {text_of(criterion.points)}.")
    test: dict[str, object] = {
        "max_score": 0 if criterion.bonus else number_of(criterion.points),
        "status": "passed" if judged.level is Level.FULL else "failed",
        "name": line(criterion.title),
        "name_format": "text",
        "number": str(number),
        "output": "\n".join(said),
        "output_format": "text",
        "tags": [criterion.id, judged.level.value],
        "visibility": "visible",
    }
    if judged.points is not None:
        test["score"] = number_of(judged.points)
    return test
