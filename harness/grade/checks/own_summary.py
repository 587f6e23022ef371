"""The summary of a report of this project: each number in it is derived again from the outputs that it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from harness.grade.model import Finding, Submission, Verdict
from harness.model import Capture, Outcome, Record, StepRecord
from harness.outputs import derive
from harness.readme.blocks import Block, Kind
from harness.readme.generated import SUMMARY
from harness.render.figures import summary

NAME: Final = "summary-number"

_NUMBER: Final = re.compile(r"\b(\d[\d,]{0,18}) (commands?|requests?|events?|rows?|batch(?:es)?)\b")


def is_own(block: Block) -> bool:
    """Whether a block is the summary of a report of this project, read for sure."""
    return block.kind is Kind.PROSE and block.reason == SUMMARY and block.confidence == 1


def check(submission: Submission) -> Iterator[Finding]:
    """Compare the numbers of the summary with those that the outputs give."""
    block = next(filter(is_own, submission.blocks), None)
    if block is None:
        return
    said = _NUMBER.findall(block.text)
    shown = _NUMBER.findall(summary(_record(submission.blocks)))
    for at, (number, noun) in enumerate(said):
        found = shown[at] if len(said) == len(shown) else None
        actual = _whole(number)
        if found is None:
            message = f"The outputs give other numbers than the summary has, so “{number} {noun}” has no counterpart."
            yield Finding(NAME, Verdict.NOT_CHECKED, block.first_line, message, None, actual)
        elif found[0] == number:
            message = f"“{number} {noun}” of the summary is what the outputs give."
            yield Finding(NAME, Verdict.AGREES, block.first_line, message, actual, actual)
        else:
            message = f"The summary says “{number} {noun}”, but the outputs give {found[0]}."
            yield Finding(NAME, Verdict.DISAGREES, block.first_line, message, _whole(found[0]), actual)


def _record(blocks: Sequence[Block]) -> Record:
    """Give a record of what the report shows, with the facts that its outputs give."""
    steps = [
        StepRecord(step or "", "", "", Outcome.PASSED, None, 0, tuple(_captures(list(inside))))
        for step, inside in groupby(blocks, key=lambda block: block.step)
        if step is not None
    ]
    return Record("", "", "", {}, "", 0, (), tuple(steps), ())


def _captures(blocks: Sequence[Block]) -> Iterator[Capture]:
    starts = [at for at, block in enumerate(blocks) if block.kind is Kind.COMMAND]
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        command = blocks[start]
        printed = {
            stream: "".join(_text(block) for block in blocks[start:end] if block.stream == stream and _is_output(block))
            for stream in ("stdout", "stderr")
        }
        facts = derive(command.text, printed["stdout"], printed["stderr"])
        service = command.service or ""
        yield Capture(
            "", service, command.text, printed["stdout"], printed["stderr"], 0, "", 0, command.background, facts
        )


def _is_output(block: Block) -> bool:
    return block.kind in (Kind.OUTPUT, Kind.LISTING)


def _text(block: Block) -> str:
    return block.original if block.original is not None else f"{block.text}\n" if block.text else ""


def _whole(number: str) -> int:
    return int(number.replace(",", ""))
