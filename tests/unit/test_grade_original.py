"""The original: every mistake known in it is found at its line, what agrees is said, nothing else is an error."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.grade import Grading, grade
from harness.grade.model import Finding, Verdict

FOLDER = os.environ.get("HARNESS_ACCEPTANCE")
pytestmark = pytest.mark.skipif(FOLDER is None, reason="HARNESS_ACCEPTANCE does not name the folder of the original")

ERRORS = {
    "the document's length × 10 is not what was transferred": (238, {"ab-length"}),
    "the route returns 30 bytes": (238, {"ab-body-length"}),
    "10 requests in 0.072 s are another rate": (238, {"ab-rate"}),
    "10 × 4.775 ms are not 0.072 s": (238, {"ab-time"}),
    "the percentiles end before 100 %": (238, {"ab-percentiles"}),
    "10 events are said, 8 rows are shown": (1129, {"prose-count"}),
    "10 events are said, 9 rows are shown": (1153, {"prose-count"}),
    "the first record has lost its brace": (570, {"events-json"}),
    "a batch over the whole topic lacks the events of the day before": (990, {"rows-earlier"}),
}
WARNINGS = {
    "40 calls that match 20 actions": (523, {"prose-match"}),
    "40 events that match 20 actions": (569, {"prose-match"}),
    "a stream without a table": (1, {"stream-without-table"}),
    "join guild was never built": (1, {"step-missing"}),
}
AGREE = (277, 357, 723, 855, 877, 1269)
"""The opening lines of blocks that agree with themselves."""


@pytest.fixture(scope="module")
def original() -> Grading:
    return grade(Path(str(FOLDER)) / "seed" / "assignment-12.md")


def place(grading: Grading, finding: Finding) -> int:
    """Give the opening line of the fence that a finding stands in, or its own line in prose."""
    fences = [block for block in grading.submission.blocks if block.fence == finding.block]
    inside = any(block.first_line <= finding.line <= block.last_line for block in fences)
    return min(block.first_line for block in fences) if finding.block and inside else finding.line


def places(grading: Grading, findings: list[Finding]) -> set[tuple[int, str]]:
    return {(place(grading, finding), finding.check) for finding in findings}


@pytest.mark.parametrize("what", ERRORS)
def test_each_mistake_is_an_error_at_its_place(original: Grading, what: str) -> None:
    line, checks = ERRORS[what]
    assert {(line, check) for check in checks} & places(original, original.errors)


@pytest.mark.parametrize("what", WARNINGS)
def test_what_may_have_a_reason_is_a_warning(original: Grading, what: str) -> None:
    line, checks = WARNINGS[what]
    assert {(line, check) for check in checks} & places(original, original.warnings)


def test_there_is_no_other_error(original: Grading) -> None:
    assert {line for line, _ in places(original, original.errors)} == {line for line, _ in ERRORS.values()}
    assert places(original, original.errors) == {(line, check) for line, checks in ERRORS.values() for check in checks}


@pytest.mark.parametrize("line", AGREE)
def test_what_agrees_is_said_to_agree(original: Grading, line: int) -> None:
    found = {each.verdict for each in original.findings if place(original, each) == line}
    assert Verdict.AGREES in found
    assert Verdict.DISAGREES not in found


def test_errors_carry_both_values_and_their_evidence(original: Grading) -> None:
    for finding in original.errors:
        assert finding.expected is not None, finding
        assert finding.actual is not None, finding
        assert finding.message.endswith("."), finding
