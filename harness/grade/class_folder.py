"""Which folders are submissions: a path may be one, or a class of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from harness.errors import UsageError
from harness.grade.submission import REPORTS, shows_commands

_WORK: Final = (*REPORTS, ".py", ".yml", ".yaml", ".sh")
"""The endings of files that are work, and seldom lie beside the folders of a class."""


def submissions(
    paths: Sequence[Path], out: Path | None = None, say: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Give the submissions that paths name: each path itself, or the folders in one that is a class.

    A folder is a class where it has several folders and no report with commands, and either several of those have one
    or no work lies beside them. `out` is none of them. What was decided is said where it may be doubted. Raises
    UsageError for a path that is not there, and for an `out` in a submission, which would be read as work next time.
    """
    found: list[Path] = []
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"{path} is not there.", wanted="a submission's folder, its report, or a folder of them")
        folders, files = _inside(path, out)
        loose = [each.name for each in files if each.suffix.lower() in _WORK]
        if len(folders) < 2:
            found.append(path)
        elif loose and (shows_commands(path, below=False) or sum(map(shows_commands, folders)) < 2):
            say(f"{path} is taken for one submission: {', '.join(loose[:3])} lies beside its folders")
            found.append(path)
        else:
            beside = f"; {', '.join(loose[:3])} beside them belongs to none" if loose else ""
            say(f"{path} is taken for a class of {len(folders)} submissions{beside}")
            found += folders
    for path in found:
        if out and path.is_dir() and out.resolve().is_relative_to(path.resolve()):
            raise UsageError(
                f"The results may not lie in the submission: {out} is in {path}.",
                wanted="a folder outside it, because all that lies in it is read as its work",
                remedy="--out /tmp/results, or another folder",
            )
    return found


def _inside(path: Path, out: Path | None) -> tuple[list[Path], list[Path]]:
    """Give the folders and the files in a folder that are neither hidden, nor links, nor the results; else nothing."""
    folders: list[Path] = []
    files: list[Path] = []
    with suppress(OSError), os.scandir(path) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if entry.name.startswith(".") or (out and out.resolve().is_relative_to(path.resolve() / entry.name)):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(path, entry.name))
            elif entry.is_file(follow_symlinks=False):
                files.append(Path(path, entry.name))
    return folders, files
