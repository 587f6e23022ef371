"""Types a script in a sandbox as its author did: some commands to their end, others in terminals that go on."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from harness.cluster.captures import captured, decode, ended_late, utc_now
from harness.grade.model import Submission
from harness.grade.rerun.cells import Interpreter
from harness.grade.rerun.confined import Confined, Gone, Job
from harness.grade.rerun.limits import MIB, Limits
from harness.grade.rerun.model import Breach, Ending, Help, Limit, Ran, State
from harness.grade.rerun.sandbox import INSIDE
from harness.grade.rerun.streams import Streams
from harness.grade.rerun.units import GOES_ON, Unit, Way
from harness.model import Capture
from harness.readme.blocks import Kind

Say = Callable[[str], None]

SERVE_TIME: Final = 60.0
STREAM_TIME: Final = 90.0
FOLLOW_TIME: Final = 2.0
LOOP_TIME: Final = 10.0
"""Seconds that a loop of load goes on at least once the streams are there to see it."""

_ENDERS: Final = ("down", "stop", "kill", "rm")

_READ: Final = 4 * MIB
"""Bytes of an output that are kept."""

HELPS: Final = ".w205-helps"
"""The file in which helps note that they were used; where it is, differs."""

_TYPED_IN: Final = re.compile(rf"^{INSIDE}/inbox/\d+\.sh: line \d+: ", re.MULTILINE)
QUIET_TIME: Final = 5.0
_STATE: Final = "/tmp/.w205-terminal"  # noqa: S108


@dataclass(slots=True)
class Terminal:
    """A command that was typed: its unit, its job, and what was seen of it so far."""

    unit: Unit
    job: Job
    number: int
    started: str
    stop_file: Path | None = None
    rounds_before: int = 0
    looks: list[Capture] = field(default_factory=list)
    ending: Ending | None = None
    note: str = ""


class Runner:
    """One rerun in a sandbox. `run` gives what became of each command; `state` is what was there before the end.

    `notes` is the folder of the sandbox in which its commands note rounds and helps, wherever they run. `answers` says
    whether the server of a command answers.
    """

    def __init__(
        self,
        confined: Confined,
        submission: Submission,
        units: Sequence[Unit],
        streams: Streams,
        *,
        folder: Path,
        work: str,
        environment: Mapping[str, str],
        interpreter: Interpreter,
        limits: Limits,
        say: Say = lambda _: None,
        notes: str = "/tmp",  # noqa: S108
        answers: Callable[[Unit], bool] | None = None,
    ) -> None:
        self.state = State()
        self.helps: list[Help] = []
        self.breaches: list[Breach] = []
        self.own_seconds = 0.0
        self._confined = confined
        self._units = units
        self._streams = streams
        self._folder = folder
        self._work = work
        self._environment = environment
        self._interpreter = interpreter
        self._limits = limits
        self._say = say
        self._notes = notes
        self._answers = answers or (lambda unit: confined.answers(unit.port))
        self._terminals: list[Terminal] = []
        self._left: dict[int, Ran] = {}
        self._shown = _outputs(submission)
        self._state_taken = False
        self._was_down = False
        self._settled = False

    def run(self) -> list[Ran]:
        """Type everything. Never raises for what the submission does."""
        try:
            for at, unit in enumerate(self._units):
                self._before(at, unit)
                self._type(at, unit)
            self._look(None)
            self._take_state()
            self._stop_all()
        except (Gone, TimeoutError):
            why = "; ".join(breach.text for breach in self._confined.breaches) or "its own code ended the sandbox"
            typed = {terminal.number for terminal in self._terminals}
            for number, unit in enumerate(self._units):
                if number not in typed:
                    ran = Ran(unit.typed, unit.block, Ending.LEFT_OUT, note=f"not reached: {why}")
                    self._left.setdefault(number, ran)
        self._interpreter.close()
        return [self._left[number] if number in self._left else self._ran(number) for number in range(len(self._units))]

    # One command

    def _before(self, at: int, unit: Unit) -> None:
        """Look at what the report shows before this command, and let the data that it reads arrive."""
        self._look(unit.typed.line)
        if unit.reads:
            self._quieten(at)
        verb = _compose_verb(unit)
        if verb in _ENDERS and not any(_compose_verb(later) == "up" for later in self._units[at:]):
            self._take_state()
        if verb in _ENDERS:
            self._was_down = self._was_down or verb == "down"
            for terminal in self._going(*GOES_ON):
                terminal.ending = terminal.ending or Ending.STOPPED
        elif verb == "up" and self._was_down:
            self._was_down = False
            self._streams.clean()

    def _type(self, at: int, unit: Unit) -> None:
        if unit.way is Way.LEAVE:
            self._left[at] = Ran(unit.typed, unit.block, Ending.LEFT_OUT, note=unit.why)
            return
        if unit.way is Way.OPEN:
            note = "what the report types at it next was typed there"
            self._left[at] = Ran(unit.typed, unit.block, Ending.ENDED, note=note)
            return
        self._say(f"line {unit.typed.line}: {' '.join(unit.text.split())[:100]}")
        if unit.is_python:
            self._cell(at, unit)
            return
        if unit.way is Way.LOOK:
            self._show_again(at, unit)
            return
        self._settled = self._settled and unit.reads
        seen = self._before_stream(unit) if unit.way is Way.STREAM else {}
        terminal = self._start(at, unit)
        clock = time.monotonic()
        match unit.way:
            case Way.SERVE:
                self._until(terminal, lambda: self._answers(unit), SERVE_TIME)
            case Way.FOLLOW:
                terminal.job.done.wait(FOLLOW_TIME)
            case Way.STREAM:
                self._until(terminal, lambda: self._streams.began(seen, terminal.job, unit.text), STREAM_TIME)
                for loop in self._going(Way.LOOP):
                    loop.rounds_before = self._rounds(loop)
            case Way.LOOP:
                terminal.job.done.wait(FOLLOW_TIME)
            case _:
                self._wait(terminal, self._limits.loop if unit.starts else self._limits.command)
        self.own_seconds += time.monotonic() - clock
        if not self._confined.alive:
            raise Gone

    def _before_stream(self, unit: Unit) -> Mapping[str, Any]:
        """Give the checkpoints there are; what an earlier job put where the stream writes was another way to do it."""
        sinks = self._streams.sinks(unit.text)
        for terminal in self._going(Way.STREAM):
            if set(sinks) & set(self._streams.sinks(terminal.unit.text)):
                terminal.ending = Ending.STOPPED
                terminal.note = f"stopped before the stream of line {unit.typed.line}, which writes to the same folder"
                self._confined.stop(terminal.job)
        for path in self._streams.clear(sinks):
            text = f"emptied {path}, which another job of the report had filled, before a stream writes it"
            self.helps.append(Help("alternative", text))
        return self._streams.seen()

    def _cell(self, at: int, unit: Unit) -> None:
        clock = time.monotonic()
        file = self._inbox(f"cell-{at:04}.py", unit.text)
        ending, capture = self._interpreter.run(file, unit.text, self._limits.command)
        self._left[at] = Ran(unit.typed, unit.block, ending, capture)
        self.own_seconds += time.monotonic() - clock
        if not self._confined.alive:
            raise Gone

    def _show_again(self, at: int, unit: Unit) -> None:
        """Take what a command that was typed before has printed by now."""
        terminal = next((each for each in reversed(self._terminals) if each.unit.text == unit.text), None)
        if terminal is None:
            self._left[at] = Ran(unit.typed, unit.block, Ending.LEFT_OUT, note="no such command goes on")
            return
        if terminal.unit.way is Way.STREAM:
            self._quieten(at)
        else:
            terminal.job.done.wait(0.5)
        self._left[at] = Ran(unit.typed, unit.block, Ending.STOPPED, self._capture(terminal))

    def _start(self, at: int, unit: Unit) -> Terminal:
        number = len(self._terminals) + 1
        typed = self._inbox(f"{number:04}.sh", f"{unit.typed_as or unit.opener or unit.text}\n")
        stdin = Path(os.devnull)
        if unit.way is Way.FEED:
            fed = unit.text if unit.typed.form == "shell" else unit.text.rstrip().rstrip(";") + ";"
            self._inbox(f"{number:04}.in", f"{fed}\n")
            stdin = self._folder / "inbox" / f"{number:04}.in"
        words = ["bash", "--noprofile", "--norc", str(INSIDE / "type.sh"), typed, _STATE]
        stop_file = None
        if unit.is_endless:
            stop_file = self._folder / "inbox" / f"{number:04}.stop"
            words += [str(INSIDE / "inbox" / stop_file.name), self._rounds_file(number)]
        out, err = (self._folder / f"{number:04}.{kind}" for kind in ("out", "err"))
        started = utc_now()
        job = self._confined.start(words, out, err, folder=self._work, environment=self._environment, stdin=stdin)
        terminal = Terminal(unit, job, at, started, stop_file)
        self._terminals.append(terminal)
        return terminal

    def _inbox(self, name: str, text: str) -> str:
        file = self._folder / "inbox" / name
        file.write_text(text, encoding="utf-8", errors="surrogateescape")
        file.chmod(0o644)
        return str(INSIDE / "inbox" / name)

    def _wait(self, terminal: Terminal, limit: float) -> None:
        if not terminal.job.done.wait(limit):
            terminal.ending = Ending.TIMED_OUT
            self._confined.stop(terminal.job)

    def _until(self, terminal: Terminal, condition: Callable[[], bool], limit: float) -> None:
        """Wait until something holds, the command has ended, or time is up."""
        until = time.monotonic() + limit
        while not terminal.job.done.is_set() and time.monotonic() < until:
            if condition():
                return
            terminal.job.done.wait(0.25)

    # What goes on meanwhile

    def _going(self, *ways: Way) -> list[Terminal]:
        return [each for each in self._terminals if each.unit.way in ways and not each.job.done.is_set()]

    def _quieten(self, at: int) -> None:
        """Let loops of load have their rounds, and the streams what was sent; then what is read no longer changes."""
        clock = time.monotonic()
        if not self._more_streams(at):
            self._end_loops()
        if self._going(Way.STREAM) and (not self._settled or self._going(Way.LOOP)):
            self._settled = self._streams.settle(self._limits.settle)
        self.own_seconds += time.monotonic() - clock

    def _more_streams(self, at: int) -> bool:
        """Say whether streams are still to come whose data is read later."""
        later = self._units[at:]
        first = next((number for number, unit in enumerate(later) if unit.way is Way.STREAM), None)
        return first is not None and any(unit.reads for unit in later[first:])

    def _end_loops(self) -> None:
        began = max((each.job.started for each in self._terminals if each.unit.way is Way.STREAM), default=0.0)
        for terminal in self._going(Way.LOOP):
            if terminal.stop_file is None:
                self._wait(terminal, self._limits.loop)
                continue
            until = max(terminal.job.started, began) + self._limits.settle
            self._until(terminal, partial(self._had_rounds, terminal), until - time.monotonic())
            terminal.stop_file.touch()
            if not terminal.job.done.wait(30.0):
                terminal.note = "stopped in the middle of a round"
                self._confined.stop(terminal.job)
            terminal.ending = Ending.STOPPED

    def _had_rounds(self, terminal: Terminal) -> bool:
        return (
            self._rounds(terminal) - terminal.rounds_before >= self._limits.rounds and terminal.job.seconds > LOOP_TIME
        )

    def _rounds(self, terminal: Terminal) -> int:
        number = self._terminals.index(terminal) + 1
        return int(self._confined.ask("read", path=self._rounds_file(number), limit=0).get("size", 0))

    def _rounds_file(self, number: int) -> str:
        return f"{self._notes}/.w205-rounds-{number}"

    def _look(self, line: int | None) -> None:
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
                terminal.looks += [self._capture(terminal)] * (len(due) - len(terminal.looks))

    def _until_quiet(self, terminal: Terminal) -> None:
        """Wait until a stream to the console, whose checkpoint is in no cluster, has printed nothing for a while."""
        until = time.monotonic() + self._limits.settle
        size, changed = -1, time.monotonic()
        while time.monotonic() < min(until, changed + QUIET_TIME) and not terminal.job.done.is_set():
            if (now := terminal.job.out.stat().st_size) != size:
                size, changed = now, time.monotonic()
            terminal.job.done.wait(0.25)

    def _take_state(self) -> None:
        if not self._state_taken:
            self._quieten(len(self._units))
            self.state = self._streams.state()
            self._state_taken = True

    def _stop_all(self) -> None:
        for terminal in self._terminals:
            if not terminal.job.done.is_set():
                terminal.ending = Ending.STOPPED
                self._confined.signal(terminal.job, signal.SIGINT)
        until = time.monotonic() + 5
        for terminal in self._terminals:
            terminal.job.done.wait(max(0.0, until - time.monotonic()))
        self.helps += _helps(
            str(self._confined.ask("read", path=f"{self._notes}/{HELPS}", limit=200_000).get("text", ""))
        )
        self._confined.close()

    # What came of it

    def _ran(self, number: int) -> Ran:
        terminal = next(each for each in self._terminals if each.number == number)
        ending = terminal.ending or Ending.ENDED
        if terminal.job.out.stat().st_size + terminal.job.err.stat().st_size >= self._limits.output:
            text = f"more than {self._limits.output // MIB} MiB printed by one command"
            self.breaches.append(Breach(Limit.OUTPUT, text, terminal.unit.typed.line))
        if ending is Ending.TIMED_OUT:
            text = f"not ended after {self._limits.command:.0f} s"
            self.breaches.append(Breach(Limit.TIME, text, terminal.unit.typed.line))
        unit = terminal.unit
        return Ran(unit.typed, unit.block, ending, self._capture(terminal), terminal.note, tuple(terminal.looks))

    def _capture(self, terminal: Terminal) -> Capture:
        unit, job = terminal.unit, terminal.job
        out, err = (_beginning(file) for file in (job.out, job.err))
        if terminal.ending is Ending.TIMED_OUT:
            err = ended_late(err, self._limits.command)
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


def _outputs(submission: Submission) -> dict[int, list[int]]:
    """Give the first lines of the outputs that each block of commands has, by that block's first line."""
    found: dict[int, list[int]] = {}
    for block in submission.blocks:
        if block.answers is not None and block.kind is not Kind.COMMAND:
            found.setdefault(block.answers, []).append(block.first_line)
    return found


def _compose_verb(unit: Unit) -> str:
    """Give what a command asks of docker-compose itself: up, down, …; nothing for another command."""
    for program in unit.typed.programs:
        if program.name == "docker-compose":
            return next((arg for arg in program.args if not arg.startswith("-")), "")
    return ""


def _beginning(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(_READ)
    except OSError:
        return ""
    return _TYPED_IN.sub("bash: ", decode(data))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _helps(text: str) -> list[Help]:
    """Give the helps that were noted, each once."""
    counted: dict[tuple[str, str], int] = {}
    for line in text.splitlines():
        name, tab, said = line.partition("\t")
        if tab:
            counted[name[:60], said[:300]] = counted.get((name[:60], said[:300]), 0) + 1
    return [Help(name, said, times) for (name, said), times in sorted(counted.items())]
