"""junit.xml is well formed whatever was printed, and each outcome has its own element."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from samples import capture, record_of, sample_record

from harness.model import Invariant, Outcome
from harness.record import from_json, to_json
from harness.render.junit import render_junit


def suites() -> tuple[ET.Element, ET.Element]:
    steps, invariants = ET.fromstring(render_junit(sample_record()))
    return steps, invariants


def test_the_suite_is_named_after_the_assignment_and_counts_its_outcomes() -> None:
    steps, _ = suites()
    counts = {"tests": "7", "failures": "1", "errors": "1", "skipped": "1"}
    assert steps.attrib == {
        "name": "Assignment 12",
        **counts,
        "time": "71.250",
        "timestamp": "2026-03-01T09:00:00",
    }


def test_each_step_is_a_case_with_its_time() -> None:
    steps, _ = suites()
    cases = {case.get("name"): float(case.get("time", "")) for case in steps.iter("testcase")}
    assert cases == {step.id: step.seconds for step in sample_record().steps}


def test_the_properties_give_backend_mode_and_versions() -> None:
    steps, _ = suites()
    assert [(each.get("name"), each.get("value")) for each in steps.iter("property")] == [
        ("backend", "local"),
        ("mode", "private"),
        ("version.kafka", "4.1.0"),
        ("version.presto", "0.287"),
        ("version.spark", "4.2.0"),
    ]


def test_each_outcome_has_its_element() -> None:
    steps, _ = suites()
    ends = {
        (case.get("name"), end.tag, end.get("message"))
        for case in steps.iter("testcase")
        for end in case
        if end.tag != "system-out"
    }
    assert ends == {
        ("presto", "failure", "1 of 1 check does not hold: rows: expected 20, got 19"),
        ("guild", "skipped", "blocked by presto"),
        ("filter-stream", "error", "kafka ended with exit code 137"),
    }
    assert "rows: expected 20, got 19" in (steps.findtext(".//failure") or "").splitlines()


def test_the_commands_are_listed_with_their_exit_codes() -> None:
    steps, _ = suites()
    assert (steps.findtext(".//testcase[@name='presto']/system-out") or "").splitlines() == [
        "presto: presto --server presto:8080 --catalog hive --schema default --execute "
        '"select * from purchases" (exit code 0)',
        "presto: presto --execute 'select 1 from nowhere' (exit code 1)",
    ]
    assert "(still running)" in (steps.findtext(".//testcase[@name='api']/system-out") or "")


def test_each_invariant_is_a_case_and_fails_when_it_does_not_hold() -> None:
    _, invariants = suites()
    assert (invariants.get("name"), invariants.get("tests"), invariants.get("failures")) == ("invariants", "2", "1")
    failed = [case.get("name") for case in invariants if case.find("failure") is not None]
    assert failed == ["rows in Parquet = through Presto"]


def test_forbidden_characters_are_shown_as_escapes() -> None:
    text = '\x00\x1b[2J\x0b\ufffe\ud800 ]]> <&>" \r\n é 😀' + b"\xff".decode(errors="surrogateescape")
    record = record_of(capture("a", text, text), id=text, message=text, outcome=Outcome.FAILED)
    record = replace(record, assignment=text, versions={text: text}, invariants=(Invariant(text, text, text, False),))
    steps, _ = ET.fromstring(render_junit(record).encode())
    assert steps.findtext(".//failure") == '\\x00\\x1b[2J\\x0b\\ufffe\\ud800 ]]> <&>" \n é 😀\\xff'


def test_equal_records_give_equal_bytes() -> None:
    text = render_junit(sample_record())
    assert render_junit(from_json(to_json(sample_record()))) == text
    assert text.endswith("</testsuites>\n")
