"""Rubrics, reruns and graded submissions for the tests of scores and results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from graded import COMPOSE, SWORD, ab_report, fences
from graded import submission as submission_of

from harness.grade import checks
from harness.grade.model import Finding, Grading, Submission
from harness.grade.rerun.model import Ending, Ran, Rerun
from harness.grade.results.graded import Graded
from harness.grade.rubric import Rubric, parse
from harness.grade.score import score
from harness.model import Capture
from harness.readme.typed import Typed

HOSTILE: Final = "<script>alert(1)</script>\x1b[2J\u202e=cmd()|' |\n::error::x ``` " + "x" * 300
SECRET: Final = "zebra"
"""A word that stands in what is hidden alone."""

TEXT: Final = fences(
    "## Load",
    "#The app is called ten times by one user.",
    SWORD.replace("buy_sword", ""),
    ab_report("/", length=1),
    "#And this is what Presto says of it at the end.",
    f"{COMPOSE.replace('mids', 'presto')} presto --server presto:8080 --catalog hive --schema default",
)
APP: Final = (
    "import json\nfrom flask import Flask\napp = Flask(__name__)\n\n@app.route('/')\ndef home():\n    return 'x'\n"
)

CRITERIA: Final = """
  - id: load
    title: Load
    points: 1
    proof:
      - shown: ab
        with: [command, output]
      - rerun: ab
    feedback: {full: Good., partial: "Not all: {missing}. Line {line}.", none: Nothing is called.}
  - id: files
    title: Files
    points: 2
    partial: [1/2]
    proof:
      - file: "*.py"
      - file: docker-compose.yml
    feedback: {full: There., partial: "Missing: {missing}.", none: None.}
"""
HIDDEN: Final = f"""
  - id: secret
    title: The {SECRET} criterion
    points: 3
    hidden: true
    proof: [{{file: "{SECRET}.txt"}}]
    feedback: {{full: {SECRET} full, partial: {SECRET} partial, none: {SECRET} none}}
"""


def rubric(criteria: str = CRITERIA, points: str = "3", **top: str) -> Rubric:
    head = {"rubric": "'test'", "title": "A test", "points": points, **top}
    lines = "".join(f"{key}: {value}\n" for key, value in head.items())
    return parse(f"{lines}criteria:\n{criteria}", "test.yaml")


def capture(command: str, exit_code: int | None = 0, stdout: str = "", stderr: str = "") -> Capture:
    return Capture("1", "mids", command, stdout, stderr, exit_code, "2026-03-01T09:00:00Z", 1.5)


def ran(text: str, exit_code: int | None = 0, ending: Ending = Ending.ENDED, line: int = 5, form: str = "shell") -> Ran:
    typed = Typed(text, line, form, None, text)
    left_out = ending is Ending.LEFT_OUT
    return Ran(
        typed, line, ending, None if left_out else capture(text, exit_code), "needs a person" if left_out else ""
    )


def rerun(*commands: Ran, **fields: object) -> Rerun:
    return Rerun("local", commands, **fields)  # type: ignore[arg-type]


def submission(text: str = TEXT, **files: str) -> Submission:
    return submission_of(text, **{"app__py": APP, **files})


def graded(
    name: str = "kim",
    by: Rubric | None = None,
    again: Rerun | None = None,
    extra: Sequence[Finding] = (),
    text: str = TEXT,
    attempts: int = 1,
) -> Graded:
    read = submission(text)
    findings = [*checks.run(read), *extra]
    given = score(by or rubric(), read, findings, again, attempts)
    return Graded(name, given, Grading(read, findings), again)
