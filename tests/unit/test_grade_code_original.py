"""The code of the original report, where it is at hand."""

from __future__ import annotations

import pytest
from grade_code import errors, found, submission, verdicts, warnings
from original import acceptance_folder

from harness.grade.model import Submission, Verdict


@pytest.fixture
def original() -> Submission:
    folder = acceptance_folder()
    if folder is None:
        pytest.skip("HARNESS_ACCEPTANCE is not set")
    report = folder / "seed" / "assignment-12.md"
    return submission(report.read_text(), {}, report.name)


def test_the_original_has_one_error_of_code(original: Submission) -> None:
    (one,) = [each for each in found(original) if each.is_error]
    assert (one.check, one.line, one.expected, one.actual) == ("ab-body-length", 251, 30, 17)
    assert len(errors(original)) == 1


def test_the_original_s_stream_has_no_table_and_its_second_event_is_missing(original: Submission) -> None:
    given = [each for each in found(original) if each.is_warning]
    assert {(each.check, each.line) for each in given} == {("stream-without-table", 1), ("step-missing", 1)}
    assert any("/tmp/sword_purchases" in message for message in warnings(original))
    assert any("join guild" in message for message in warnings(original))


def test_the_original_s_calls_tables_and_events_agree(original: Submission) -> None:
    for name in ("route-called", "table-location", "table-queried", "event-metadata"):
        assert verdicts(original, name) == {Verdict.AGREES}
