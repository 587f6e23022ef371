"""What is compared: the outputs of a report that answer one command's block, and what its commands printed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.grade.compare.totals import Totals
from harness.grade.model import Evidence, Submission
from harness.grade.rerun.model import Ran
from harness.model import Capture
from harness.readme.blocks import Block, Kind

FILE = "rerun"
"""The file that evidence from a rerun names; its line is that of the command in the report."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An output of the report, and its place among the blocks."""

    place: int
    block: Block


@dataclass(frozen=True, slots=True)
class View:
    """What a command had printed at one time in the rerun."""

    ran: Ran
    capture: Capture

    @property
    def both(self) -> str:
        """What it printed on both streams."""
        return f"{self.capture.stdout}\n{self.capture.stderr}"


@dataclass(frozen=True, slots=True)
class Group:
    """The outputs of one kind that answer one block of commands, with the commands of that block in the rerun."""

    submission: Submission
    shown: Sequence[Shown]
    rans: Sequence[Ran]
    totals: Totals

    def views(self) -> list[View]:
        """Give everything that the commands printed: for each its output, then the later looks at it."""
        return [View(ran, capture) for ran in self.rans for capture in (ran.capture, *ran.looks) if capture is not None]

    def ends(self) -> list[View]:
        """Give the last and longest that each command printed."""
        last: dict[int, View] = {}
        for view in self.views():
            before = last.get(id(view.ran))
            if before is None or len(view.both) >= len(before.both):
                last[id(view.ran)] = view
        return list(last.values())

    def since(self, one: Shown) -> list[list[View]]:
        """Give what the commands had printed when the report shows an output, at each later look, and at their end.

        One that goes on prints what comes of later commands too, which that output cannot show.
        """
        ends = self.ends()
        answers = [
            block.first_line
            for block in self.submission.blocks
            if block.answers == one.block.answers and block.kind is not Kind.COMMAND
        ]
        first = answers.index(one.block.first_line)
        looks = max((len(view.ran.looks) for view in ends), default=0)
        return [*([_looked(view, at) for view in ends] for at in range(first, looks)), ends]


def _looked(view: View, at: int) -> View:
    """Give a look at a command, or all that it printed where it had ended before."""
    return View(view.ran, view.ran.looks[at]) if at < len(view.ran.looks) else view


def evidence(ran: Ran, text: str) -> list[Evidence]:
    """Give a line of the rerun as evidence."""
    return [Evidence(FILE, ran.typed.line, text.strip()[:120])]
