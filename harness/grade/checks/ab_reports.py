"""The reports of ApacheBench in a student's report, with the lines of their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.grade.checks.context import line_of, outputs, text
from harness.grade.model import Evidence, Submission
from harness.outputs import ab
from harness.readme.blocks import Block


@dataclass(frozen=True, slots=True)
class Shown:
    """One report of `ab` with the output that it stands in, and that output's place among the blocks."""

    place: int
    block: Block
    report: ab.Report

    def line(self, name: str) -> int:
        """Give the line of a field, or the block's first line where the report lacks it."""
        return line_of(self.block, self.report.at.get(name, -1))

    def evidence(self, submission: Submission, name: str, value: object) -> Evidence:
        """Give a field as evidence."""
        return Evidence(str(submission.report), self.line(name), f"{name}: {value}")


def shown(submission: Submission) -> Iterator[Shown]:
    """Give every report of `ab` in the outputs."""
    for place, block in outputs(submission):
        if "Complete requests" in block.text:
            for report in ab.reports(text(block)):
                yield Shown(place, block, report)
