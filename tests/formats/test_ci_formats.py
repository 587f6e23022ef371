"""Others read what is written for a CI's test page: CTRF by its own schema, JUnit XML by a parser of others."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker
from junitparser import JUnitXml
from machine import PROJECT
from samples import sample_record

from harness.model import Record
from harness.record import load
from harness.render.renderers import write_all

CTRF = "ctrf@0.3.0"
"""The format's reference implementation, a package of npm that holds the schema."""

SAMPLES = ("sample", "sample-compose")


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if not shutil.which("npm"):
        pytest.skip("no npm, which brings the schema of CTRF")
    folder = tmp_path_factory.mktemp("npm")
    command = ["npm", "pack", "--silent", CTRF]
    package = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=300)
    with tarfile.open(folder / package.stdout.split()[-1]) as tar:
        member = tar.extractfile("package/dist/ctrf-schema-0.0.json")
        assert member
        return json.load(member)


def records() -> list[Record]:
    """Give a run in which all holds, on each backend, and one with each outcome."""
    return [load(PROJECT / "reports" / name / "record.json") for name in SAMPLES] + [sample_record()]


def test_ctrf_json_follows_the_schema_of_ctrf(schema: dict[str, Any], tmp_path: Path) -> None:
    validator = Draft7Validator(schema, format_checker=FormatChecker())
    for record in records():
        write_all(record, tmp_path)
        report = json.loads((tmp_path / "ctrf.json").read_text())
        assert [error.message for error in validator.iter_errors(report)] == []
        assert len(report["results"]["tests"]) == len(record.steps) + len(record.invariants)
    report["results"]["tests"][0]["status"] = "blocked"
    assert [error.json_path for error in validator.iter_errors(report)] == ["$.results.tests[0].status"]


def test_junit_xml_is_read_by_junitparser(tmp_path: Path) -> None:
    for record in records():
        write_all(record, tmp_path)
        suites = list(JUnitXml.fromfile(str(tmp_path / "junit.xml")))
        for suite in suites:
            told = (suite.tests, suite.failures, suite.errors, suite.skipped)
            suite.update_statistics()
            assert told == (suite.tests, suite.failures, suite.errors, suite.skipped)
        names = [[case.name for case in suite] for suite in suites]
        assert names == [[step.id for step in record.steps], [each.id for each in record.invariants]]
    assert [case.result[0].message for case in suites[1] if case.result] == [
        "rows in Parquet = through Presto: expected 20, got 19"
    ]
