"""Types a script in a sandbox as its author did: some commands to their end, others in terminals that go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from harness.errors import EnvironmentFault, HarnessError
from harness.grade.model import Submission
from harness.grade.rerun.cells import Interpreter
from harness.grade.rerun.confined import Confined, Failed, Gone
from harness.grade.rerun.consoles import Consoles
from harness.grade.rerun.helps import HELPS, noted
from harness.grade.rerun.limits import MIB, Limits
from harness.grade.rerun.looks import Looks
from harness.grade.rerun.loops import Loops
from harness.grade.rerun.model import Breach, Ending, Help, Limit, Ran, State
from harness.grade.rerun.streams import Streams
from harness.grade.rerun.terminals import Terminal, Terminals
from harness.grade.rerun.units import GOES_ON, Unit, Way

Say = Callable[[str], None]

SERVE_TIME: Final = 60.0
STREAM_TIME: Final = 90.0
FOLLOW_TIME: Final = 2.0

_ENDERS: Final = frozenset({"down", "kill", "rm", "stop"})


class Runner:
    """One rerun in a sandbox. `run` gives what became of each command; `state` is what was there before the end.
    `cut` says why the sandbox ended early, where it did.

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
        self.cut = ""
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
        self._looks = Looks(submission, units, self._terminals, self._loops, streams, Consoles(confined), limits)
        self._left: dict[int, Ran] = {}
        self._expired: dict[int, str] = {}
        self._noted = ""
        self._state_taken = False
        self._was_down = False

    def run(self) -> list[Ran]:
        """Type everything. What the submission does never raises: EnvironmentFault is for a sandbox that hangs."""
        try:
            for at, unit in enumerate(self._units):
                self._before(at, unit)
                self._type(at, unit)
                self._read_helps()
            self.own_seconds += self._looks.take(None)
            self._end()
        except (Gone, Failed):
            self._note_early_end()
        except TimeoutError as problem:
            raise EnvironmentFault("The sandbox of a submission does not answer.", seen=str(problem)) from problem
        finally:
            self._interpreter.close()
        self.helps += noted(self._noted)
        return list(map(self._ran, range(len(self._units))))

    # One command

    def _before(self, at: int, unit: Unit) -> None:
        """Look at what the report shows before this command, and let the data that it reads arrive."""
        self.own_seconds += self._looks.take(unit.typed.line)
        if unit.reads:
            self._quieten(at)
        ends = bool(_ENDERS & set(unit.asks))
        self._state_taken = self._state_taken and (ends or unit.reads)
        if ends and not any("up" in later.asks for later in self._units[at:]):
            self._take_state()
        if ends:
            for terminal in self._terminals.going(*GOES_ON):
                terminal.ending = terminal.ending or Ending.STOPPED
        if "up" in unit.asks and self._was_down:
            self._was_down = False
            self._streams.clean()
        elif "down" in unit.asks:
            self._was_down = "up" not in unit.asks

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
        may_serve = self._may_serve(at, unit)
        terminal = self._terminals.start(at, unit)
        clock = time.monotonic()
        match unit.way:
            case Way.SERVE:
                if not self._terminals.until(terminal, lambda: self._answers(unit), SERVE_TIME):
                    self._expired[at] = f"it did not answer at port {unit.port} within {SERVE_TIME:.0f} s"
            case Way.FOLLOW:
                terminal.job.done.wait(FOLLOW_TIME)
            case Way.STREAM:
                began = partial(self._streams.began, seen, terminal.job, unit.text)
                if not self._terminals.until(terminal, began, STREAM_TIME):
                    self._expired[at] = f"its stream had not begun within {STREAM_TIME:.0f} s"
                self._loops.count_anew()
            case Way.LOOP:
                terminal.job.done.wait(FOLLOW_TIME)
            case Way.RUN if may_serve:
                self._to_end_or_server(terminal)
            case _:
                self._terminals.wait(terminal, terminal.limit)
        self.own_seconds += time.monotonic() - clock
        if not self._confined.alive:
            raise Gone

    def _may_serve(self, at: int, unit: Unit) -> bool:
        """Say whether a command may turn out to be a server: nothing answers at its port, and nothing typed will."""
        if unit.way is not Way.RUN or any(each.name == "spark-submit" for each in unit.typed.programs):
            return False
        known = any(each.way is Way.SERVE and each.port == unit.port for each in self._units[:at])
        return not known and not self._answers(unit)

    def _to_end_or_server(self, terminal: Terminal) -> None:
        """Wait until a command has ended. One that has begun to listen meanwhile is a server from then on."""
        for limit in (min(SERVE_TIME, terminal.limit / 2), terminal.limit):
            if terminal.job.done.wait(limit - terminal.job.seconds):
                return
            if self._answers(terminal.unit):
                terminal.unit = replace(terminal.unit, way=Way.SERVE)
                return
        self._terminals.wait(terminal, 0)

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
        ending, capture, note = self._interpreter.run(file, unit.text, self._limits.command)
        self._left[at] = Ran(unit.typed, unit.block, ending, capture, note)
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
        if not self._looks.quieten(at):
            text = "the streams had not taken all that was sent when it was typed"
            self._expired[min(at, len(self._units) - 1)] = text
        self.own_seconds += time.monotonic() - clock

    # The end

    def _take_state(self) -> None:
        """Take what is there when the streams have come to their end."""
        if not self._state_taken:
            self._quieten(len(self._units))
            self._ask_state()

    def _end(self) -> None:
        """Stop what goes on, and take the state while it ends."""
        if not self._state_taken:
            self._quieten(len(self._units))
        until = self._terminals.interrupt()
        if not self._state_taken:
            self._ask_state()
        self._terminals.await_end(until)
        self._read_helps()
        self._confined.close()

    def _ask_state(self) -> None:
        self.state = self._streams.state()
        self._state_taken = True

    def _read_helps(self) -> None:
        self._noted = str(self._confined.ask("read", path=f"{self._notes}/{HELPS}", limit=200_000).get("text", ""))

    def _note_early_end(self) -> None:
        """Say why the sandbox ended before the script did, and what was not reached; the servers can still be asked."""
        self._confined.close()  # by then it knows its limits
        breaches = "; ".join(breach.text for breach in self._confined.breaches)
        self.cut = breaches or "its own code or this machine ended the sandbox"
        typed = {terminal.number for terminal in self._terminals}
        for number, unit in enumerate(self._units):
            if number not in typed:
                ran = Ran(unit.typed, unit.block, Ending.LEFT_OUT, note=f"not reached: {self.cut}")
                self._left.setdefault(number, ran)
        if not self._state_taken:
            try:
                self.state = self._streams.state()
            except HarnessError as problem:
                self.state = State(lacking=problem.headline)

    def _ran(self, number: int) -> Ran:
        ran = self._left.get(number) or self._of_terminal(number)
        if number not in self._expired:
            return ran
        return replace(ran, note="; ".join(filter(None, (ran.note, self._expired[number]))), expired=True)

    def _of_terminal(self, number: int) -> Ran:
        terminal = next(each for each in self._terminals if each.number == number)
        ending = terminal.ending or Ending.ENDED
        if terminal.job.cut is not None:
            self._printed_too_much(terminal.unit)
        if ending is Ending.TIMED_OUT:
            text = f"not ended after {terminal.limit:.0f} s"
            self.breaches.append(Breach(Limit.TIME, text, terminal.unit.typed.line))
        unit, capture = terminal.unit, self._terminals.capture(terminal)
        return Ran(unit.typed, unit.block, ending, capture, terminal.note, tuple(terminal.looks))

    def _printed_too_much(self, unit: Unit) -> None:
        text = f"more than {self._limits.output // MIB} MiB printed by one command"
        self.breaches.append(Breach(Limit.OUTPUT, text, unit.typed.line))
