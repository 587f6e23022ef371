"""Looks at what goes on, and at the data that it writes, where the report does: when these no longer change."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from harness.grade.model import Submission
from harness.grade.rerun.consoles import Consoles
from harness.grade.rerun.limits import Limits
from harness.grade.rerun.loops import Loops
from harness.grade.rerun.streams import Streams, reached
from harness.grade.rerun.terminals import Terminal, Terminals
from harness.grade.rerun.units import Unit, Way
from harness.readme.blocks import Kind

QUIET_TIME: Final = 5.0
"""Seconds in which a stream to the console has printed nothing when it has printed all."""

STILL_TIME: Final = 0.5
"""Seconds in which what goes on has printed what was caused before."""


class Looks:
    """The looks of one rerun. It remembers whether the streams have settled since something was last sent."""

    def __init__(
        self,
        submission: Submission,
        units: Sequence[Unit],
        terminals: Terminals,
        loops: Loops,
        streams: Streams,
        consoles: Consoles,
        limits: Limits,
    ) -> None:
        self._shown = _outputs(submission)
        self._units = units
        self._terminals = terminals
        self._loops = loops
        self._streams = streams
        self._consoles = consoles
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
        return not self._terminals.has_streams() or self._settle()

    def take(self, line: int | None) -> float:
        """Take what running terminals have printed where the report shows it, up to a line.

        Gives the seconds that the submission's own streams took for it.
        """
        waited = 0.0
        for terminal in self._terminals:
            shown = self._shown.get(terminal.unit.block, [])
            due = [at for at in shown if line is None or at < line]
            if len(due) > len(terminal.looks) and not terminal.job.done.is_set():
                if terminal.unit.way is Way.STREAM:
                    clock = time.monotonic()
                    if self._streams.prints(terminal.unit.text):
                        self._settle()
                        self._until_printed(terminal)
                    waited += time.monotonic() - clock
                else:
                    self._until_still(terminal)
                terminal.looks += [self._terminals.capture(terminal)] * (len(due) - len(terminal.looks))
        return waited

    def _settle(self) -> bool:
        """Let the streams take what was sent. Says whether they came so far in time."""
        if not self._settled or self._terminals.going(Way.LOOP):
            self._settled = self._streams.settle(self._limits.settle)
        return self._settled

    def _more_streams(self, at: int) -> bool:
        """Say whether streams are still to come whose data is read later."""
        later = self._units[at:]
        first = next((number for number, unit in enumerate(later) if unit.way is Way.STREAM), None)
        return first is not None and any(unit.reads for unit in later[first:])

    def _until_still(self, terminal: Terminal) -> None:
        """Give what goes on a moment to print. A server logs a request when it answers; a consumer needs a while."""
        until = time.monotonic() + STILL_TIME
        size = -1
        while time.monotonic() < until and not terminal.job.done.wait(STILL_TIME / 4):
            before, size = size, sum(file.stat().st_size for file in (terminal.job.out, terminal.job.err))
            if terminal.unit.way is Way.SERVE and size == before:
                return

    def _until_printed(self, terminal: Terminal) -> None:
        """Wait until a stream to the console has printed all that was sent.

        Its checkpoint says so where it can be seen; else that it has printed nothing for a while.
        """
        until = time.monotonic() + self._limits.settle
        wanted = self._streams.ends()
        last: object = None
        changed = time.monotonic()
        while time.monotonic() < min(until, changed + QUIET_TIME) and not terminal.job.done.is_set():
            offsets = self._consoles.offsets()
            if offsets and all(each and reached(each, wanted) for each in offsets):
                return
            if (now := (terminal.job.out.stat().st_size, offsets)) != last:
                last, changed = now, time.monotonic()
            terminal.job.done.wait(0.25)


def _outputs(submission: Submission) -> dict[int, list[int]]:
    """Give the first lines of the outputs that each block of commands has, by that block's first line."""
    found: dict[int, list[int]] = {}
    for block in submission.blocks:
        if block.answers is not None and block.kind is not Kind.COMMAND:
            found.setdefault(block.answers, []).append(block.first_line)
    return found
