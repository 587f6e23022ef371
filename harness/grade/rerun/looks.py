"""Looks at what goes on, and at the data that it writes, where the report does: when these no longer change."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from harness.grade.model import Submission
from harness.grade.rerun.limits import Limits
from harness.grade.rerun.loops import Loops
from harness.grade.rerun.streams import Streams
from harness.grade.rerun.terminals import Terminal, Terminals
from harness.grade.rerun.units import Unit, Way
from harness.readme.blocks import Kind

QUIET_TIME: Final = 5.0
"""Seconds in which a stream to the console has printed nothing when it has printed all."""


class Looks:
    """The looks of one rerun. It remembers whether the streams have settled since something was last sent."""

    def __init__(
        self,
        submission: Submission,
        units: Sequence[Unit],
        terminals: Terminals,
        loops: Loops,
        streams: Streams,
        limits: Limits,
    ) -> None:
        self._shown = _outputs(submission)
        self._units = units
        self._terminals = terminals
        self._loops = loops
        self._streams = streams
        self._limits = limits
        self._settled = False

    def typed(self, unit: Unit) -> None:
        """Note that a command is typed: one that does not only read may send something."""
        self._settled = self._settled and unit.reads

    def quieten(self, at: int) -> bool:
        """Let loops of load have their rounds, and the streams what was sent; then what is read no longer changes.

        `at` is the number of the unit that reads. Says whether the streams came so far in time.
        """
        if not self._more_streams(at):
            self._loops.end()
        if self._terminals.has_streams() and (not self._settled or self._terminals.going(Way.LOOP)):
            self._settled = self._streams.settle(self._limits.settle)
            return self._settled
        return True

    def take(self, line: int | None) -> None:
        """Take what running terminals have printed where the report shows it, up to a line."""
        for terminal in self._terminals:
            shown = self._shown.get(terminal.unit.block, [])
            due = [at for at in shown if line is None or at < line]
            if len(due) > len(terminal.looks) and not terminal.job.done.is_set():
                if terminal.unit.way is Way.STREAM:
                    self._streams.settle(self._limits.settle)
                    self._until_quiet(terminal)
                else:
                    terminal.job.done.wait(0.5)
                terminal.looks += [self._terminals.capture(terminal)] * (len(due) - len(terminal.looks))

    def _more_streams(self, at: int) -> bool:
        """Say whether streams are still to come whose data is read later."""
        later = self._units[at:]
        first = next((number for number, unit in enumerate(later) if unit.way is Way.STREAM), None)
        return first is not None and any(unit.reads for unit in later[first:])

    def _until_quiet(self, terminal: Terminal) -> None:
        """Wait until a stream to the console, whose checkpoint is in no cluster, has printed nothing for a while."""
        until = time.monotonic() + self._limits.settle
        size, changed = -1, time.monotonic()
        while time.monotonic() < min(until, changed + QUIET_TIME) and not terminal.job.done.is_set():
            if (now := terminal.job.out.stat().st_size) != size:
                size, changed = now, time.monotonic()
            terminal.job.done.wait(0.25)


def _outputs(submission: Submission) -> dict[int, list[int]]:
    """Give the first lines of the outputs that each block of commands has, by that block's first line."""
    found: dict[int, list[int]] = {}
    for block in submission.blocks:
        if block.answers is not None and block.kind is not Kind.COMMAND:
            found.setdefault(block.answers, []).append(block.first_line)
    return found
