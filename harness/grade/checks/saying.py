"""Findings in the words of the verdicts, so that a check says only what it compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from harness.grade.model import Evidence, Finding, Verdict, Weight
from harness.model import Fact
from harness.readme.blocks import Block

QUOTE_LIMIT: Final = 120
"""Most characters of a line that a finding quotes."""


def quote(text: str) -> str:
    """Give a line for a message or as evidence: stripped and cut short."""
    short = text[: 4 * QUOTE_LIMIT].strip()
    return short if len(short) <= QUOTE_LIMIT else short[: QUOTE_LIMIT - 1] + "…"


def agrees(check: str, block: Block, line: int, message: str, value: Fact) -> Finding:
    """Say that what the block says is what the evidence gives."""
    return Finding(check, Verdict.AGREES, line, message, value, value, block.fence)


def differs(
    check: str,
    block: Block,
    line: int,
    message: str,
    values: tuple[Fact, Fact],
    evidence: Sequence[Evidence] = (),
    weight: Weight = Weight.ERROR,
) -> Finding:
    """Say that the block disagrees; `values` are the expected one and the report's."""
    return Finding(check, Verdict.DISAGREES, line, message, values[0], values[1], block.fence, weight, tuple(evidence))


def doubts(
    check: str, block: Block, line: int, message: str, values: tuple[Fact, Fact], evidence: Sequence[Evidence] = ()
) -> Finding:
    """Say that the block disagrees, perhaps for a reason that the report does not show: a warning."""
    return differs(check, block, line, message, values, evidence, Weight.WARNING)


def other(
    verdict: Verdict, check: str, block: Block, line: int, message: str, values: tuple[Fact, Fact] = (None, None)
) -> Finding:
    """Say that a number is volatile, tolerated, or was not checked."""
    return Finding(check, verdict, line, message, values[0], values[1], block.fence)
