"""Folders of any depth are removed and measured: a stranger made them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from harness.folders import remove
from harness.grade.rerun import leftovers
from harness.grade.rerun.confined import size_of

DEPTH = 1_500


def nest(folder: Path, name: str, depth: int = DEPTH) -> None:
    """Make folders in folders, each with a file; no path is longer than a name."""
    at = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=at)
        inner = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
        with os.fdopen(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=at), "wb") as file:
            file.write(b"x" * 10)
    os.close(at)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "made"
    made.mkdir()
    yield made
    remove(made)


@pytest.mark.parametrize("name", ["d", "n" * 200])
def test_a_folder_of_any_depth_is_removed(folder: Path, name: str) -> None:
    nest(folder, name)
    nest(folder, f"{name}2", 3)
    remove(folder)
    assert not folder.exists()


def test_no_link_is_followed(folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("")
    (folder / "inner").mkdir()
    for link in (folder / "link", folder / "inner" / "link"):
        link.symlink_to(kept)
    (tmp_path / "link").symlink_to(kept)
    for each in (folder, tmp_path / "link", tmp_path / "none", kept / "file"):
        remove(each)
    assert not folder.exists()
    assert (kept / "file").exists()


def test_what_cannot_be_removed_stays_and_is_no_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nest(folder, "d", 3)
    unlink = os.unlink

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "unlink", refuse)
    remove(folder)
    assert folder.exists()
    monkeypatch.setattr(os, "unlink", unlink)


def test_what_a_killed_process_left_goes_however_deep_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers.tempfile, "gettempdir", lambda: str(tmp_path))
    left = tmp_path / f"{leftovers.PREFIX}-999999999-1-abcd"
    left.mkdir()
    nest(left, "d")
    with suppress(RecursionError), leftovers.own_folder() as own:
        assert own.stat().st_mode & 0o777 == 0o711
        nest(own, "d")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_any_depth_is_measured(folder: Path) -> None:
    nest(folder, "d")
    (folder / "link").symlink_to(folder)
    assert size_of(folder) >= DEPTH * 512
    assert size_of(folder / "none") == 0
