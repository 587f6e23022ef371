"""Folders and control groups of reruns: named after the process that made them, and removed when it was killed."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from harness.folders import remove

PREFIX: Final = "harness-grade"
GROUPS: Final = Path("/sys/fs/cgroup")
"""Where the machine has its control groups."""

_NAME: Final = re.compile(rf"{PREFIX}-(\d+)-(\d+)-\w+")


def new_name() -> str:
    """Give a name for something of this process, with its start: another may have its number later."""
    return f"{PREFIX}-{os.getpid()}-{_start(os.getpid()) or 0}-{secrets.token_hex(4)}"


def abandoned(folder: Path) -> Iterator[Path]:
    """Give what processes of this user that have ended left in a folder."""
    with suppress(OSError):
        for path in folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if match and _start(int(match[1])) != int(match[2]) and path.lstat().st_uid == os.geteuid():
                yield path


def abandoned_groups(root: Path = GROUPS) -> Iterator[Path]:
    """Give the control groups that they left, of either version."""
    for folder in (root, root / "memory", root / "pids"):
        yield from abandoned(folder)


def _start(pid: int) -> int | None:
    """Give when a process started, which no setting of the clock changes; None when there is none."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19])
    except OSError:
        return None


@contextmanager
def own_folder() -> Iterator[Path]:
    """Give an empty folder that everybody may enter, but not list: whom root starts as `nobody` has to.

    It goes afterwards, and those of killed processes go first.
    """
    top = Path(tempfile.gettempdir())
    for path in abandoned(top):
        remove(path)
    folder = top / new_name()
    folder.mkdir(mode=0o711)
    try:
        folder.chmod(0o711)
        yield folder
    finally:
        remove(folder)
