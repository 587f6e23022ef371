"""Hostile submissions are contained and reported, and the next one is not harmed."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.grade.grade_class import Order, grade_class
from harness.grade.rerun.limits import MIB, Limits
from harness.grade.rerun.model import Ending
from harness.grade.rerun.stage import LocalStage
from harness.grade.rubric import load_rubric
from rerun.hostile import HOSTILE
from rerun.hostile_model import ESCAPED, SECRET, lay_bait

SHORT = ("forks", "peek", "privileges", "leaver", "finder")
LIMITS = Limits(
    memory=1536 * MIB,
    processes=200,
    disk=256 * MIB,
    cluster=2048 * MIB,
    output=8 * MIB,
    command=20.0,
    total=150.0,
    settle=20.0,
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    number = metafunc.config.getoption("hostile")
    metafunc.parametrize("name", list(HOSTILE)[:number] if number else SHORT)


def test_a_hostile_submission_is_contained(name: str, stage: LocalStage, tmp_path: Path) -> None:
    bait = lay_bait(tmp_path / "grader")
    hostile = HOSTILE[name]()
    folder = hostile.write(tmp_path / "class", bait)
    out = tmp_path / "results"
    (graded,) = grade_class(Order([folder], load_rubric("2019"), out, LIMITS, stage), print)
    expected = hostile.expected
    rerun = graded.rerun
    assert rerun is not None
    if not expected.cluster_may_fail:
        assert rerun.fault is None
    outputs = [text for ran in rerun.ran if ran.capture for text in (ran.capture.stdout, ran.capture.stderr)]
    escaped = [line for text in outputs for line in text.splitlines() if line.lstrip().startswith(ESCAPED)]
    assert not escaped, "\n".join(escaped)
    for file in bait.rglob("*"):
        assert not file.is_file() or file.read_text() == f"# {SECRET}\n", file
    if expected.limits:
        assert expected.limits & {breach.limit for breach in rerun.breaches}, rerun.breaches
    for words in expected.stopped:
        ran = next(ran for ran in rerun.commands if words in ran.typed.text)
        assert ran.ending in (Ending.TIMED_OUT, Ending.STOPPED, Ending.LEFT_OUT), (words, ran.ending)
    for words in expected.ends:
        ran = next(ran for ran in rerun.commands if words in ran.typed.text)
        assert ran.capture is not None, ran.note
        assert ran.capture.exit_code == 0, (words, ran.capture)
    shown = {file: file.read_text() for file in out.rglob("*") if file.is_file() and file.name != "rerun.json"}
    assert (out / "result.json") in shown
    for words in (*expected.never, SECRET):
        for file, text in shown.items():
            assert words not in text, (words, file.name)
