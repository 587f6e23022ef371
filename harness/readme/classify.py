"""From elements to blocks: by the renderer's own structure where the report shows signs of it, else by looks."""

from __future__ import annotations

from harness.readme.blocks import Block
from harness.readme.generated import is_generated, read_generated
from harness.readme.guess import guess
from harness.readme.tokens import Source


def classify(source: Source) -> tuple[list[Block], list[str]]:
    """Give the blocks of a report in their order, and what is wrong with it as a whole."""
    if is_generated(source.elements):
        return read_generated(source)
    blocks = list(guess(source.elements))
    return blocks, [] if blocks else ["The report is empty."]
