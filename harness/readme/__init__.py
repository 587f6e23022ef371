"""Reads a report back: tokens, then blocks with their lines, then what each block is and how sure that is.

A report of this project is read with certainty, with its comments and without them; a stranger's is
guessed at, be it Markdown, a notebook or the history of a shell.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from harness.errors import UsageError
from harness.readme.blocks import Block, Comment, Finding, Kind, Reading
from harness.readme.classify import classify
from harness.readme.digests import check
from harness.readme.history import is_history_file, read_history
from harness.readme.notebook import is_notebook, read_notebook
from harness.readme.tokens import parse

__all__ = ["Block", "Comment", "Finding", "Kind", "Reading", "ReportError", "decoded", "read", "read_any", "read_file"]


class ReportError(UsageError):
    """A report that cannot be read: which file, what was wanted and what was seen."""


_WANTED: Final = "a report, such as README.md or a notebook"

SIZE_LIMIT: Final = 32 * 1024 * 1024
"""Bytes of a report; a longer one is refused unread."""


def read(text: str, name: str = "README.md") -> Reading:
    """Read a report in time linear in its length, whatever it is; its name says whether it is a notebook or a history.

    Raises UsageError where a notebook is none.
    """
    if is_notebook(name):
        return read_notebook(text)
    if is_history_file(name):
        return read_history(text)
    blocks, problems = classify(parse(text))
    checked, findings, count = check(blocks)
    return Reading(checked, findings, problems, count)


def read_file(path: Path) -> Reading:
    """Read a report from a file of UTF-8. Raises ReportError when it is missing, binary or in another encoding."""
    data = _bytes(path)
    if (at := data.find(b"\0")) >= 0:
        raise ReportError(f"{path} is binary.", wanted=_WANTED, seen=f"a NUL at byte {at:,} of {len(data):,}")
    try:
        return read(data.decode("utf-8"), path.name)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        seen = f"byte 0x{data[error.start]:02x} in line {line}"
        raise ReportError(f"{path} is not UTF-8.", wanted=_WANTED, seen=seen, remedy="saving it as UTF-8") from error


def read_any(path: Path) -> tuple[str, Reading]:
    """Read a report whatever its bytes are, and give its text too. The problems name what stands in for bytes.

    Raises ReportError when it is missing or too large.
    """
    text, problems = decoded(_bytes(path))
    reading = read(text, path.name)
    return text, replace(reading, problems=[*problems, *reading.problems])


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > SIZE_LIMIT:
            seen = f"{size:,} bytes, where {SIZE_LIMIT:,} are the most"
            smaller = "clearing the notebook's outputs" if is_notebook(path.name) else "leaving out what is no report"
            raise ReportError(f"{path} is too large.", wanted=_WANTED, seen=seen, remedy=smaller)
        return path.read_bytes()
    except OSError as error:
        remedy = "./run report, which writes one" if isinstance(error, FileNotFoundError) else None
        raise ReportError(f"{path} cannot be read.", wanted=_WANTED, seen=error.strerror, remedy=remedy) from error


def decoded(data: bytes) -> tuple[str, list[str]]:
    """Give the text that some bytes are, and what had to be replaced to get it.

    A mark at its start names UTF-16, as Windows writes it. A byte that is not UTF-8, and a NUL, becomes U+FFFD.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").replace("\0", "\ufffd"), []
    problems = []
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.append(f"The report is not UTF-8: byte 0x{data[error.start]:02x} in line {line} is the first such.")
        text = data.decode("utf-8", "replace")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        problems.append(f"The report has {text.count(chr(0)):,} NUL bytes, the first in line {line}.")
        text = text.replace("\0", "\ufffd")
    return text, problems
