"""How long a command goes on: what it runs says so, and what the scripts hold that it starts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from harness.grade.rerun.units import Way
from harness.outputs.shell import ENDLESS, Program
from harness.readme.typed import Loop, Typed

_SERVERS: Final = {
    "flask": 5000,
    "gunicorn": 8000,
    "http.server": 8000,
    "hypercorn": 8000,
    "uvicorn": 8000,
    "waitress": 8080,
    "waitress-serve": 8080,
}
"""Programs that serve until they are stopped, each with the port at which it answers where no other is named."""

_PORT: Final = re.compile(
    r"(?:--port[ =]|-p ?|FLASK_RUN_PORT=|port ?= ?|(?:-b|--bind|--listen)[ =]?[^\s:]*:|http\.server )(\d{2,5})\b"
)
_STREAMS: Final = re.compile(r"\.\s*(?:readStream|writeStream)\b")
_SERVES: Final = re.compile(r"\bapp\s*\.\s*run\s*\(")
_LOOPED: Final = re.compile(r"^\s*(?:while|until|for)\b.*(?:;|\n)\s*do\b|^\s*(?:while|for)\b.*:\s*$", re.MULTILINE)
_SLEEPS: Final = re.compile(r"\bsleep\b")
_SCRIPT: Final = re.compile(r"(?:^|[\s/])([\w.@+-]+\.(?:sh|bash|py))(?=\s|$|[;&\"'])")
_ASKS: Final = re.compile(
    r"\bdocker(?:-compose)?\s+(?:compose\s+)?(?:-\S+\s+(?:[^-\s]\S*\s+)??){0,12}?"
    r"(down|kill|rm|stop|up)(?=\s|$|[;&|)`'\"])"
)
"""What is asked of `docker-compose` or `docker`, after options that may have a value of their own."""

_COMMENT: Final = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_LOADS: Final = re.compile(r"\bab\b|\bcurl\b|\brequests\b|\burllib\b")
_INTERPRETERS: Final = frozenset({".", "bash", "python", "python3", "sh", "source", "spark-submit"})


class Ways:
    """Tells the ways of commands in a submission with these files."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {name.rpartition("/")[2]: text for name, text in files.items()}

    def of(self, text: str, programs: Sequence[Program], typed: Typed) -> tuple[Way, Loop]:
        """Give the way of a command, and whether it is a loop."""
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
        if "up" in _asked(inside):
            return Way.RUN, Loop.NONE
        if "spark-submit" not in names and any(_LOOPED.search(each) and _LOADS.search(each) for each in inside):
            return Way.LOOP, Loop.FINITE
        return Way.RUN, typed.loop

    def asks(self, text: str, programs: Sequence[Program]) -> tuple[str, ...]:
        """Give what a command and the scripts that it runs ask of the cluster, in their order: up, stop, down, …."""
        return _asked((text, *self._run_by(text, programs)))

    def _run_by(self, text: str, programs: Sequence[Program]) -> list[str]:
        """Give the scripts that a command runs."""
        names = {program.name for program in programs}
        scripts = [match[1] for match in _SCRIPT.finditer(text)]
        runs = names & _INTERPRETERS or names & {*scripts, *(name.removesuffix(".sh") for name in scripts)}
        return [self._files[name] for name in scripts if runs and name in self._files]


def _asked(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(verb for text in texts for verb in _ASKS.findall(_COMMENT.sub("", text)))


def port_of(text: str, programs: Sequence[Program]) -> int:
    """Give the port at which the server of a command answers: the one that it names, else that of its program."""
    if named := _PORT.search(text):
        return int(named[1])
    return next((_SERVERS[program.name] for program in programs if program.name in _SERVERS), _SERVERS["flask"])


def _is_server(program: Program) -> bool:
    return program.name in _SERVERS and (program.name != "flask" or "run" in program.args)


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
