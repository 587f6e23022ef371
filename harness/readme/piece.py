"""A piece of a fence, and the lines it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from harness.readme.blocks import Kind

Numbered: TypeAlias = Sequence[tuple[int, str]]
"""Lines with their numbers in the report."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a fence: lines as they were typed or printed, each with its number in the report.

    `sure` is false where neither the lines nor the info string tell the kind, so that what stands around has to.
    """

    kind: Kind
    form: str
    lines: Numbered
    confidence: float
    reason: str
    sure: bool = True

    @property
    def texts(self) -> list[str]:
        """The lines without their numbers."""
        return [text for _, text in self.lines]


def trimmed(lines: Numbered) -> Numbered:
    """Give the lines without blank ones at either end."""
    first, last = 0, len(lines)
    while first < last and not lines[first][1].strip():
        first += 1
    while last > first and not lines[last - 1][1].strip():
        last -= 1
    return lines[first:last]
