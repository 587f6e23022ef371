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

import psutil

from harness.folders import remove

PREFIX: Final = "harness-grade"
_NAME: Final = re.compile(rf"{PREFIX}-(\d+)-\w+")


def new_name() -> str:
    """Give a name for something of this process."""
    return f"{PREFIX}-{os.getpid()}-{secrets.token_hex(4)}"


def abandoned(folder: Path) -> Iterator[Path]:
    """Give what killed processes of this user left in a folder."""
    with suppress(OSError):
        for path in folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if match and not psutil.pid_exists(int(match[1])) and path.lstat().st_uid == os.geteuid():
                yield path


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
