"""The columns of a text table, as its rule line `---+---` gives them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grid:
    """The places of the bars between a table's columns, counted from the start of a line."""

    bars: tuple[int, ...]

    @classmethod
    def of(cls, rule: str) -> Grid:
        """Read the grid from a rule without its outer edges: each `+` is a bar between two columns."""
        return cls(tuple(at for at, character in enumerate(rule) if character == "+"))

    def fits(self, lines: Iterable[str], width: int) -> bool:
        """Whether each line is a row by its looks: with all its bars, or no wider than the rule without any."""
        if not self.bars:
            return all(len(line.rstrip()) <= width for line in lines)
        return all(line.count("|") >= len(self.bars) for line in lines)

    def cells(self, line: str) -> list[str]:
        """Give the stripped cells of a line, so that a `|` inside a cell stays in it.

        Wide characters move the bars away from their places; such a line is split at its own bars.
        """
        if not all(line[at : at + 1] in ("|", "") for at in self.bars):
            own = line.split("|")
            if len(own) == len(self.bars) + 1:
                return [cell.strip() for cell in own]
        starts = (0, *(at + 1 for at in self.bars))
        return [line[start:end].strip() for start, end in zip(starts, (*self.bars, len(line)), strict=True)]
