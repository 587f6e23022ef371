"""Where a submission's code stands: files of its folder, cells of notebooks, listings in the report."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from harness.grade.code.syntax import parse
from harness.grade.model import Evidence, Submission
from harness.readme.blocks import Block, Kind

_QUOTE_LIMIT: Final = 160
_TESTS: Final = frozenset({"test", "tests"})
"""Folders of code that is about the pipeline and no part of it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A piece of Python: `path` is the file's, or the report's where it is a listing (then `lines` maps its lines).

    `rows` are the lines of the text. `reason` says why there is no tree, or why the text was mended first.
    """

    path: str
    text: str
    rows: Sequence[str]
    tree: ast.Module | None
    reason: str = ""
    lines: Sequence[int] = ()
    block: Block | None = None

    @property
    def is_listing(self) -> bool:
        """Whether it stands in the report."""
        return self.block is not None

    def line(self, number: int) -> int:
        """Give the line of the file or the report for a line of the text, from 1."""
        if not self.lines:
            return number
        return self.lines[min(max(number, 1), len(self.lines)) - 1]

    def evidence(self, number: int) -> Evidence:
        """Quote a line of the text, from 1."""
        quoted = self.rows[number - 1].strip() if 0 < number <= len(self.rows) else ""
        return Evidence(self.path, self.line(number), quoted[:_QUOTE_LIMIT])


def python_sources(submission: Submission) -> list[Source]:
    """Give every piece of Python of the folder and of the report, but for the folder's tests."""
    return [*_files(submission), *_listings(submission)]


def _files(submission: Submission) -> Iterator[Source]:
    for path, text in submission.files.items():
        if path.endswith(".py") and not _TESTS & set(PurePosixPath(path).parent.parts):
            parsed = parse(text)
            yield Source(path, text, text.split("\n"), parsed.tree, parsed.reason)


def _listings(submission: Submission) -> Iterator[Source]:
    for block in submission.blocks:
        if is_python(block):
            rows = block.printed()
            texts = [row for _, row in rows]
            text = "\n".join(texts)
            parsed = parse(text)
            lines = [line for line, _ in rows]
            yield Source(str(submission.report), text, texts, parsed.tree, parsed.reason, lines, block)


def is_python(block: Block) -> bool:
    """Whether a block shows Python, or is Python typed in a notebook's cell or at a prompt."""
    if block.kind is Kind.LISTING:
        return block.form in ("python", "pyspark") or block.info.partition(" ")[0].lower() in (
            "python",
            "py",
            "python3",
        )
    return block.kind is Kind.COMMAND and block.form in ("python", "pyspark")


def quoted(block: Block, file: str, line: int) -> Evidence:
    """Quote a line of the report out of a block."""
    row = next((text for number, text in block.printed() if number == line), block.text)
    return Evidence(file, line, row.strip()[:_QUOTE_LIMIT])


def base_name(path: str) -> str:
    """Give the last part of a path."""
    return PurePosixPath(path).name
