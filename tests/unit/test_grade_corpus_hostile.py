"""The hostile submissions that a rerun is tested with: they are what they say, and reading them harms nobody."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest
from rerun.hostile import HOSTILE
from rerun.hostile_limits import MANY
from rerun.hostile_model import ATTACKS, ESCAPED, SECRET, Hostile, lay_bait

from harness.grade import grade
from harness.grade.submission import load
from harness.readme.blocks import Kind
from harness.readme.plan import plan
from harness.readme.typed import commands


@pytest.fixture(params=HOSTILE)
def hostile(request: pytest.FixtureRequest) -> Hostile:
    return HOSTILE[request.param]()


@pytest.fixture
def bait(tmp_path: Path) -> Path:
    return lay_bait(tmp_path / "grader")


def contents(folder: Path) -> Mapping[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_command_is_in_the_plan(hostile: Hostile, tmp_path: Path, bait: Path) -> None:
    submission = load(hostile.write(tmp_path, bait))
    typed = [each.text for block in submission.blocks if block.kind is Kind.COMMAND for each in commands(block)]
    wanted = [command.replace("@BAIT@", str(bait)) for command in hostile.commands]
    assert [command for command in wanted if not any(text in command for text in typed)] == []
    assert [text for text in typed if not any(text in command for command in wanted)] == []
    assert "Left out:" not in plan(submission.reading)


def test_loading_and_grading_reads_nothing_outside_and_changes_nothing(
    hostile: Hostile, tmp_path: Path, bait: Path
) -> None:
    before = contents(bait)
    grading = grade(hostile.write(tmp_path, bait))
    files = grading.submission.files
    assert [name for name, text in files.items() if SECRET in text] == []
    assert contents(bait) == before
    assert not (tmp_path / "made-by-a-name").exists()


def test_no_program_has_the_secret_in_it(hostile: Hostile, tmp_path: Path, bait: Path) -> None:
    folder = hostile.write(tmp_path, bait)
    texts = [path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert not any(SECRET.encode() in text for text in texts if len(text) < 1_000_000)


def test_the_words_of_what_is_expected_are_words_of_its_commands(hostile: Hostile) -> None:
    said = (*hostile.expected.stopped, *hostile.expected.ends)
    assert [words for words in said if not any(words in command for command in hostile.commands)] == []


def test_there_are_as_many_files_as_said(tmp_path: Path, bait: Path) -> None:
    folder = HOSTILE["crowd"]().write(tmp_path, bait)
    assert len(list(folder.iterdir())) > MANY


@pytest.mark.parametrize("path", sorted(ATTACKS.glob("*.py")), ids=lambda path: path.name)
def test_a_program_ends_by_itself(path: Path) -> None:
    """Each sets a limit of its own, of two minutes at most."""
    limits = [
        node.args[0].value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("within", "signal.alarm") and node.args
        if isinstance(node.args[0], ast.Constant)
    ]
    if path.name not in ("verdict.py", "sleeper.py"):
        assert limits
    assert all(isinstance(limit, int) and 0 < limit <= 120 for limit in limits)


def test_an_attack_that_succeeds_says_so(tmp_path: Path) -> None:
    """The same words are looked for in what a rerun gives."""
    text = (ATTACKS / "verdict.py").read_text()
    assert f'"{ESCAPED} "' in text
