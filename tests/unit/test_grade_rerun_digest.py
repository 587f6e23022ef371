"""A rerun is made again when anything changes that it depends on, and not when something else does."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from test_grade_command import RIGHT

import harness
from harness.grade.model import Submission
from harness.grade.rerun import digest as module
from harness.grade.rerun import packages, stage
from harness.grade.rerun.digest import digest_of
from harness.grade.submission import load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "kim"
    (made / "jobs").mkdir(parents=True)
    (made / "README.md").write_text(RIGHT)
    (made / "load.sh").write_text("ab -n 10 http://localhost:5000/\n")
    (made / "link").symlink_to("load.sh")
    return made


def digest(folder: Path, variant: str = "local", change: Callable[[Submission], Submission] = lambda one: one) -> str:
    return digest_of(folder, change(load(folder)), variant)


def block(**fields: object) -> Callable[[Submission], Submission]:
    def changed(one: Submission) -> Submission:
        blocks = [replace(one.blocks[0], **fields), *one.blocks[1:]]  # type: ignore[arg-type]
        return replace(one, reading=replace(one.reading, blocks=blocks))

    return changed


def relink(folder: Path, to: str) -> None:
    (folder / "link").unlink()
    (folder / "link").symlink_to(to)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "load.sh").write_text("ab -n 20 http://localhost:5000/\n"),
        lambda folder: (folder / "load.sh").chmod(0o755),
        lambda folder: (folder / "load.sh").rename(folder / "jobs" / "load.sh"),
        lambda folder: (folder / "jobs").rmdir(),
        lambda folder: relink(folder, "README.md"),
        lambda folder: relink(folder, "nothing"),
        lambda folder: os.mkfifo(folder / "pipe"),
        lambda folder: os.truncate(folder / "load.sh", 200 << 20),
    ],
)
def test_whatever_of_the_files_changes_is_seen(folder: Path, change: Callable[[Path], object]) -> None:
    before = digest(folder)
    assert digest(folder) == before
    change(folder)
    assert digest(folder) != before


@pytest.mark.parametrize("fields", [{"service": "spark"}, {"confidence": 0.25}, {"content": "ls"}, {"fence": 9}])
def test_each_part_of_how_the_report_is_read_is_seen(folder: Path, fields: dict[str, object]) -> None:
    assert digest(folder, change=block(**fields)) != digest(folder)


def test_what_a_link_leads_to_out_of_the_folder_is_not_looked_at(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "beside").write_text("a")
    (tmp_path / "folder").mkdir()
    relink(folder, "../beside")
    (folder / "jobs" / "link").symlink_to(tmp_path / "folder")
    before = digest(folder)
    (tmp_path / "beside").write_text("b")
    (tmp_path / "folder" / "new").write_text("b")
    assert digest(folder) == before


def test_what_is_not_brought_to_the_rerun_changes_nothing(folder: Path) -> None:
    before = digest(folder)
    for name in (".git", "__pycache__", "venv"):
        (folder / name).mkdir()
        (folder / name / "file").write_text("a")
    assert digest(folder) == before


def test_the_version_of_a_package_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_install", lambda _wanted, folder, _target: folder.mkdir())
    variants = {
        stage._variant("local", packages.ensure(wanted, tmp_path, lambda _: None))
        for wanted in ([], ["x"], ["x==1"], ["x==2"], ["x==1", "y"])
    }
    assert len(variants) == 5
    assert "local" in variants


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("grade/rerun/runner.py", True),
        ("grade/rerun/guest/type.sh", True),
        ("readme/guess.py", True),
        ("cluster/keeper.py", True),
        ("render/page.py", False),
        ("grade/compare/ab.py", False),
        ("grade/score.py", False),
        ("grade/submission.py", True),
        ("grade/rerun/__pycache__/x.pyc", False),
    ],
)
def test_the_code_that_decides_a_rerun_is_seen(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, seen: bool
) -> None:
    package = tmp_path / "harness"
    file = package / name
    file.parent.mkdir(parents=True)
    monkeypatch.setattr(harness, "__file__", str(package / "__init__.py"))
    digests = []
    for text in ("1", "2"):
        file.write_text(text)
        module._harness.cache_clear()
        digests.append(digest(folder))
    module._harness.cache_clear()
    assert (digests[0] != digests[1]) is seen
    assert (Path(stage.__file__).parents[2] / name).exists() is not name.endswith(".pyc")
