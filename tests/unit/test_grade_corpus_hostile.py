"""The hostile submissions that a rerun is tested with: they are what they say, and reading them harms nobody."""

from __future__ import annotations

import ast
import subprocess
import sys
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


PROGRAMS = sorted(path for path in ATTACKS.glob("*.py") if path.name != "verdict.py")
HARMLESS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.Assign)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_a_program_does_nothing_before_it_knows_where_it_is(path: Path) -> None:
    """It sets a limit of its own, of two minutes at most, and that stops it where no rerun has put it."""
    body = ast.parse(path.read_text()).body[1:]
    body = [inner for each in body for inner in (each.body if isinstance(each, ast.If) else [each])]
    body = [each for each in body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
    first = next(each for each in body if not isinstance(each, HARMLESS) and "signal.SIGXFSZ" not in ast.unparse(each))
    before = [each for each in body[: body.index(first)] if isinstance(each, ast.Assign)]
    calls = {ast.unparse(node.func) for each in before for node in ast.walk(each) if isinstance(node, ast.Call)}
    assert calls <= {"ctypes.CDLL", "json.dumps"}
    call = first.value if isinstance(first, ast.Expr) else None
    assert isinstance(call, ast.Call)
    assert ast.unparse(call.func) == "within"
    limit = ast.literal_eval(call.args[0])
    assert 0 < limit <= 120


def test_a_program_does_not_run_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "verdict.py").write_text((ATTACKS / "verdict.py").read_text())
    (tmp_path / "harmless.py").write_text("from verdict import within\nwithin(5)\nprint('it runs')\n")
    ran = subprocess.run([sys.executable, "harmless.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "in a rerun only" in ran.stderr


@pytest.mark.parametrize("words", ["kill -9", "docker kill", "docker-compose kill", "prune", "docker-compose rm"])
def test_a_command_that_would_harm_any_machine_runs_in_a_rerun_only(words: str) -> None:
    found = [command for make in HOSTILE.values() for command in make().commands if words in command]
    assert found
    inside = ("test -d /w205 && ", "docker-compose exec mids ")
    assert [command for command in found if not command.startswith(inside)] == []


def test_an_attack_that_succeeds_says_so(tmp_path: Path) -> None:
    """The same words are looked for in what a rerun gives."""
    text = (ATTACKS / "verdict.py").read_text()
    assert f'"{ESCAPED} "' in text
