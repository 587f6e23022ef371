"""Grading: what does not hold in a submission's report, and where that can be seen."""

from __future__ import annotations

from pathlib import Path

from harness.grade.checks import run
from harness.grade.model import Grading
from harness.grade.submission import load

__all__ = ["Grading", "grade"]


def grade(path: Path, report: str | None = None, sidecar: Path | None = None) -> Grading:
    """Read a submission (a folder, or a report alone) and make all static checks: no cluster, nothing executed.

    Raises UsageError for a path that is none and NoReportError where no report is.
    """
    submission = load(path, report, sidecar)
    return Grading(submission, run(submission))
