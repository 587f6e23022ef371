"""The script of a rerun: what is typed, one statement after another, and how long each of them goes on.

A report is a row of commands, but its author had several terminals: one where the API ran, one with a stream, one with
a loop that made load. What goes on until somebody stops it is recognised here, so that the rerun types the next
command as the author did, in another terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from harness.grade.model import Submission
from harness.grade.rerun.own_steps import recorded, started_first
from harness.grade.rerun.reader import Reader
from harness.grade.rerun.units import Unit, Way
from harness.readme import read
from harness.readme.blocks import Kind
from harness.readme.typed import Typed, statements


def script(submission: Submission) -> list[Unit]:
    """Give what a rerun of a submission types, in the report's order."""
    reader = Reader(submission.files)
    found: list[Unit] = []
    steps: dict[str, list[Unit]] = {}
    for block in submission.blocks:
        if block.kind is Kind.COMMAND:
            units = [unit for statement in statements(block) if (unit := reader.unit(block, statement))]
            if block.step:
                steps.setdefault(block.step, []).extend(recorded(unit, block.background) for unit in units)
            else:
                found += units
    for step in steps.values():
        found += started_first(step, found)
    return [*_elsewhere(submission, found), *found]


def typed_first(submission: Submission) -> list[Typed]:
    """Give what a rerun types before the report's own commands."""
    return [unit.typed for unit in script(submission) if not unit.block]


def _elsewhere(submission: Submission, units: Sequence[Unit]) -> list[Unit]:
    """Give what another text of the submission says to type first, where the report itself starts nothing.

    A report that is a notebook of queries leaves the start to the README. Such a unit has line and block 0.
    """
    if any(unit.way in (Way.SERVE, Way.STREAM) or "up" in unit.asks for unit in units):
        return []
    texts = {unit.text for unit in units}
    names = sorted(name for name in submission.files if name.lower().endswith((".md", ".markdown")))
    for name in sorted(names, key=lambda name: (name.count("/"), not name.lower().startswith("readme"))):
        blocks = read(submission.files[name], name).blocks
        reader = Reader(submission.files)
        found = [
            replace(unit, typed=replace(unit.typed, line=0), block=0)
            for block in blocks
            if block.kind is Kind.COMMAND
            for statement in statements(block)
            if (unit := reader.unit(block, statement)) and unit.way is not Way.LEAVE and unit.text not in texts
        ]
        if any(unit.way is Way.SERVE or "up" in unit.asks for unit in found):
            return [unit for unit in found if not unit.reads]
    return []


def texts(submission: Submission, units: Iterable[Unit]) -> Iterator[str]:
    """Give the texts that name places: the commands, then the scripts and the compose file."""
    yield from (unit.text for unit in units)
    for name, text in sorted(submission.files.items()):
        if name.endswith((".sh", ".yml", ".yaml", ".hql", ".sql", ".py")):
            yield text
