"""Findings about a rerun: the report's value, the rerun's, and the rerun's line as evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from harness.grade.checks.saying import quote
from harness.grade.compare.model import evidence
from harness.grade.model import Finding, Verdict, Weight
from harness.grade.rerun.model import Ran
from harness.model import Fact
from harness.readme.blocks import Block

_MOST: Final = 6
"""Names that a message lists."""

ENDLESS: Final = "a load without an end"
"""The evidence in place of a count of such a load, which is another one each time."""


def same(check: str, block: Block, line: int, message: str, value: Fact) -> Finding:
    """Say that the rerun gave what the report shows."""
    return Finding(check, Verdict.AGREES, line, message, value, value, block.fence)


def unlike(
    check: str,
    block: Block,
    line: int,
    message: str,
    values: tuple[Fact, Fact],
    ran: Ran,
    text: str = "",
    weight: Weight = Weight.ERROR,
) -> Finding:
    """Say that the rerun gave something else; `values` are the rerun's and the report's."""
    seen = tuple(evidence(ran, text or f"{values[0]}"))
    return Finding(check, Verdict.DISAGREES, line, message, values[0], values[1], block.fence, weight, seen)


def excused(
    check: str, block: Block, line: int, message: str, values: tuple[Fact, Fact], ran: Ran, text: str = ""
) -> Finding:
    """Say that the rerun gave something else, as it had to."""
    seen = tuple(evidence(ran, text or f"{values[0]}"))
    return Finding(check, Verdict.TOLERATED, line, message, values[0], values[1], block.fence, evidence=seen)


def volatile(check: str, block: Block, line: int, message: str) -> Finding:
    """Say that something differs from run to run."""
    return Finding(check, Verdict.VOLATILE, line, message, block=block.fence)


def unchecked(check: str, block: Block, line: int, message: str, values: tuple[Fact, Fact] = (None, None)) -> Finding:
    """Say that nothing was compared, and why."""
    return Finding(check, Verdict.NOT_CHECKED, line, message, values[0], values[1], block.fence)


def listed(names: Sequence[str]) -> str:
    """Give names for a message, not more than a reader takes in."""
    shown = ", ".join(quote(name) for name in names[:_MOST])
    return shown + (f" and {len(names) - _MOST} more" if len(names) > _MOST else "")


def counted(totals: Mapping[str, int]) -> str:
    """Give counts by name for a message: `10 × GET /, 5 × GET /sword`."""
    return listed([f"{count} × {name}" for name, count in sorted(totals.items())]) or "none"


def rows(number: int) -> str:
    """Give a number of rows in words."""
    return f"{number:,} row" if number == 1 else f"{number:,} rows"
