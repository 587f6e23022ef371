"""Loads a submission: which file is the report, and the text of all others. Nothing is followed, nothing executed."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from harness.errors import ExitCode, HarnessError, UsageError
from harness.grade.model import Submission
from harness.readme import read_any
from harness.readme.notebook import flatten, is_notebook
from harness.readme.sidecar import corrected
from harness.render.text import plural

REPORTS: Final = (".md", ".markdown", ".ipynb")
"""The endings of files that may be the report."""

LARGEST: Final = 2_000_000
"""Bytes of a file beside the report that is still read."""

MOST_FILES: Final = 2_000

DEEPEST: Final = 100
"""Folders in folders that a submission may have."""

_SKIPPED_FOLDERS: Final = frozenset(
    {".git", ".idea", ".ipynb_checkpoints", ".venv", ".vscode", "__pycache__", "node_modules", "site-packages", "venv"}
)
_SIGNS: Final = re.compile(
    rb"docker-compose|docker compose|spark-submit|kafkacat|kafka-topics|hadoop fs|presto|\bab\b|flask run|```"
)
_LINE_END: Final = re.compile("\r\n?")
_LOOKED_AT: Final = 4_000_000
"""Bytes of a candidate in which signs of a report are counted."""


class NoReportError(HarnessError):
    """A folder without a report: there is nothing to be checked."""

    exit_code = ExitCode.NOTHING_CHECKED


def load(path: Path, report: str | None = None, sidecar: Path | None = None) -> Submission:
    """Read a submission: a folder, or a report alone.

    Of several candidates the one that shows most commands is the report, unless `report` names it (a path in the
    folder). `sidecar` corrects the reading. Raises UsageError for a path that is none, NoReportError where no report
    is.
    """
    try:
        return _load(path, report, sidecar)
    except OSError as problem:
        raise _unreadable(path, str(problem)) from problem


def shows_commands(folder: Path, *, below: bool = True) -> bool:
    """Say whether a report with commands lies in a folder or, unless `below` is false, in one below it."""
    try:
        names = _walk(folder)[0]
    except (OSError, UsageError):
        return False
    return any(
        name.lower().endswith(REPORTS) and (below or "/" not in name) and _signs(folder / name) for name in names
    )


def _load(path: Path, report: str | None, sidecar: Path | None) -> Submission:
    if not path.exists():
        raise UsageError(f"{path} is not there.", wanted="a folder with a submission, or its report")
    folder = path if path.is_dir() else path.parent
    if not path.is_dir():
        return _submission(path, PurePosixPath(path.name), {}, {}, sidecar)
    sizes, skipped = _walk(folder)
    chosen = _chosen(folder, sizes, report, len(skipped))
    others = (name for name in sizes if name != chosen)
    files: dict[str, str] = {}
    for name in others:
        if sizes[name] > LARGEST:
            skipped[name] = f"larger than {LARGEST:,} bytes"
        elif (text := _text(folder / name)) is None:
            skipped[name] = "not text"
        else:
            files[name] = text
    return _submission(folder / chosen, PurePosixPath(chosen), files, skipped, sidecar)


def _unreadable(path: Path, seen: str) -> UsageError:
    return UsageError(f"{path} cannot be read.", wanted="a folder with a submission, or its report", seen=seen)


def _submission(
    path: Path, report: PurePosixPath, files: Mapping[str, str], skipped: Mapping[str, str], sidecar: Path | None
) -> Submission:
    text, reading = read_any(path)
    if sidecar:
        reading = corrected(reading, _sidecar(sidecar), str(sidecar))
    text = flatten(text) if is_notebook(path.name) else _LINE_END.sub("\n", text.removeprefix("\ufeff"))
    return Submission(report, reading, files, skipped, text)


def _sidecar(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(
            f"{path} cannot be read.", wanted="a file that corrects a reading", seen=str(problem)
        ) from problem


def _chosen(folder: Path, sizes: Mapping[str, int], report: str | None, skipped: int) -> str:
    candidates = [name for name in sizes if name.lower().endswith(REPORTS)]
    if report is not None:
        name = PurePosixPath(report).as_posix()
        if name not in sizes:
            raise UsageError(
                f"{report} is no file of {folder}.", wanted=f"among {', '.join(candidates) or 'no report at all'}"
            )
        return name
    if not candidates:
        raise NoReportError(
            f"{folder} has no report.",
            wanted=f"a file that ends in {', '.join(REPORTS)}",
            seen=f"{plural(len(sizes), 'other file')}, {skipped} left out" if sizes or skipped else "an empty folder",
            remedy="--report FILE names one with another ending",
        )
    return max(
        candidates, key=lambda name: (_signs(folder / name), -name.count("/"), name.lower() == "readme.md", name)
    )


def _signs(path: Path) -> int:
    try:
        with path.open("rb") as file:
            return len(_SIGNS.findall(file.read(_LOOKED_AT)))
    except OSError:
        return 0


def _walk(folder: Path) -> tuple[dict[str, int], dict[str, str]]:
    """Give the regular files with their sizes, and what was left out with the reason; no link is followed."""
    sizes: dict[str, int] = {}
    skipped: dict[str, str] = {}
    for path, entry in _entries(folder):
        name = path.relative_to(folder).as_posix()
        if stat.S_ISLNK(entry.st_mode):
            skipped[name] = "a symbolic link, which is not followed"
        elif not stat.S_ISREG(entry.st_mode):
            skipped[name] = "no regular file"
        elif len(sizes) == MOST_FILES:
            skipped["…"] = f"more than {MOST_FILES:,} files"
            break
        else:
            sizes[name] = entry.st_size
    return sizes, skipped


def _entries(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for parent, folders, names in os.walk(folder, followlinks=False, onerror=_raised):
        if folders and parent.count(os.sep) - str(folder).count(os.sep) >= DEEPEST:
            raise _unreadable(folder, f"folders in folders, more than {DEEPEST} deep")
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS and name not in links)
        for name in sorted((*names, *links), key=lambda each: (not each.lower().endswith(REPORTS), each)):
            path = Path(parent) / name
            yield path, path.lstat()


def _raised(problem: OSError) -> None:
    raise problem


def _text(path: Path) -> str | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return None if b"\0" in data else data.decode("utf-8", "replace")
