"""From elements to blocks: by the renderer's own structure where the report shows signs of it, else by looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.readme.answers import answered
from harness.readme.blocks import Block, Kind
from harness.readme.forms import printed_form
from harness.readme.generated import is_generated, read_generated
from harness.readme.guess import guess
from harness.readme.hidden import revealed
from harness.readme.tokens import Element, Shape, Source


def classify(source: Source) -> tuple[list[Block], list[str]]:
    """Give the blocks of a report in their order, and what is wrong with it as a whole."""
    if is_generated(source.elements):
        blocks, problems = read_generated(source)
        return list(_formed(_numbered(blocks, source.elements))), problems
    blocks = answered(list(guess(revealed(source))))
    return blocks, [] if blocks else ["The report is empty."]


def _numbered(blocks: Sequence[Block], elements: Sequence[Element]) -> Iterator[Block]:
    """Number the fences of a report of this project; a fence inside an explanation counts and is no block."""
    fences = [element for element in elements if element.shape in (Shape.FENCE, Shape.CODE)]
    number = {(fence.first_line, fence.last_line): at for at, fence in enumerate(fences, 1)}
    for block in blocks:
        yield replace(block, fence=number.get((block.first_line, block.last_line)))


def _formed(blocks: Iterator[Block]) -> Iterator[Block]:
    """Give the commands and outputs of a report of this project their forms, and each output the command it answers."""
    command: Block | None = None
    for block in blocks:
        if block.kind is Kind.COMMAND:
            command = block = replace(block, form="shell")
        elif block.kind in (Kind.OUTPUT, Kind.LISTING, Kind.EXCERPT) and command and block.step == command.step:
            form = printed_form(block.text.split("\n"))[0] if block.text else ""
            block = replace(block, form=form, answers=command.first_line)
        yield block
