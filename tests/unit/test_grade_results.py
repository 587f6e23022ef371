"""A grading is shown with line, verdict and both values in every form, and the student's text stays text."""

from __future__ import annotations

import html
import json
import re
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from harness.errors import ExitCode
from harness.grade.model import Evidence, Finding, Grading, Submission, Verdict, Weight
from harness.grade.results.findings_json import exit_code, render_json
from harness.grade.results.github import render_github
from harness.grade.results.markdown import render_markdown
from harness.grade.results.page import render_page
from harness.grade.results.terminal import render_text
from harness.readme import read

TEXT = "# A report\n\n```\nab -n 10 http://localhost:5000/\n```\n\n```\nComplete requests:      9\n```\n"
HOSTILE = "</code><script>alert(1)</script>\x1b[2J\u202e ``` | <b>\n::error::x"
SCHEMA = json.loads(resources.files("harness.grade").joinpath("findings.schema.json").read_text())

WRONG = Finding(
    "ab-requests", Verdict.DISAGREES, 8, "The command asks for 10 requests, the output says 9.", 10, 9, 2,
    evidence=(Evidence("", 4, "ab -n 10 http://localhost:5000/"),),
)  # fmt: skip
DOUBTFUL = Finding("steps-teardown", Verdict.DISAGREES, 1, "Nothing takes the cluster down.", weight=Weight.WARNING)
IN_CODE = Finding("route-missing", Verdict.DISAGREES, 3, "There is no such route.", file="app/api.py")
RIGHT = Finding("ab-path", Verdict.AGREES, 4, "The path is the command's.", "/", "/", 1)
VOLATILE = Finding("ab-rate", Verdict.VOLATILE, 8, "A rate differs from run to run.", None, 139.3, 2)
UNCHECKED = Finding("prose-count", Verdict.NOT_CHECKED, 1, "Nothing to compare with.", None, 3)


def grading(*findings: Finding, report: str = "README.md", text: str = TEXT) -> Grading:
    return Grading(Submission(PurePosixPath(report), read(text), {}), findings)


ALL = grading(WRONG, DOUBTFUL, IN_CODE, RIGHT, VOLATILE, UNCHECKED)


def parsed(of: Grading) -> dict[str, Any]:
    data = json.loads(render_json(of))
    Draft202012Validator(SCHEMA).validate(data)
    return data


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ((), ExitCode.NOTHING_CHECKED),
        ((UNCHECKED,), ExitCode.NOTHING_CHECKED),
        ((RIGHT, UNCHECKED), ExitCode.OK),
        ((VOLATILE,), ExitCode.OK),
        ((RIGHT, DOUBTFUL), ExitCode.OK),
        ((RIGHT, WRONG), ExitCode.DISAGREES),
    ],
)
def test_only_an_error_is_a_disagreement_and_nothing_checked_is_said(
    findings: tuple[Finding, ...], code: ExitCode
) -> None:
    assert exit_code([grading(*findings)]) == code
    assert parsed(grading(*findings))["exit_code"] == code


def test_the_terminal_shows_line_check_both_values_and_evidence() -> None:
    text = render_text(ALL)
    assert "  line 8  error  ab-requests: The command asks for 10 requests, the output says 9.\n" in text
    assert "      expected 10, got 9\n      see line 4: ab -n 10 http://localhost:5000/\n" in text
    assert "  app/api.py:3  error  route-missing" in text
    assert text.index("Errors") < text.index("Warnings") < text.index("steps-teardown")
    assert "ab-path" not in text
    assert text.endswith("2 errors, 1 warning (1 agrees, 3 disagrees, 1 not checked, 1 volatile)\n")
    assert "6 claims, 5 checked" in text


def test_everything_can_be_listed() -> None:
    text = render_text(ALL, everything=True)
    assert "line 4  agrees  ab-path" in text
    assert "line 1  not checked  prose-count" in text


def test_the_json_follows_its_schema_and_has_every_claim() -> None:
    data = parsed(ALL)
    assert data["findings"][0] == {
        "file": None,
        "line": 8,
        "block": 2,
        "check": "ab-requests",
        "verdict": "disagrees",
        "weight": "error",
        "expected": 10,
        "actual": 9,
        "message": "The command asks for 10 requests, the output says 9.",
        "evidence": [{"file": None, "line": 4, "text": "ab -n 10 http://localhost:5000/"}],
    }
    assert (data["claims"], data["checked"], data["errors"], data["warnings"]) == (6, 5, 2, 1)
    assert data["verdicts"] == {"agrees": 1, "volatile": 1, "tolerated": 0, "disagrees": 3, "not checked": 1}
    assert [block["block"] for block in data["blocks"] if block["block"]] == [1, 2]


def test_markdown_lists_errors_before_warnings_with_their_evidence() -> None:
    text = render_markdown(ALL)
    assert text.startswith("## ✗ README.md: 2 errors, 1 warning\n")
    assert "- **line 8**, `ab-requests`: The command asks for 10 requests, the output says 9.\n" in text
    assert "  - expected `10`, got `9`\n  - see line 4: `ab -n 10 http://localhost:5000/`" in text
    assert "- **`app/api.py`, line 3**, `route-missing`" in text
    assert "| agrees | 1 |" in text


def test_annotations_stand_at_the_lines_of_the_repository() -> None:
    assert render_github(ALL, PurePosixPath("kim")).splitlines() == [
        "::error file=kim/README.md,line=8,title=ab-requests::The command asks for 10 requests, the output says 9."
        "%0Aexpected 10, got 9",
        "::error file=kim/app/api.py,line=3,title=route-missing::There is no such route.",
        "::warning file=kim/README.md,line=1,title=steps-teardown::Nothing takes the cluster down.",
    ]


def test_the_page_shows_each_finding_beside_the_line_that_it_is_about() -> None:
    page = render_page(ALL, TEXT)
    assert "<script" not in page
    assert "default-src 'none'" in html.unescape(page)
    row = page[page.index('id="L8"') :]
    assert row.index("ab-requests") < row.index('id="L9"')
    assert '<a href="#L4">line 4</a>' in page


def test_of_a_long_report_the_page_shows_what_is_near_a_finding() -> None:
    text = TEXT + "more\n" * 100_000
    page = render_page(grading(WRONG, text=TEXT), text)
    assert 'id="L20"' in page
    assert 'id="L40"' not in page
    assert "lines without a finding" in page
    assert len(page) < 100_000


@pytest.mark.parametrize("render", [render_text, render_markdown, lambda of: render_page(of, HOSTILE)])
def test_hostile_text_stays_text(render: Any) -> None:
    bad = Finding(
        "a-check", Verdict.DISAGREES, 1, HOSTILE, HOSTILE, [HOSTILE], 1, evidence=(Evidence(HOSTILE, 2, HOSTILE),)
    )
    shown = render(grading(bad, Finding("b", Verdict.DISAGREES, 1, HOSTILE, file=HOSTILE), report=HOSTILE))
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", shown)
    if render is not render_text:
        assert not re.search(r"(?<!\\)<script", shown)
    parsed(grading(bad, report=HOSTILE))
    assert all(
        line.startswith(("::error ", "::warning "))
        for line in render_github(grading(bad), PurePosixPath()).splitlines()
    )
