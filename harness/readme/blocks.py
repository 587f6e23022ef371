"""What a report is made of, once it is read: blocks, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a block is to a report. A listing is the output that shows a file; an excerpt repeats lines of an output."""

    HEADING = "heading"
    PROSE = "prose"
    COMMAND = "command"
    OUTPUT = "output"
    LISTING = "listing"
    EXCERPT = "excerpt"
    MESSAGE = "message"
    TABLE = "table"
    GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class Comment:
    """The comment before a captured text: where the text comes from, and its sha256.

    `sha256` is that of the whole output. `shown` is that of the text in the fence, where the two differ by more than
    the last line's end.
    """

    line: int
    kind: str
    step: str
    command: str | None = None
    stream: str | None = None
    sha256: str | None = None
    shown: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    r"""One part of a report, with its lines (from 1, a fence's own lines too).

    `text` is what a reader sees, without a last line's end. `confidence` from 0 to 1 says how sure `kind` is, and
    `reason` why. `command` is the command's id in the record. `exit_code` is None where the report names none.

    `original` is the whole output as it was captured, where the comment's digest proves it; `unproven` says why not.

    `content` is the text as it was typed or printed: without prompts, with wrapped lines joined again; `lines` gives
    the report's line of each of its lines. Both are empty where they are the text and its own lines.

    `fence` numbers the fences (and code blocks, or cells) from 1; a fence that holds a command and its output is two
    blocks or more of one number. `form` says what a command is typed at (`shell`, `presto`, `hive`, `pyspark`,
    `python`, `sql`) or what printed an output (`ab`, `access_log`, `flask`, `json_lines`, `hdfs_ls`, `spark`,
    `presto`, `hive`, `compose_ps`, `kafka_topics`, `curl`, `history`, `python`, `yaml`, `shell`, …; empty where
    nothing tells). `answers` is the first line of the command's block that an output or a listing belongs to.
    """

    kind: Kind
    text: str
    first_line: int
    last_line: int
    info: str = ""
    confidence: float = 1.0
    reason: str = ""
    step: str | None = None
    service: str | None = None
    command: str | None = None
    stream: str | None = None
    background: bool = False
    exit_code: int | None = None
    comment: Comment | None = None
    original: str | None = None
    unproven: str = ""
    content: str = ""
    lines: Sequence[int] = ()
    fence: int | None = None
    form: str = ""
    answers: int | None = None
    cell: int | None = None

    def printed(self) -> list[tuple[int, str]]:
        """Give the lines of the content (or the text, where there is no other), each with its line in the report."""
        if self.content:
            return list(zip(self.lines, self.content.split("\n"), strict=True))
        inside = self.first_line + (self.fence is not None)
        return list(enumerate(self.text.split("\n"), inside))


@dataclass(frozen=True, slots=True)
class Finding:
    """A captured text that is not what its digest says: the comment's line, the origin, and both digests."""

    line: int
    step: str
    command: str | None
    stream: str | None
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A report as it was read. `digests` counts the outputs that have one to be checked by."""

    blocks: Sequence[Block]
    findings: Sequence[Finding]
    problems: Sequence[str]
    digests: int

    @property
    def certain(self) -> bool:
        """Whether every block is what it seems, every digest agrees, and nothing is missing."""
        return not self.findings and not self.problems and all(block.confidence == 1 for block in self.blocks)
