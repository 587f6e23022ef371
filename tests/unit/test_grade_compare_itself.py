"""Whole reports against reruns that printed just what they show: everything that is compared agrees.

`HARNESS_ACCEPTANCE` names the folder of the original, `HARNESS_SUBMISSIONS` one of checkouts.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from grade_code import REPORT, submission
from reran import capture, itself

from harness.grade.compare import compare
from harness.grade.model import Finding, Submission, Verdict
from harness.grade.rerun.model import Ran
from harness.grade.submission import load


def original() -> Submission:
    folder = os.environ.get("HARNESS_ACCEPTANCE")
    if not folder:
        pytest.skip("HARNESS_ACCEPTANCE does not name the folder of the original")
    return load(Path(folder) / "seed" / "assignment-12.md")


def disagreeing(findings: list[Finding]) -> list[tuple[int, str, str]]:
    return [(each.line, each.check, each.message) for each in findings if each.verdict is Verdict.DISAGREES]


def test_a_small_report_agrees_with_itself() -> None:
    given = submission(REPORT)
    found = compare(given, itself(given))
    assert disagreeing(found) == []
    assert {"rerun-ab", "rerun-events"} <= {each.check for each in found if each.verdict is Verdict.AGREES}


def test_the_original_agrees_with_itself() -> None:
    given = original()
    found = compare(given, itself(given))
    assert disagreeing(found) == []
    assert {each.verdict for each in found} == {Verdict.AGREES, Verdict.VOLATILE}
    checks = Counter(each.check for each in found if each.verdict is Verdict.AGREES)
    assert checks["rerun-ab"] == 4
    assert checks["rerun-log"] == checks["rerun-events"] == 3
    assert checks["rerun-rows"] == 4
    assert checks["rerun-batches"] == 1


def test_the_originals_batches_are_explained_by_a_rerun_that_brings_all() -> None:
    """Its report shows 8 and 9 rows; a rerun gives 10 each."""
    given = original()

    def filled(one: Ran) -> Ran:
        if "filter_swords_stream.py" not in one.typed.text or one.typed.service != "spark":
            return one
        text = (one.looks[-1] if one.looks else one.capture or capture(one.typed)).stdout
        for host, missing in (("user1.comcast.com", 2), ("user2.att.com", 1)):
            row = next(line for line in text.split("\n") if host in line)
            text = text.replace(row, "\n".join([row] * (1 + missing)), 1)
        return replace(one, capture=capture(one.typed, text), looks=())

    again = itself(given)
    found = compare(given, replace(again, commands=[filled(one) for one in again.commands]))
    told = [each for each in found if each.verdict is Verdict.DISAGREES]
    assert [(each.check, each.expected, each.actual) for each in told] == [
        ("rerun-batches", 10, 8),
        ("rerun-batches", 10, 9),
    ]
    assert all("10 of the 10 that were sent" in each.message for each in told)
    assert not any(each.is_error for each in told)


def test_the_known_submissions_agree_with_themselves() -> None:
    folder = os.environ.get("HARNESS_SUBMISSIONS")
    if not folder:
        pytest.skip("HARNESS_SUBMISSIONS is not set")
    paths = sorted(path for path in Path(folder).iterdir() if path.is_dir())
    assert paths
    for path in paths:
        given = load(path)
        found = compare(given, itself(given))
        assert disagreeing(found) == [], path.name
        assert any(each.verdict is Verdict.AGREES for each in found), path.name
