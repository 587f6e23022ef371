"""The script of a rerun: what is typed, one statement after another, and how long each of them goes on.

A report is a row of commands, but its author had several terminals: one where the API ran, one with a stream, one with
a loop that made load. What goes on until somebody stops it is recognised here, so that the rerun types the next
command as the author did, in another terminal.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from harness.cluster.addresses import HOST_NAMES
from harness.grade.model import Submission
from harness.outputs.shell import ENDLESS, Program
from harness.readme import read
from harness.readme.blocks import Block, Kind
from harness.readme.plan import left_out
from harness.readme.services import service_of
from harness.readme.typed import Loop, Statement, Typed, statements

CLIENTS: Final = frozenset({"hive", "presto", "pyspark", "python", "sql"})
"""What statements are typed at, where it is no shell."""


class Way(StrEnum):
    """How a statement is run.

    `RUN` until it ends. `SERVE`, `FOLLOW` and `STREAM` go on: a server until it answers, a reader that shows what
    comes, a streaming job until it has begun. A `LOOP` makes load in a terminal of its own. `FEED` is typed at a client
    that an earlier command opened, and `CELL` is Python of a notebook. `OPEN` opens such a client. `LOOK` shows again
    what a command that still runs has printed, as our own reports do. `LEAVE` is not run.
    """

    RUN = "run"
    SERVE = "serve"
    FOLLOW = "follow"
    STREAM = "stream"
    LOOP = "loop"
    OPEN = "open"
    FEED = "feed"
    CELL = "cell"
    LOOK = "look"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Unit:
    """One statement to type: its text verbatim, its way, and for a feed the command that opened its client.

    `block` is the first line of its block. `reads` says that it looks at data which streams write. `why` says why it
    is left out. `port` is where a server answers. `typed_as` is what is typed on the host for a command that a report
    of ours shows as its service got it. `starts` says that it is a script which brings the cluster up.
    """

    text: str
    typed: Typed
    block: int
    way: Way
    opener: str = ""
    reads: bool = False
    why: str = ""
    port: int = 5000
    typed_as: str = ""
    starts: bool = False

    @property
    def is_python(self) -> bool:
        """Whether it is typed at an interpreter of Python, with `spark` or without."""
        return self.way is Way.CELL or (self.way is Way.FEED and self.typed.form in ("pyspark", "python"))

    @property
    def is_endless(self) -> bool:
        """Whether it is a loop that ends only when somebody stops it."""
        return self.way is Way.LOOP and self.typed.loop is Loop.ENDLESS


_OPENERS: Final[Mapping[str, str]] = {
    "presto": "docker-compose exec presto presto --server presto:8080 --catalog hive --schema default",
    "sql": "docker-compose exec presto presto --server presto:8080 --catalog hive --schema default",
    "hive": "docker-compose exec cloudera hive",
    "pyspark": "docker-compose exec spark pyspark",
}
"""The command that opens a client where the report shows none."""

_STREAMS: Final = re.compile(r"\.\s*(?:readStream|writeStream)\b")
_SERVES: Final = re.compile(r"\bapp\s*\.\s*run\s*\(")
_LOOPED: Final = re.compile(r"^\s*(?:while|until|for)\b.*(?:;|\n)\s*do\b|^\s*(?:while|for)\b.*:\s*$", re.MULTILINE)
_SLEEPS: Final = re.compile(r"\bsleep\b")
_SCRIPT: Final = re.compile(r"(?:^|[\s/])([\w.@+-]+\.(?:sh|bash|py))(?=\s|$|[;&\"'])")
_PORT: Final = re.compile(r"(?:--port[ =]|-p ?|FLASK_RUN_PORT=|port ?= ?)(\d{2,5})\b")
_STARTS: Final = re.compile(r"\bdocker(?:-compose| compose)\s+(?:-\S+\s+)*up\b")
_LOADS: Final = re.compile(r"\bab\b|\bcurl\b|\brequests\b|\burllib\b")
_INTERPRETERS: Final = frozenset({".", "bash", "python", "python3", "sh", "source", "spark-submit"})
_READERS: Final = frozenset({"hadoop", "hdfs", "presto", "hive", "beeline", "impala-shell"})
_STATEFUL: Final = re.compile(r"\s*(?:(?:cd|export|alias|source|set)\b|[A-Za-z_]\w*=)")
_FED: Final = re.compile(r"<(?!\()|^[^|]*\|\s*(?:sudo )?docker")
_HOST: Final = frozenset({"docker", "docker-compose"})


def script(submission: Submission) -> list[Unit]:
    """Give what a rerun of a submission types, in the report's order."""
    reader = _Reader(submission.files)
    found: list[Unit] = []
    steps: dict[str, list[Unit]] = {}
    for block in submission.blocks:
        if block.kind is Kind.COMMAND:
            units = [unit for statement in statements(block) if (unit := reader.unit(block, statement))]
            if block.step:
                steps.setdefault(block.step, []).extend(_recorded(unit, block.background) for unit in units)
            else:
                found += units
    for step in steps.values():
        found += _started_first(step, found)
    return [*_elsewhere(submission, found), *found]


def _elsewhere(submission: Submission, units: Sequence[Unit]) -> list[Unit]:
    """Give what another text of the submission says to type first, where the report itself starts nothing.

    A report that is a notebook of queries leaves the start to the README. Such a unit has line and block 0.
    """
    if any(unit.way in (Way.SERVE, Way.STREAM) or _starts_cluster(unit) for unit in units):
        return []
    texts = {unit.text for unit in units}
    names = sorted(name for name in submission.files if name.lower().endswith((".md", ".markdown")))
    for name in sorted(names, key=lambda name: (name.count("/"), not name.lower().startswith("readme"))):
        blocks = read(submission.files[name], name).blocks
        reader = _Reader(submission.files)
        found = [
            replace(unit, typed=replace(unit.typed, line=0), block=0)
            for block in blocks
            if block.kind is Kind.COMMAND
            for statement in statements(block)
            if (unit := reader.unit(block, statement)) and unit.way is not Way.LEAVE and unit.text not in texts
        ]
        if any(unit.way is Way.SERVE or _starts_cluster(unit) for unit in found):
            return [unit for unit in found if not unit.reads]
    return []


def _starts_cluster(unit: Unit) -> bool:
    return unit.starts or any(each.name == "docker-compose" and "up" in each.args for each in unit.typed.programs)


def _recorded(unit: Unit, background: bool) -> Unit:
    """Give a command of a report of ours: its service got it as it stands there."""
    service = unit.typed.service
    if service is None or service not in HOST_NAMES:
        return replace(unit, way=Way.LEAVE, why="is the harness' own, not the assignment's")
    typed_as = f'docker-compose exec -T -w "$PWD" {service} bash -c {shlex.quote(unit.text)}'
    way = unit.way
    if background and way is Way.RUN:
        way = Way.STREAM if any(each.name == "spark-submit" for each in unit.typed.programs) else Way.FOLLOW
    return replace(unit, typed_as=typed_as, way=way)


def _started_first(step: Sequence[Unit], before: Sequence[Unit]) -> list[Unit]:
    """Give the commands of a step of ours as they were started: its streams come first.

    What goes on since an earlier step is shown again.
    """
    going = {unit.text for unit in before if unit.way in (Way.SERVE, Way.FOLLOW, Way.STREAM)}
    first: list[Unit] = []
    rest: list[Unit] = []
    for unit in step:
        if unit.way in (Way.SERVE, Way.FOLLOW, Way.STREAM) and unit.text in going:
            rest.append(replace(unit, way=Way.LOOK))
        elif unit.way is Way.STREAM:
            first.append(unit)
        else:
            rest.append(unit)
    return [*first, *rest]


class _Reader:
    """Reads statements in their order, and remembers the client that is open."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {name.rpartition("/")[2]: text for name, text in files.items()}
        self._open: dict[str, str] = {}
        self._shell = ""
        self._before: list[str] = []

    def unit(self, block: Block, statement: Statement) -> Unit | None:
        """Give the unit of a statement; None for one without a command."""
        if not statement.commands:
            return None
        typed = _whole(statement)
        why = left_out(block, statement.commands[0])
        if why:
            return Unit(statement.text, typed, block.first_line, Way.LEAVE, why=why)
        if block.form in CLIENTS:
            return self._fed(block, statement, typed)
        return self._shell_unit(block, statement, typed)

    def _fed(self, block: Block, statement: Statement, typed: Typed) -> Unit:
        if block.form == "python":
            return Unit(statement.text, typed, block.first_line, Way.CELL, reads=True)
        opener = self._open.get(block.form) or _OPENERS[block.form]
        return Unit(statement.text, typed, block.first_line, Way.FEED, opener, reads=True)

    def _shell_unit(self, block: Block, statement: Statement, typed: Typed) -> Unit:
        text, programs = statement.text, [program for each in statement.commands for program in each.programs]
        names = {program.name for program in programs}
        unit = Unit(text, typed, block.first_line, Way.RUN, reads=bool(names & _READERS))
        if service_of(text) is None and not names & _HOST and not block.step:
            if typed.service in HOST_NAMES and not self._shell:  # a prompt in the report says where it is
                self._shell, self._before = f"docker-compose exec {typed.service} bash", []
            if self._shell:
                return self._in_shell(unit, names)
        self._shell = ""
        if (client := _opens(text, programs)) is not None:
            if client == "bash":
                self._shell, self._before = text, []
            else:
                self._open[client] = text
            return replace(unit, way=Way.OPEN)
        way, loop = self._way(text, programs, typed)
        port = _PORT.search(text)
        starts = any(_STARTS.search(each) for each in self._run_by(text, programs))
        typed = replace(typed, loop=loop)
        return replace(unit, way=way, typed=typed, port=int(port[1]) if port else 5000, starts=starts)

    def _run_by(self, text: str, programs: Sequence[Program]) -> list[str]:
        """Give the scripts that a command runs."""
        names = {program.name for program in programs}
        scripts = [match[1] for match in _SCRIPT.finditer(text)]
        runs = names & _INTERPRETERS or names & {*scripts, *(name.removesuffix(".sh") for name in scripts)}
        return [self._files[name] for name in scripts if runs and name in self._files]

    def _in_shell(self, unit: Unit, names: set[str]) -> Unit:
        """Give a statement that is typed at the shell of a service, after those that set something there."""
        if "exit" in names:
            self._shell = ""
            return replace(unit, way=Way.LEAVE, why="ends the shell in the service")
        before = "".join(f"{line}\n" for line in self._before)
        if _STATEFUL.match(unit.text):
            self._before.append(unit.text)
        way, loop = self._way(unit.text, unit.typed.programs, unit.typed)
        if way is Way.RUN or way is Way.LOOP:
            return replace(unit, text=before + unit.text, way=Way.FEED, opener=self._shell)
        heredoc = f"{self._shell} <<'END_OF_TERMINAL'\n{before}{unit.text}\nEND_OF_TERMINAL"
        return replace(unit, text=heredoc, way=way, typed=replace(unit.typed, loop=loop))

    def _way(self, text: str, programs: Sequence[Program], typed: Typed) -> tuple[Way, Loop]:
        names = {program.name for program in programs}
        inside = self._run_by(text, programs)
        if any(_is_server(program) for program in programs) or (
            names & {"python", "python3"} and any(_SERVES.search(each) for each in inside)
        ):
            return Way.SERVE, Loop.NONE
        if any(_follows(program) for program in programs if program.audible):
            return Way.FOLLOW, Loop.NONE
        if "spark-submit" in names and any(_STREAMS.search(each) for each in inside):
            return Way.STREAM, Loop.NONE
        if typed.loop is Loop.ENDLESS or any(ENDLESS.search(each) for each in inside if "spark-submit" not in names):
            return Way.LOOP, Loop.ENDLESS
        if typed.loop is Loop.FINITE and _SLEEPS.search(text):
            return Way.LOOP, Loop.FINITE
        if any(_STARTS.search(each) for each in inside):
            return Way.RUN, Loop.NONE
        if "spark-submit" not in names and any(_LOOPED.search(each) and _LOADS.search(each) for each in inside):
            return Way.LOOP, Loop.FINITE
        return Way.RUN, typed.loop


def _whole(statement: Statement) -> Typed:
    """Give a statement as one command."""
    first = statement.commands[0]
    if len(statement.commands) == 1:
        return replace(first, line=statement.line) if first.form != "shell" else first
    services = {each.service for each in statement.commands if each.service}
    loops = {each.loop for each in statement.commands}
    loop = next((each for each in (Loop.ENDLESS, Loop.FINITE) if each in loops), Loop.NONE)
    service = services.pop() if len(services) == 1 else None
    background = statement.commands[-1].background
    return Typed(statement.text, statement.line, first.form, service, statement.text, background, loop)


def _opens(text: str, programs: Sequence[Program]) -> str | None:
    """Give the client that a command opens to type at, or None."""
    if len(programs) != 1 or _FED.search(text):
        return None
    name, args = programs[0].name, programs[0].args
    if name == "presto" and not any(arg.startswith(("--execute", "--file", "-f")) for arg in args):
        return "presto"
    if name in ("hive", "beeline", "spark-sql") and not {"-e", "-f"} & set(args) and "-S" not in args:
        return "hive"
    if name == "pyspark":
        return "pyspark"
    if name in ("python", "python3", "ipython") and not args:
        return "python"
    if name in ("bash", "sh") and not set(args) - {"-l", "-i", "--login"} and "exec" in text.split():
        return "bash"
    return None


def _is_server(program: Program) -> bool:
    return (program.name == "flask" and "run" in program.args) or program.name in ("gunicorn", "waitress-serve")


def _follows(program: Program) -> bool:
    """Say whether a program shows what comes, for ever."""
    args = program.args
    if program.name in ("kafkacat", "kcat"):
        ends = any(re.match(r"-[A-Za-z]*[ecLPQ]", arg) for arg in args)
        return not ends
    if program.name == "kafka-console-consumer":
        return not any(arg.startswith(("--max-messages", "--timeout-ms")) for arg in args)
    if program.name in ("docker-compose", "docker"):
        return "logs" in args and any(arg in ("-f", "--follow") for arg in args)
    return program.name == "watch" or (program.name == "tail" and bool({"-f", "-F", "--follow"} & set(args)))


def texts(submission: Submission, units: Iterable[Unit]) -> Iterator[str]:
    """Give the texts that name places: the commands, then the scripts and the compose file."""
    yield from (unit.text for unit in units)
    for name, text in sorted(submission.files.items()):
        if name.endswith((".sh", ".yml", ".yaml", ".hql", ".sql", ".py")):
            yield text
