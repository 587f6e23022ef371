"""The words and headings around a report's steps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from harness.readme.blocks import Block, Kind

_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_FEWEST: Final = 4
"""Words that make a sentence: `This is the output` does, `Output:` does not."""

_NEAR: Final = 4


def count_words(text: str) -> int:
    """Count the words of a text; numbers and signs are none."""
    return len(_WORD.findall(text))


def is_sentence(block: Block) -> bool:
    """Whether a block is prose of at least a short sentence."""
    return block.kind is Kind.PROSE and count_words(block.text) >= _FEWEST


def is_about(blocks: Sequence[Block], at: int) -> bool:
    """Whether a sentence stands right before a command or after it and its outputs."""
    for before in range(at - 1, max(-1, at - 1 - _NEAR), -1):
        if is_sentence(blocks[before]):
            return True
        if blocks[before].kind is Kind.COMMAND:
            break
    for block in blocks[at + 1 : at + 1 + _NEAR]:
        if is_sentence(block):
            return True
        if block.kind in (Kind.COMMAND, Kind.HEADING):
            break
    return False


def first_heading(blocks: Sequence[Block]) -> int:
    """Give the place of the first heading that is not the report's title; their number where there is none."""
    return next((at for at, block in enumerate(blocks) if at and block.kind is Kind.HEADING), len(blocks))


def steps(blocks: Sequence[Block]) -> list[int]:
    """Give the place of the first command of each step: commands with nothing but outputs between them are one."""
    found: list[int] = []
    inside = False
    for at, block in enumerate(blocks):
        if block.kind is Kind.COMMAND:
            if not inside:
                found.append(at)
            inside = True
        elif block.kind in (Kind.HEADING, Kind.PROSE):
            inside = False
    return found


def sections(blocks: Sequence[Block]) -> Iterator[tuple[Block | None, list[Block]]]:
    """Give each heading with the blocks below it, down to the next one; what stands above the first has None."""
    heading: Block | None = None
    below: list[Block] = []
    for block in blocks:
        if block.kind is Kind.HEADING:
            yield heading, below
            heading, below = block, []
        else:
            below.append(block)
    yield heading, below
