"""What a rerun depends on, as one number: a rerun of the same input need not be made again."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

import harness
from harness.grade.model import Submission
from harness.grade.rerun.host import SKIPPED

_LARGEST: Final = 64 << 20
"""Bytes of a file that are looked at; of a larger one its size is, too."""

_JUDGING: Final = frozenset(
    {"check", "checks", "claims", "cli", "compare", "normalise", "proofs", "render", "results", "rubrics"}
    | {"feedback.py", "human.py", "points.py", "rubric.py", "rubric_check.py", "rubric_yaml.py", "score.py"}
)
"""Folders and files of the harness that read what a rerun gave, and take no part in it."""


def digest_of(path: Path, submission: Submission, variant: str) -> str:
    """Give the digest of a submission's files, of how its report is read, of where it runs, and of the harness."""
    digest = hashlib.sha256(f"{_harness()}\n{submission.report}\n{variant}\n".encode("utf-8", "surrogateescape"))
    digest.update(repr(submission.blocks).encode("utf-8", "backslashreplace"))
    files = _files(path) if path.is_dir() else [path]
    for file in sorted(files):
        digest.update(os.fsencode(f"\0{file.relative_to(path.parent)}\0"))
        with suppress(OSError):
            digest.update(_content(file))
    return digest.hexdigest()


def _content(file: Path) -> bytes:
    """Give what of a file matters: where a link leads, or what it holds and whether it can be executed."""
    entry = file.lstat()
    if stat.S_ISLNK(entry.st_mode):
        return b"link " + os.fsencode(file.readlink())
    if not stat.S_ISREG(entry.st_mode):
        return b"other"
    with file.open("rb") as opened:
        held = hashlib.sha256(opened.read(_LARGEST)).digest()
    return f"{entry.st_mode & stat.S_IXUSR} {entry.st_size} ".encode() + held


def _files(folder: Path) -> Iterator[Path]:
    """Give all that is brought to the rerun but folders, and empty folders; no link is followed."""
    for parent, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        folders[:] = [name for name in folders if name not in SKIPPED and name not in links]
        here = [name for name in (*names, *links) if name not in SKIPPED]
        yield from (Path(parent) / name for name in here)
        if not (folders or here):
            yield Path(parent)


@cache
def _harness() -> str:
    """Give the digest of the parts of the harness that decide what a rerun gives."""
    folder = Path(harness.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = file.relative_to(folder)
        if not _JUDGING.intersection(name.parts) and "__pycache__" not in name.parts:
            digest.update(f"{name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
