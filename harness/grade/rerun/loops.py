"""Loops that make load: each has some rounds which the streams see, and is ended between two of them."""

from __future__ import annotations

import time
from functools import partial
from typing import Final

from harness.grade.rerun.confined import Confined
from harness.grade.rerun.limits import Limits
from harness.grade.rerun.model import Ending
from harness.grade.rerun.terminals import Terminal, Terminals
from harness.grade.rerun.units import Way

LOOP_TIME: Final = 10.0
"""Seconds that a loop of load goes on at least once the streams are there to see it."""


class Loops:
    """The loops of load among the terminals."""

    def __init__(self, confined: Confined, terminals: Terminals, limits: Limits) -> None:
        self._confined = confined
        self._terminals = terminals
        self._limits = limits

    def count_anew(self) -> None:
        """Count rounds from now on: a stream has begun that is to see them."""
        for loop in self._terminals.going(Way.LOOP):
            loop.rounds_before = self._rounds(loop)

    def end(self) -> None:
        """Let every loop have its rounds, and end it."""
        began = max((each.job.started for each in self._terminals if each.unit.way is Way.STREAM), default=0.0)
        for terminal in self._terminals.going(Way.LOOP):
            if terminal.stop_file is None:
                self._terminals.wait(terminal, terminal.limit)
                continue
            until = max(terminal.job.started, began) + self._limits.settle
            self._terminals.until(terminal, partial(self._had_rounds, terminal), until - time.monotonic())
            terminal.stop_file.touch()
            if not terminal.job.done.wait(30.0):
                self._terminals.stop(terminal, "stopped in the middle of a round")
            terminal.ending = Ending.STOPPED

    def _had_rounds(self, terminal: Terminal) -> bool:
        return (
            self._rounds(terminal) - terminal.rounds_before >= self._limits.rounds and terminal.job.seconds > LOOP_TIME
        )

    def _rounds(self, terminal: Terminal) -> int:
        return int(self._confined.ask("read", path=terminal.rounds_file, limit=0).get("size", 0))
