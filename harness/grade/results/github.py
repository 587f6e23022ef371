"""Annotations of GitHub Actions: each error and warning at its line of the report."""

from __future__ import annotations

from pathlib import PurePosixPath

from harness.check.formats import annotation
from harness.grade.model import Finding, Grading, Weight
from harness.grade.results.counts import values


def render_github(grading: Grading, folder: PurePosixPath) -> str:
    """Give the workflow commands, one a line. `folder` is the submission's, as the repository names it."""
    return "".join(f"{_annotation(each, grading, folder)}\n" for each in (*grading.errors, *grading.warnings))


def _annotation(finding: Finding, grading: Grading, folder: PurePosixPath) -> str:
    words = finding.message
    if seen := values(finding):
        words += f"\n{', '.join(map(' '.join, seen))}"
    path = folder / (finding.file or grading.submission.report)
    level = "warning" if finding.weight is Weight.WARNING else "error"
    return annotation(str(path), finding.line, finding.check, words, level)
