"""Listings of the project's own files: what ran, not what came out.

A command is a source listing when it is one `cat` of one path that is relative, leads to a file of the project as it
stands here, and not into the folder of reports. Its contents are not compared as data, since an edit is meant to
change them; that the file changed is said. Its exit code counts, and so does all that the edited file then does.
A `cat` of anything else, such as a file that a job wrote, is data.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from harness.outputs import shell

IsSource: TypeAlias = Callable[[str], bool]
"""Whether a path, as a command names it, is a file of the project."""


def none(_path: str) -> bool:
    """Take no file for a source: two records side by side, whatever project they are of."""
    return False


def of_project(project: Path, reports: Path) -> IsSource:
    """Give the predicate for a project; what lies in the folder `reports` is not a source."""
    project, reports = project.resolve(), reports.resolve()

    def is_source(path: str) -> bool:
        try:
            file = (project / path).resolve()
            return file.is_relative_to(project) and not file.is_relative_to(reports) and file.is_file()
        except (OSError, ValueError, RuntimeError):
            return False

    return is_source


def listed(command: str) -> str | None:
    """Give the one relative path that a command prints with `cat` and does nothing else, or None."""
    programs = shell.parse(command).programs
    if len(programs) != 1 or programs[0].name != "cat" or not programs[0].audible or len(programs[0].args) != 1:
        return None
    path = programs[0].args[0]
    plain = PurePosixPath(path)
    return None if path.startswith(("-", "~")) or plain.is_absolute() or ".." in plain.parts else path
