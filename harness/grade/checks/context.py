"""What stands around an output: the command it answers, the prose beside it, and signs that it is not all shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Final

from harness.grade.model import Submission
from harness.readme.blocks import Block, Kind

_OUTPUTS: Final = frozenset({Kind.OUTPUT, Kind.EXCERPT})
_ELLIPSES: Final = frozenset({"[...]", "(...)", "<...>", "[…]", "# ...", "// ...", "⋮", ":"})
_PAGER: Final = ("--More--", "(END)", "lines ", ":q", "-- INSERT")
_CUT_WORDS: Final = (
    "abbreviat",
    "abridged",
    "cut off",
    "cut short",
    "excerpt",
    "first few",
    "for brevity",
    "i removed",
    "last few",
    "omitted",
    "part of the output",
    "rows removed",
    "sample",
    "save space",
    "shortened",
    "snippet",
    "snipped",
    "trimmed",
    "truncated",
)
_BESIDE: Final = 4
"""Blocks between an output and the prose about it: its command, and what else is in its fence."""

_SAMPLE_WORDS: Final = ("e.g.", "example", "for instance", "like this", "like these", "look like", "such as")


def outputs(submission: Submission) -> Iterator[tuple[int, Block]]:
    """Give the outputs of the report with their places among its blocks."""
    for at, block in enumerate(submission.blocks):
        if block.kind in _OUTPUTS:
            yield at, block


def text(block: Block) -> str:
    """Give the content of a block for a parser, one line for each of `printed()`."""
    return "\n".join(line.replace("\r", " ") for _, line in block.printed())


def line_of(block: Block, at: int) -> int:
    """Give the report's line of a line of the content; beyond its end, the block's first line."""
    printed = block.lines if block.content else range(block.first_line + (block.fence is not None), block.last_line + 1)
    return printed[at] if 0 <= at < len(printed) else block.first_line


def command(submission: Submission, at: int) -> Block | None:
    """Give the command's block that the output at this place belongs to, or None."""
    answers = submission.blocks[at].answers
    if answers is None:
        return None
    for before in range(at - 1, max(-1, at - 40), -1):
        block = submission.blocks[before]
        if block.first_line == answers and block.kind is Kind.COMMAND:
            return block
    return None


def prose_near(submission: Submission, at: int) -> str:
    """Give the prose right before a block or its command, and right after the block, in lower case."""
    return " ".join(
        block.text.lower()[:2000] for block in _neighbours(submission.blocks, at) if block.kind is not Kind.TABLE
    )


def is_cut(submission: Submission, at: int) -> bool:
    """Whether a block says, in itself or in the prose beside it, that it does not show all."""
    block = submission.blocks[at]
    if block.kind is Kind.EXCERPT:
        return True
    if any(is_gap(line) for _, line in block.printed()):
        return True
    near = prose_near(submission, at)
    return any(word in near for word in _CUT_WORDS)


def cut_once(submission: Submission, at: int) -> Callable[[], bool]:
    """Give `is_cut` of a block for one that asks often: it is found out at the first call."""
    return cache(lambda: is_cut(submission, at))


def is_sample(submission: Submission, at: int) -> bool:
    """Whether the lines may be a sample of many, because they are cut or the prose calls them an example."""
    near = prose_near(submission, at)
    return any(word in near for word in _SAMPLE_WORDS) or is_cut(submission, at)


def is_gap(line: str) -> bool:
    """Whether a line stands for lines that were left out, or is a pager's."""
    bare = line.replace("|", " ").strip()
    return bare in _ELLIPSES or (bare != "" and not bare.strip(".… ")) or bare.startswith(_PAGER)


def _neighbours(blocks: Sequence[Block], at: int) -> Iterator[Block]:
    for step in (-1, 1):
        beside = at + step
        for _ in range(_BESIDE):
            if not 0 <= beside < len(blocks) or blocks[beside].kind in (Kind.PROSE, Kind.HEADING):
                break
            if blocks[beside].fence != blocks[at].fence and (step > 0 or blocks[beside].kind is not Kind.COMMAND):
                break
            beside += step
        if 0 <= beside < len(blocks) and blocks[beside].kind in (Kind.PROSE, Kind.HEADING):
            yield blocks[beside]
