"""What is written for Gradescope and for GitHub Classroom follows the formats that their documents describe."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from junitparser import JUnitXml
from test_grade_results_student import KINDS, hostile

from harness.grade.results.graded import Graded
from harness.grade.results.write import student_files

ALL = {**KINDS, "hostile": hostile()}


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((Path(__file__).parent / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("of", ALL.values(), ids=ALL)
def test_results_json_follows_gradescope(of: Graded) -> None:
    found = json.loads(student_files(of)["results.json"])
    assert [error.message for error in validator("gradescope").iter_errors(found)] == []


@pytest.mark.parametrize("of", ALL.values(), ids=ALL)
def test_the_classroom_result_follows_its_reporter(of: Graded) -> None:
    found = json.loads(base64.b64decode(student_files(of)["classroom.b64"]))
    assert [error.message for error in validator("classroom").iter_errors(found)] == []


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"output": "x"},
        {"tests": [{"name": "a"}]},
        {"score": "8"},
        {"score": 8, "visibility": "secret"},
        {"score": 8, "tests": [{"status": "full"}]},
    ],
)
def test_gradescopes_schema_refuses_what_its_document_does(bad: dict[str, Any]) -> None:
    assert not validator("gradescope").is_valid(bad)


def test_junit_xml_is_read_by_junitparser(tmp_path: Path) -> None:
    for of in ALL.values():
        file = tmp_path / "junit.xml"
        file.write_text(student_files(of)["junit.xml"], encoding="utf-8")
        suite = next(iter(JUnitXml.fromfile(str(file))))
        told = (suite.tests, suite.failures, suite.errors, suite.skipped)
        suite.update_statistics()
        assert told == (suite.tests, suite.failures, suite.errors, suite.skipped)
