"""ctrf.json has a test for each step and invariant, and no text that a terminal or a page could take for more."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from samples import capture, record_of, sample_record

from harness.model import Invariant, Outcome, Record
from harness.record import from_json, to_json
from harness.render.ctrf import render_ctrf


def results(record: Record | None = None) -> dict[str, Any]:
    return json.loads(render_ctrf(record or sample_record()))["results"]


def named(record: Record | None = None) -> dict[str, dict[str, Any]]:
    return {test["name"]: test for test in results(record)["tests"]}


def test_the_summary_counts_each_outcome_and_gives_the_times_in_milliseconds() -> None:
    assert results()["summary"] == {
        "tests": 9,
        "passed": 5,
        "failed": 2,
        "skipped": 1,
        "pending": 0,
        "other": 1,
        "suites": 2,
        "start": 1772355600000,  # 2026-03-01T09:00:00Z
        "stop": 1772355671250,
        "duration": 71250,
    }


def test_each_outcome_has_its_status_and_keeps_its_own_name() -> None:
    tests = named()
    assert {name: (tests[name]["status"], tests[name]["rawStatus"]) for name in ("load", "presto", "guild")} == {
        "load": ("passed", "passed"),
        "presto": ("failed", "failed"),
        "guild": ("skipped", "blocked"),
    }
    assert (tests["filter-stream"]["status"], tests["filter-stream"]["rawStatus"]) == ("other", "infrastructure")


def test_what_did_not_pass_says_why() -> None:
    tests = named()
    assert tests["presto"]["message"] == "1 of 1 check does not hold: rows: expected 20, got 19"
    assert tests["presto"]["trace"].splitlines()[1:] == ["rows: expected 20, got 19"]
    assert tests["guild"]["message"] == "blocked by presto"
    assert tests["rows in Parquet = through Presto"]["message"].endswith("expected 20, got 19")
    assert "message" not in tests["load"]


def test_commands_are_the_steps_of_a_test() -> None:
    assert named()["presto"]["steps"][1] == {
        "name": "presto: presto --execute 'select 1 from nowhere' (exit code 1)",
        "status": "failed",
    }
    assert named()["api"]["steps"][0]["status"] == "pending"


def test_hostile_text_is_shown_as_escapes() -> None:
    text = "\x1b[2J\x00\u202e\ud800 </script>" + b"\xff".decode(errors="surrogateescape")
    record = record_of(capture("a", text, text), id=text, message=text, outcome=Outcome.FAILED)
    shown = render_ctrf(replace(record, assignment=text, invariants=(Invariant(text, text, text, False),)))
    assert json.loads(shown)["results"]["tests"][0]["message"] == "\\x1b[2J\\x00\\u202e\\ud800 </script>\\xff"
    assert shown.isascii()


@pytest.mark.parametrize("started", ["2026-02-30T09:00:00Z", "0000-01-01T00:00:00Z", "2026-01-01T25:00:00Z"])
def test_a_moment_that_no_calendar_has_is_no_moment(started: str) -> None:
    record = replace(record_of(replace(capture("a", "kafka", "true"), started=started)), started=started)
    assert results(record)["summary"]["start"] == 0
    assert results(record)["tests"][0]["start"] == 0


def test_endless_seconds_are_a_number_all_the_same() -> None:
    assert results(replace(sample_record(), seconds=float("inf")))["summary"]["duration"] == 10**15


def test_equal_records_give_equal_bytes() -> None:
    assert render_ctrf(from_json(to_json(sample_record()))) == render_ctrf(sample_record())
