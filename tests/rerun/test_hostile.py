"""Hostile submissions are contained and reported, and the next one is not harmed: as root, and as an ordinary user."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import run
from ordinary import User

from harness.grade.grade_class import Order, grade_class
from harness.grade.rerun import record
from harness.grade.rerun.limits import MIB, Limits
from harness.grade.rerun.model import Ending, Rerun
from harness.grade.rerun.stage import LocalStage
from harness.grade.rubric import load_rubric
from rerun.hostile import HOSTILE
from rerun.hostile_model import ESCAPED, SECRET, Hostile, lay_bait

SHORT = ("forks", "tables", "leaver", "finder")
OF_A_USER = ("peek", "tables", "privileges", "kills", "tamper", "links", "network", "leaver", "finder")
OF_A_USER_SHORT = 3
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
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", list(HOSTILE)[:number] if number else SHORT)


@pytest.fixture
def bait() -> Iterator[Path]:
    """A folder of the grader's that is not in /tmp, which no sandbox shows."""
    folder = Path("/var/tmp") / f"harness-grader-{os.getpid()}"
    yield lay_bait(folder)
    shutil.rmtree(folder)


def test_a_hostile_submission_is_contained(name: str, stage: LocalStage, bait: Path, tmp_path: Path) -> None:
    hostile = HOSTILE[name]()
    folder = hostile.write(tmp_path / "class", bait)
    out = tmp_path / "results"
    (graded,) = grade_class(Order([folder], load_rubric("2019"), out, LIMITS, stage), print)
    assert graded.rerun is not None
    assert_contained(hostile, graded.rerun, out, bait)


def assert_contained(hostile: Hostile, rerun: Rerun, out: Path, bait: Path) -> None:
    """Hold a rerun, its results and the bait against what must be contained."""
    expected = hostile.expected
    if not expected.cluster_may_fail:
        assert rerun.fault is None
    outputs = [text for ran in rerun.ran if ran.capture for text in (ran.capture.stdout, ran.capture.stderr)]
    escaped = [line for text in outputs for line in text.splitlines() if line.lstrip().startswith(ESCAPED)]
    assert not escaped, "\n".join(escaped)
    for words in (*expected.unseen, SECRET):
        assert not [text for text in outputs if words in text], words
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


def test_an_ordinary_user_is_safe_from_hostile_submissions_too(
    toolchain: None, user: User | None, pytestconfig: pytest.Config
) -> None:
    if user is None:
        pytest.skip("the tests run as an ordinary user already, or cannot become one")
    names = OF_A_USER[: pytestconfig.getoption("hostile") or OF_A_USER_SHORT]
    bait = lay_bait(user.home / "grader")
    folders = {name: HOSTILE[name]().write(user.home / "class", bait) for name in names}
    run("chown", "-R", "nobody", bait, user.home / "class")
    out = user.home / "results"
    words = ["harness", "grade", *folders.values(), "--rubric", "2019", "--out", out]
    ended = run(user.project / "run", *words, prefix=user.prefix, cwd=user.project, timeout=3600)
    assert ended.code in (0, 1), ended.output
    for name, folder in folders.items():
        assert (out / folder.name / "rerun.json").owner() == "nobody"
        rerun, _, _ = record.load(out / folder.name / "rerun.json")
        assert rerun.ran, name
        assert_contained(HOSTILE[name](), rerun, out / folder.name, bait)
    assert not list((user.cache / "runs").glob("*"))
