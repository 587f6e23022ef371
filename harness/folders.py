"""Folders that strangers filled: of any depth, with paths longer than the system takes."""

from __future__ import annotations

import itertools
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

_OPENED: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it. No link is followed; what cannot be removed stays.

    What lies in a folder is moved to the top before the folder goes: no path has more than two names, however deep it
    was, and two descriptors are enough.
    """
    names = map(f".{secrets.token_hex(8)}-{{}}".format, itertools.count())
    with suppress(OSError):
        top = os.open(folder, _OPENED)
        try:
            waiting = _emptied(top)
            while waiting:
                name = waiting.pop()
                with suppress(OSError):
                    inner = os.open(name, _OPENED, dir_fd=top)
                    try:
                        for each in _emptied(inner):
                            moved = next(names)
                            with suppress(OSError):
                                os.rename(each, moved, src_dir_fd=inner, dst_dir_fd=top)
                                waiting.append(moved)
                    finally:
                        os.close(inner)
                    os.rmdir(name, dir_fd=top)
        finally:
            os.close(top)
        folder.rmdir()


def _emptied(folder: int) -> list[str]:
    """Remove what is no folder from an open folder, and give the names of the folders in it."""
    found = []
    with os.scandir(folder) as entries:
        for entry in list(entries):
            if entry.is_dir(follow_symlinks=False):
                found.append(entry.name)
            else:
                with suppress(OSError):
                    os.unlink(entry.name, dir_fd=folder)
    return found
