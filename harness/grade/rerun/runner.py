"""Types a script in a sandbox as its author did: some commands to their end, others in terminals that go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from harness.grade.model import Submission
from harness.grade.rerun.cells import Interpreter
from harness.grade.rerun.confined import Confined, Failed, Gone
from harness.grade.rerun.helps import HELPS, noted
from harness.grade.rerun.limits import MIB, Limits
from harness.grade.rerun.looks import Looks
from harness.grade.rerun.loops import Loops
from harness.grade.rerun.model import Breach, Ending, Help, Limit, Ran, State
from harness.grade.rerun.streams import Streams
from harness.grade.rerun.terminals import Terminals
from harness.grade.rerun.units import GOES_ON, Unit, Way

Say = Callable[[str], None]

SERVE_TIME: Final = 60.0
STREAM_TIME: Final = 90.0
FOLLOW_TIME: Final = 2.0

_ENDERS: Final = ("down", "stop", "kill", "rm")


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
        self._interpreter = interpreter
        self._limits = limits
        self._say = say
        self._notes = notes
        self._answers = answers or (lambda unit: confined.answers(unit.port))
        self._terminals = Terminals(confined, folder, work, environment, limits, notes)
        self._loops = Loops(confined, self._terminals, limits)
        self._looks = Looks(submission, units, self._terminals, self._loops, streams, limits)
        self._left: dict[int, Ran] = {}
        self._state_taken = False
        self._was_down = False

    def run(self) -> list[Ran]:
        """Type everything. Never raises for what the submission does."""
        try:
            for at, unit in enumerate(self._units):
                self._before(at, unit)
                self._type(at, unit)
            self._looks.take(None)
            self._take_state()
            self._stop_all()
        except (Gone, Failed, TimeoutError):
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
        self._looks.take(unit.typed.line)
        if unit.reads:
            self._quieten(at)
        verb = _compose_verb(unit)
        if verb in _ENDERS and not any(_compose_verb(later) == "up" for later in self._units[at:]):
            self._take_state()
        if verb in _ENDERS:
            self._was_down = self._was_down or verb == "down"
            for terminal in self._terminals.going(*GOES_ON):
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
        self._looks.typed(unit)
        seen = self._before_stream(unit) if unit.way is Way.STREAM else {}
        terminal = self._terminals.start(at, unit)
        clock = time.monotonic()
        match unit.way:
            case Way.SERVE:
                self._terminals.until(terminal, lambda: self._answers(unit), SERVE_TIME)
            case Way.FOLLOW:
                terminal.job.done.wait(FOLLOW_TIME)
            case Way.STREAM:
                self._terminals.until(terminal, lambda: self._streams.began(seen, terminal.job, unit.text), STREAM_TIME)
                self._loops.count_anew()
            case Way.LOOP:
                terminal.job.done.wait(FOLLOW_TIME)
            case _:
                self._terminals.wait(terminal, self._limits.loop if unit.starts else self._limits.command)
        self.own_seconds += time.monotonic() - clock
        if not self._confined.alive:
            raise Gone

    def _before_stream(self, unit: Unit) -> Mapping[str, Any]:
        """Give the checkpoints there are; what an earlier job put where the stream writes was another way to do it."""
        sinks = self._streams.sinks(unit.text)
        for terminal in self._terminals.going(Way.STREAM):
            if set(sinks) & set(self._streams.sinks(terminal.unit.text)):
                note = f"stopped before the stream of line {unit.typed.line}, which writes to the same folder"
                self._terminals.stop(terminal, note)
        for path in self._streams.clear(sinks):
            text = f"emptied {path}, which another job of the report had filled, before a stream writes it"
            self.helps.append(Help("alternative", text))
        return self._streams.seen()

    def _cell(self, at: int, unit: Unit) -> None:
        clock = time.monotonic()
        file = self._terminals.hand_in(f"cell-{at:04}.py", unit.text)
        ending, capture = self._interpreter.run(file, unit.text, self._limits.command)
        self._left[at] = Ran(unit.typed, unit.block, ending, capture)
        if self._interpreter.cut:
            self._printed_too_much(unit)
        self.own_seconds += time.monotonic() - clock
        if not self._confined.alive:
            raise Gone

    def _show_again(self, at: int, unit: Unit) -> None:
        """Take what a command that was typed before has printed by now."""
        terminal = self._terminals.last(unit.text)
        if terminal is None:
            self._left[at] = Ran(unit.typed, unit.block, Ending.LEFT_OUT, note="no such command goes on")
            return
        if terminal.unit.way is Way.STREAM:
            self._quieten(at)
        else:
            terminal.job.done.wait(0.5)
        self._left[at] = Ran(unit.typed, unit.block, Ending.STOPPED, self._terminals.capture(terminal))

    def _quieten(self, at: int) -> None:
        clock = time.monotonic()
        self._looks.quieten(at)
        self.own_seconds += time.monotonic() - clock

    # The end

    def _take_state(self) -> None:
        if not self._state_taken:
            self._quieten(len(self._units))
            self.state = self._streams.state()
            self._state_taken = True

    def _stop_all(self) -> None:
        self._terminals.stop_all()
        text = self._confined.ask("read", path=f"{self._notes}/{HELPS}", limit=200_000).get("text", "")
        self.helps += noted(str(text))
        self._confined.close()

    def _ran(self, number: int) -> Ran:
        terminal = next(each for each in self._terminals if each.number == number)
        ending = terminal.ending or Ending.ENDED
        if terminal.job.cut is not None:
            self._printed_too_much(terminal.unit)
        if ending is Ending.TIMED_OUT:
            text = f"not ended after {self._limits.command:.0f} s"
            self.breaches.append(Breach(Limit.TIME, text, terminal.unit.typed.line))
        unit, capture = terminal.unit, self._terminals.capture(terminal)
        return Ran(unit.typed, unit.block, ending, capture, terminal.note, tuple(terminal.looks))

    def _printed_too_much(self, unit: Unit) -> None:
        text = f"more than {self._limits.output // MIB} MiB printed by one command"
        self.breaches.append(Breach(Limit.OUTPUT, text, unit.typed.line))


def _compose_verb(unit: Unit) -> str:
    """Give what a command asks of docker-compose itself: up, down, …; nothing for another command."""
    for program in unit.typed.programs:
        if program.name == "docker-compose":
            return next((arg for arg in program.args if not arg.startswith("-")), "")
    return ""
