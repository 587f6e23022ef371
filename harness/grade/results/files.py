"""Writes files of results into a folder; it needs nothing of what the results of a class need."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from harness.errors import EnvironmentFault
from harness.record import write_text


def write_files(folder: Path, files: dict[str, str], gone: Collection[str] = ()) -> None:
    """Write files by their names into a folder, which is made; those in `gone` are removed first.

    Raises EnvironmentFault when that cannot be done.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in gone:
            (folder / name).unlink(missing_ok=True)
        for name, text in files.items():
            write_text(folder / name, text)
    except OSError as problem:
        raise EnvironmentFault(
            f"{folder} cannot be written.", seen=str(problem), remedy="choose another folder with --out"
        ) from problem
