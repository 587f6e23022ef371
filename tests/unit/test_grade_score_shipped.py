"""The shipped rubrics: our own report gets full marks, and the wrong numbers of the original cost points."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_grade_original import FOLDER
from test_grade_own_report import stripped, submission

from harness.grade import checks, grade
from harness.grade.rubric import load_rubric
from harness.grade.score import Level, State, score


@pytest.mark.parametrize("name", ["sample", "sample-compose"])
@pytest.mark.parametrize("rubric", ["2018", "2019"])
def test_our_own_report_gets_full_marks(name: str, rubric: str) -> None:
    read = submission(stripped(name))
    given = score(load_rubric(rubric), read, checks.run(read), None)
    assert {each.level for each in given.criteria if not each.criterion.bonus} == {Level.FULL}
    assert (given.points, given.state) == (10, State.GRADED)


@pytest.mark.skipif(FOLDER is None, reason="HARNESS_ACCEPTANCE does not name the folder of the original")
def test_the_original_loses_points_for_its_numbers_and_a_container_without_words() -> None:
    read = grade(Path(str(FOLDER)) / "seed" / "assignment-12.md")
    given = score(load_rubric("2018"), read.submission, read.findings, None)
    assert {each.criterion.id for each in given.criteria if each.level is not Level.FULL} == {"claims", "services"}
    claims = next(each for each in given.criteria if each.criterion.id == "claims")
    assert "rows-earlier" in {line.text.partition(":")[0] for each in claims.reasons for line in each.evidence}
