"""Our own report without its comments: the numbers of its summary are derived again, and an edited one is found."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest

from harness.grade import checks
from harness.grade.checks import own_summary
from harness.grade.model import Finding, Submission, Verdict
from harness.readme import read

PROJECT = Path(__file__).parents[2]
CODE = ("app", "jobs", "schemas", "compose")


def stripped(name: str) -> str:
    text = (PROJECT / "reports" / name / "README.md").read_text()
    return re.sub(r"^<!-- .* -->\n", "", text, flags=re.MULTILINE)


def submission(text: str) -> Submission:
    paths = [
        path for folder in CODE for path in (PROJECT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"
    ]
    files = {path.relative_to(PROJECT).as_posix(): path.read_text() for path in paths}
    return Submission(PurePosixPath("README.md"), read(text), files, {}, text)


def summary(text: str) -> list[Finding]:
    return list(own_summary.check(submission(text)))


@pytest.mark.parametrize("name", ["sample", "sample-compose"])
def test_nothing_in_our_own_report_disagrees(name: str) -> None:
    found = checks.run(submission(stripped(name)))
    assert [finding for finding in found if finding.verdict is Verdict.DISAGREES] == []
    assert sum(finding.verdict is Verdict.AGREES for finding in found) > 150


@pytest.mark.parametrize("name", ["sample", "sample-compose"])
def test_every_number_of_the_summary_agrees(name: str) -> None:
    found = summary(stripped(name))
    assert len(found) == 8
    assert {finding.verdict for finding in found} == {Verdict.AGREES}


@pytest.mark.parametrize("kind", ["40 requests", "40 events", "20 rows", r"\d+ batch(?:es)?", "30 rows"])
def test_a_number_that_was_edited_is_an_error(kind: str) -> None:
    text = stripped("sample")
    number = re.search(kind, text)
    assert number
    wrong = f"3{number[0]}"
    found = [finding for finding in summary(text.replace(number[0], wrong, 1)) if finding.is_error]
    assert [finding.actual for finding in found] == [int(wrong.split()[0])]


def test_an_output_that_was_edited_is_an_error_too() -> None:
    text = stripped("sample")
    at = text.index("Complete requests:      10")
    found = summary(text[:at] + text[at:].replace("Complete requests:      10", "Complete requests:      11", 1))
    assert [(finding.expected, finding.actual) for finding in found if finding.is_error] == [(41, 40)]


def test_another_report_has_no_such_summary() -> None:
    assert summary("# Summary\n\n40 requests and 40 events.\n") == []
