"""The claims of the original report, against what people found wrong in it. `HARNESS_ACCEPTANCE` names its folder."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import original
import pytest

from harness.grade.checks.prose import check_prose
from harness.grade.model import Finding, Submission, Verdict
from harness.readme import read_file


def findings(report: Path) -> list[Finding]:
    files = {
        path.name: path.read_text(errors="replace")
        for path in report.parent.iterdir()
        if path.suffix in (".py", ".sh", ".yml")
    }
    return list(check_prose(Submission(PurePosixPath(report.name), read_file(report), files)))


def test_the_original_claims_ten_events_of_tables_with_eight_and_nine_rows() -> None:
    folder = original.acceptance_folder()
    if folder is None:
        pytest.skip("HARNESS_ACCEPTANCE is not set")
    found = findings(folder / "seed" / "assignment-12.md")
    errors = [(each.line, each.block, each.actual, each.expected) for each in found if each.is_error]
    assert errors == [(1129, 52, 10, 8), (1153, 54, 10, 9)]
    assert [(each.line, each.actual, each.expected) for each in found if each.is_warning] == [
        (523, 40, 20),
        (569, 40, 20),
    ]
    agreeing = [each.line for each in found if each.verdict is Verdict.AGREES]
    assert {206, 229, 276, 379, 414, 622, 691, 802, 839, 870, 906, 1102, 1110, 1264} <= set(agreeing)


def test_no_claim_of_the_known_submissions_is_an_error_or_a_warning() -> None:
    folder = os.environ.get("HARNESS_SUBMISSIONS")
    if not folder:
        pytest.skip("HARNESS_SUBMISSIONS is not set")
    reports = sorted(path for path in Path(folder).glob("*/*") if path.suffix in (".md", ".ipynb"))
    assert reports
    wrong = [
        (report.name, each.line, each.message)
        for report in reports
        for each in findings(report)
        if each.verdict is Verdict.DISAGREES
    ]
    assert wrong == []
