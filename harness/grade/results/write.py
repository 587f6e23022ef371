"""Writes the files of results: what a student gets in `student/`, and beside it what is for graders alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from harness.grade.results.class_page import GRADER_PAGE, render_class_page
from harness.grade.results.class_table import render_csv
from harness.grade.results.classroom import encode, render_classroom
from harness.grade.results.feedback_markdown import render_feedback
from harness.grade.results.feedback_page import render_feedback_page
from harness.grade.results.files import write_files
from harness.grade.results.graded import Graded
from harness.grade.results.gradescope import render_gradescope
from harness.grade.results.junit import render_junit
from harness.grade.results.page import render_page
from harness.grade.results.result_json import render_measured, render_result

STUDENT: Final = "student"
"""The folder whose files may go to the student."""

RESULT: Final = "result.json"
SOMETIMES: Final = frozenset({"findings.html"})
"""The files that only a report that could be read has, for graders and for the student."""


def student_files(graded: Graded) -> dict[str, str]:
    """Give the files that the student may have, by name. Nothing that is hidden is in any of them."""
    shown = graded.for_student()
    classroom = render_classroom(shown)
    files = {
        "results.json": render_gradescope(shown),
        "classroom.json": classroom,
        "classroom.b64": encode(classroom),
        "junit.xml": render_junit(shown),
        "feedback.md": render_feedback(shown),
        "feedback.html": render_feedback_page(shown),
    }
    if shown.grading:
        files["findings.html"] = render_page(shown.grading, shown.grading.submission.text)
    return files


def grader_files(graded: Graded) -> dict[str, str]:
    """Give the files for graders, by name; result.json has all that the others say."""
    files = {
        RESULT: render_result(graded),
        "measured.json": render_measured(graded),
        GRADER_PAGE: render_feedback_page(graded, for_grader=True),
    }
    if graded.grading:
        files["findings.html"] = render_page(graded.grading, graded.grading.submission.text)
    return files


def write_results(graded: Graded, folder: Path) -> None:
    """Write the files of one submission. result.json goes first and comes last: where it is there, all are.

    What earlier results had and these have not is removed.
    """
    grader, student = grader_files(graded), student_files(graded)
    result = {RESULT: grader.pop(RESULT)}
    withdraw(folder)
    write_files(folder / STUDENT, student, SOMETIMES - student.keys())
    write_files(folder, {**grader, **result}, SOMETIMES - grader.keys())


def withdraw(folder: Path) -> None:
    """Remove result.json: from now on not all in the folder is of one time."""
    write_files(folder, {}, {RESULT})


def write_class(gradeds: Sequence[Graded], folder: Path, title: str = "The class") -> None:
    """Write class.csv and class.html, which lead to `folder / graded.folder` of each submission."""
    write_files(folder, {"class.csv": render_csv(gradeds), "class.html": render_class_page(gradeds, title)})
