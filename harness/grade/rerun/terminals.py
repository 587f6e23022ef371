"""The terminals of a rerun: every command is typed in one of its own, where it may go on while others are typed."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from harness.cluster.captures import captured, decode, ended_late, utc_now
from harness.grade.rerun import prompts
from harness.grade.rerun.confined import Confined, Job
from harness.grade.rerun.limits import MIB, Limits
from harness.grade.rerun.model import Ending
from harness.grade.rerun.sandbox import INSIDE
from harness.grade.rerun.units import GOES_ON, Unit, Way
from harness.model import Capture

_READ: Final = 4 * MIB
"""Bytes of an output that are kept."""

END_TIME: Final = 5.0
"""Seconds that commands which are stopped with their sandbox may take to end."""

_TYPED_IN: Final = re.compile(rf"^{INSIDE}/inbox/\d+\.sh: line \d+: ", re.MULTILINE)
_STATE: Final = "/tmp/.w205-terminal"  # noqa: S108


@dataclass(slots=True)
class Terminal:
    """A command that was typed: its unit, its job, and what was seen of it so far.

    `number` is that of its unit in the script, `limit` the seconds that it may take. An endless loop notes its rounds
    in `rounds_file`, a file of the sandbox, and ends when `stop_file` is there.
    """

    unit: Unit
    job: Job
    number: int
    started: str
    limit: float
    rounds_file: str
    stop_file: Path | None = None
    rounds_before: int = 0
    looks: list[Capture] = field(default_factory=list)
    ending: Ending | None = None
    note: str = ""

    @property
    def is_detached(self) -> bool:
        """Whether the command ended well, but what it started goes on, as `docker-compose exec -d` lets it."""
        stays = self.unit.typed.background and self.unit.way in (Way.SERVE, Way.STREAM)
        return stays and self.job.done.is_set() and self.job.exit_code == 0

    @property
    def goes_on(self) -> bool:
        """Whether what was typed goes on, here or detached."""
        return self.is_detached or not self.job.done.is_set()


class Terminals:
    """The terminals that there are, in the order in which their commands were typed.

    `folder` is the private folder of the rerun, `work` the folder of the sandbox in which is typed, `notes` the one in
    which loops note their rounds.
    """

    def __init__(
        self,
        confined: Confined,
        folder: Path,
        work: str,
        environment: Mapping[str, str],
        limits: Limits,
        notes: str,
    ) -> None:
        self._confined = confined
        self._folder = folder
        self._work = work
        self._environment = environment
        self._limits = limits
        self._notes = notes
        self._all: list[Terminal] = []

    def __iter__(self) -> Iterator[Terminal]:
        return iter(self._all)

    def going(self, *ways: Way) -> list[Terminal]:
        """Give those whose commands go on, of these ways."""
        return [each for each in self._all if each.unit.way in ways and not each.job.done.is_set()]

    def has_streams(self) -> bool:
        """Say whether a stream goes on, in a terminal or detached from it."""
        return any(each.unit.way is Way.STREAM and each.goes_on for each in self)

    def last(self, text: str) -> Terminal | None:
        """Give the one in which a command was typed last."""
        return next((each for each in reversed(self._all) if each.unit.text == text), None)

    def start(self, at: int, unit: Unit) -> Terminal:
        """Type the unit with this number in the script."""
        number = len(self._all) + 1
        typed = self.hand_in(f"{number:04}.sh", f"{unit.typed_as or unit.opener or unit.text}\n")
        stdin = Path(os.devnull)
        if unit.way is Way.FEED:
            fed = f"{unit.text}\n" if unit.typed.form == "shell" else prompts.fed(unit.before, unit.text)
            self.hand_in(f"{number:04}.in", fed)
            stdin = self._folder / "inbox" / f"{number:04}.in"
        # A loop in the background is followed to its end like any other: its load is what the streams are to see.
        words = ["bash", "--noprofile", "--norc", str(INSIDE / "type.sh"), typed, _STATE]
        words.append("wait" if unit.way is Way.LOOP else "-")
        stop_file, rounds_file = None, f"{self._notes}/.w205-rounds-{number}"
        if unit.is_endless:
            stop_file = self._folder / "inbox" / f"{number:04}.stop"
            words += [str(INSIDE / "inbox" / stop_file.name), rounds_file]
        out, err = (self._folder / f"{number:04}.{kind}" for kind in ("out", "err"))
        started = utc_now()
        job = self._confined.start(words, out, err, folder=self._work, environment=self._environment, stdin=stdin)
        limit = self._limits.loop if unit.way is Way.LOOP or "up" in unit.asks else self._limits.command
        terminal = Terminal(unit, job, at, started, limit, rounds_file, stop_file)
        self._all.append(terminal)
        return terminal

    def hand_in(self, name: str, text: str) -> str:
        """Write a file for the sandbox. Gives its path there."""
        file = self._folder / "inbox" / name
        file.write_text(text, encoding="utf-8", errors="surrogateescape")
        file.chmod(0o644)
        return str(INSIDE / "inbox" / name)

    def wait(self, terminal: Terminal, limit: float) -> None:
        """Wait until a command has ended; stop it when time is up."""
        if not terminal.job.done.wait(limit):
            terminal.ending = Ending.TIMED_OUT
            self._confined.stop(terminal.job)

    def until(self, terminal: Terminal, condition: Callable[[], bool], limit: float) -> bool:
        """Wait until something holds or what was typed has ended. Says whether it came before time was up."""
        until = time.monotonic() + limit
        while terminal.goes_on and time.monotonic() < until:
            if condition():
                return True
            if terminal.is_detached:
                time.sleep(0.25)
            else:
                terminal.job.done.wait(0.25)
        return not terminal.goes_on

    def stop(self, terminal: Terminal, note: str) -> None:
        """Stop a command, and note why."""
        terminal.ending, terminal.note = Ending.STOPPED, note
        self._confined.stop(terminal.job)

    def interrupt(self) -> float:
        """Tell all that goes on to end. Gives until when it may take, by the monotonic clock."""
        for terminal in self._all:
            if not terminal.job.done.is_set():
                terminal.ending = Ending.STOPPED
                self._confined.signal(terminal.job, signal.SIGINT)
                if terminal.unit.typed.background:  # a shell lets what it starts with & ignore Ctrl-C
                    self._confined.signal(terminal.job, signal.SIGTERM)
        return time.monotonic() + END_TIME

    def await_end(self, until: float) -> None:
        """Wait until all has ended, or time is up."""
        for terminal in self._all:
            terminal.job.done.wait(max(0.0, until - time.monotonic()))

    def capture(self, terminal: Terminal) -> Capture:
        """Give what a command has printed by now."""
        unit, job = terminal.unit, terminal.job
        out, err = (prompts.without(unit.before, _beginning(file)) for file in (job.out, job.err))
        if terminal.ending is Ending.TIMED_OUT:
            err = ended_late(err, terminal.limit)
        command = unit.text
        if unit.way is Way.FEED and unit.typed.form != "shell":
            command = f"{unit.opener.rstrip(' ;')} <<< {_quoted(unit.text)}"
        background = unit.way in GOES_ON
        return captured(
            unit.typed.service or "host",
            command,
            out,
            err,
            job.exit_code,
            started=terminal.started,
            seconds=job.seconds,
            background=background,
            typed=unit.text if command != unit.text else None,
        )


def _beginning(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(_READ)
    except OSError:
        return ""
    return _TYPED_IN.sub("bash: ", decode(data))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
