"""Reads a Markdown report back: tokens, then blocks with their lines, then what each block is and how sure that is.

A report of this project is read with certainty, with its comments and without them; a stranger's is guessed at.
"""

from __future__ import annotations

from pathlib import Path

from harness.errors import UsageError
from harness.readme.blocks import Block, Comment, Finding, Kind, Reading
from harness.readme.classify import classify
from harness.readme.digests import check
from harness.readme.tokens import parse

__all__ = ["Block", "Comment", "Finding", "Kind", "Reading", "ReportError", "read", "read_file"]


class ReportError(UsageError):
    """A report that cannot be read: which file, what was wanted and what was seen."""


def read(text: str) -> Reading:
    """Read a report in time linear in its length, whatever it is."""
    blocks, problems = classify(parse(text))
    checked, findings, count = check(blocks)
    return Reading(checked, findings, problems, count)


def read_file(path: Path) -> Reading:
    """Read a report from a file of UTF-8. Raises ReportError when it is missing, binary or in another encoding."""
    wanted = "a report in Markdown, such as README.md"
    try:
        data = path.read_bytes()
    except OSError as error:
        remedy = "./run report, which writes one" if isinstance(error, FileNotFoundError) else None
        raise ReportError(f"{path} cannot be read.", wanted=wanted, seen=error.strerror, remedy=remedy) from error
    if (at := data.find(b"\0")) >= 0:
        raise ReportError(f"{path} is binary.", wanted=wanted, seen=f"a NUL at byte {at:,} of {len(data):,}")
    try:
        return read(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        seen = f"byte 0x{data[error.start]:02x} in line {line}"
        raise ReportError(f"{path} is not UTF-8.", wanted=wanted, seen=seen, remedy="saving it as UTF-8") from error
