"""Reads the statements of a report in their order: what is typed at which client, shell or service."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from harness.cluster.addresses import HOST_NAMES
from harness.grade.rerun import prompts
from harness.grade.rerun.units import Unit, Way
from harness.grade.rerun.ways import Ways, port_of
from harness.outputs.shell import Program
from harness.readme.blocks import Block
from harness.readme.plan import left_out
from harness.readme.services import service_of
from harness.readme.typed import Loop, Statement, Typed

_CLIENTS: Final = frozenset({"hive", "presto", "pyspark", "python", "sql"})
"""What statements are typed at, where it is no shell."""

_OPENERS: Final[Mapping[str, str]] = {
    "presto": "docker-compose exec presto presto --server presto:8080 --catalog hive --schema default",
    "sql": "docker-compose exec presto presto --server presto:8080 --catalog hive --schema default",
    "hive": "docker-compose exec cloudera hive",
    "pyspark": "docker-compose exec spark pyspark",
}
"""The command that opens a client where the report shows none."""

_READERS: Final = frozenset({"hadoop", "hdfs", "presto", "hive", "beeline", "impala-shell"})
_STATEFUL: Final = re.compile(r"\s*(?:(?:cd|export|alias|source|set)\b|[A-Za-z_]\w*=)")
_FED: Final = re.compile(r"<(?!\()|^[^|]*\|\s*(?:sudo )?docker")
_HOST: Final = frozenset({"docker", "docker-compose"})


class Reader:
    """Reads statements in their order, and remembers the client that is open."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._ways = Ways(files)
        self._open: dict[str, str] = {}
        self._set: dict[str, list[str]] = {}
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
        if block.form in _CLIENTS:
            return self._fed(block, statement, typed)
        return self._shell_unit(block, statement, typed)

    def _fed(self, block: Block, statement: Statement, typed: Typed) -> Unit:
        if block.form == "python":
            return Unit(statement.text, typed, block.first_line, Way.CELL, reads=True)
        opener = self._open.get(block.form) or _OPENERS[block.form]
        unit = Unit(statement.text, typed, block.first_line, Way.FEED, opener, reads=True)
        if unit.is_python:
            return unit
        holds = self._set.setdefault(block.form, [])
        if prompts.sets(unit.text):
            holds.append(unit.text)
            return unit
        return replace(unit, before=tuple(holds))

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
                self._set.pop(client, None)
            return replace(unit, way=Way.OPEN)
        way, loop = self._ways.of(text, programs, typed)
        asks = self._ways.asks(text, programs)
        typed = replace(typed, loop=loop)
        return replace(unit, way=way, typed=typed, port=port_of(text, programs), asks=asks)

    def _in_shell(self, unit: Unit, names: set[str]) -> Unit:
        """Give a statement that is typed at the shell of a service, after those that set something there."""
        if "exit" in names:
            self._shell = ""
            return replace(unit, way=Way.LEAVE, why="ends the shell in the service")
        before = "".join(f"{line}\n" for line in self._before)
        if _STATEFUL.match(unit.text):
            self._before.append(unit.text)
        way, loop = self._ways.of(unit.text, unit.typed.programs, unit.typed)
        if way is Way.RUN or way is Way.LOOP:
            return replace(unit, text=before + unit.text, way=Way.FEED, opener=self._shell)
        heredoc = f"{self._shell} <<'END_OF_TERMINAL'\n{before}{unit.text}\nEND_OF_TERMINAL"
        return replace(unit, text=heredoc, way=way, typed=replace(unit.typed, loop=loop))


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
