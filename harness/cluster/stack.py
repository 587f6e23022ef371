"""What a project's cluster is made of: the assignment's servers, those that it adds, and those that it leaves out.

It stands in pyproject.toml:

    [tool.harness]
    without = ["presto"]            # servers that are not started
    course = 2018                   # commands run as the course's versions of that year did

    [tool.harness.services.redis]
    command = "redis-server --bind {bind} --port {port} --dir {data}"
    port = 6379
    ready = "redis-cli -p {port} ping"
    programs = { redis-server = "redis-server", redis-cli = "redis-tools" }

Other versions of the servers stand in a `toolchain.lock` beside it, which `harness lock` writes.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, TypeGuard

from harness.cluster.addresses import HOST_NAMES, ORIGINAL
from harness.errors import UsageError

SERVERS: Final = ("zookeeper", "kafka", "namenode", "datanode", "metastore", "presto")
"""The assignment's servers, in the order in which they are shown; the API is a step's own."""

COURSE: Final = 2018
"""The year of the course whose versions are known."""

LOCK: Final = "toolchain.lock"

_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "kafka": ("zookeeper",),
    "datanode": ("namenode",),
    "metastore": ("namenode", "datanode"),
    "presto": ("metastore",),
}
"""What each server is of no use without."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
_PROGRAM: Final = re.compile(r"[A-Za-z0-9][\w.+-]{0,60}")
_MEMORY: Final = re.compile(r"[1-9]\d{0,6}[mg]")
_PLACE: Final = re.compile(r"\{(\w+)\}")
_PLACES: Final = ("bind", "port", "data")
_KEYS: Final = ("command", "port", "ready", "programs", "needs", "memory")


@dataclass(frozen=True, slots=True)
class AddedService:
    """A server beside the assignment's, in a room (a container) of its own name.

    `command` is a shell command that stays in the foreground. It may name `{bind}` (the interface to listen on),
    `{port}` and `{data}` (a folder of its own); the assignment's addresses in it mean this cluster's. `ready` says when
    the server is useful: a command of its room that ends with 0, or a path such as `/health` that it answers over
    HTTP; without it, when somebody listens on its port. `programs` are the programs of its room, each with the Debian
    package that brings it; `needs` are servers that must be ready first; `memory` bounds its container.

    Steps, app and jobs reach it at `NAME:port`, which the variable `NAME_ADDRESS` holds too.
    """

    name: str
    command: str
    port: int
    ready: str = ""
    programs: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    memory: str = "512m"

    @property
    def variable(self) -> str:
        """The environment variable of its address: REDIS_ADDRESS."""
        return f"{self.name.upper().replace('-', '_')}_ADDRESS"

    def filled(self, text: str, *, bind: str, port: int, data: Path) -> str:
        """Put the values of this cluster into a command or a path."""
        values = {"bind": bind, "port": str(port), "data": shlex.quote(str(data))}
        return _PLACE.sub(lambda found: values[found[1]], text)


REDIS: Final = AddedService(
    "redis",
    "redis-server --bind {bind} --port {port} --dir {data} --protected-mode no --save '' --appendonly no"
    " --maxmemory 128mb --rename-command CONFIG '' --rename-command DEBUG '' --rename-command MODULE ''",
    6379,
    "redis-cli -p {port} ping",
    {"redis-server": "redis-server", "redis-cli": "redis-tools"},
    memory="256m",
)
"""The Redis of submissions that have one: it keeps nothing, and what reaches files and programs is not there."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What a cluster is made of, where it is not the assignment's own.

    `lock` is a file with other versions of the servers' parts. With `course` the project's commands run as those of
    strangers do: with the settings that the course's versions of 2018 had.
    """

    added: tuple[AddedService, ...] = ()
    without: tuple[str, ...] = ()
    lock: Path | None = None
    course: bool = False

    @property
    def servers(self) -> tuple[str, ...]:
        """The servers that a run starts, but for its API."""
        return (*(name for name in SERVERS if name not in self.without), *(each.name for each in self.added))

    @property
    def listeners(self) -> Mapping[str, tuple[str, int]]:
        """The host name and the port of each server that was added."""
        return {each.name: (each.name, each.port) for each in self.added}

    @property
    def packages(self) -> Mapping[str, str]:
        """The Debian package of each program that the added servers need."""
        return {program: package for each in self.added for program, package in each.programs.items()}

    def find(self, name: str) -> AddedService | None:
        """Give the added server of a name."""
        return next((each for each in self.added if each.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """Give all of it as JSON values."""
        return {**asdict(self), "lock": str(self.lock) if self.lock else None}

    @classmethod
    def of(cls, values: Mapping[str, Any] | None) -> Stack:
        """Read what `as_dict` gave; nothing is the assignment's own."""
        if values is None:
            return cls()
        added = tuple(AddedService(**{**each, "needs": tuple(each["needs"])}) for each in values["added"])
        lock = Path(values["lock"]) if values["lock"] else None
        return cls(added, tuple(values["without"]), lock, values["course"])


def read(table: Mapping[str, object], file: Path) -> Stack:
    """Read the stack of a `[tool.harness]` table of `file`. Raises UsageError naming the line's key, and the remedy."""
    services = table.get("services", {})
    if not isinstance(services, Mapping):
        raise _wrong(file, "services", services, "a table for each server: [tool.harness.services.NAME]")
    added = tuple(_service(str(name), values, file) for name, values in services.items())
    known = {*SERVERS, *(each.name for each in added)}
    for each in added:
        if unknown := [need for need in each.needs if need not in known or need == each.name]:
            raise _wrong(file, f"services.{each.name}.needs", unknown[0], f"servers of {', '.join(sorted(known))}")
    _refuse_cycle(added, file)
    course = table.get("course")
    if course not in (None, COURSE):
        raise _wrong(file, "course", course, f"{COURSE}, or no such line")
    lock = file.parent / LOCK
    return Stack(added, _left_out(table, added, file), lock if lock.is_file() else None, course is not None)


def _service(name: str, values: object, file: Path) -> AddedService:
    key = f"services.{name}"
    taken = {*SERVERS, *ORIGINAL, *HOST_NAMES, "localhost", "base", "added"}
    if not _NAME.fullmatch(name) or name in taken:
        reason = "a name of lower-case letters, digits and hyphens that no server of the assignment has"
        raise _wrong(file, key, name, reason)
    if not isinstance(values, Mapping):
        raise _wrong(file, key, values, "a table with command and port")
    if unknown := [each for each in values if each not in _KEYS]:
        raise _wrong(file, f"{key}.{unknown[0]}", values[unknown[0]], f"one of the keys {', '.join(_KEYS)}")
    command, port = values.get("command"), values.get("port")
    if not isinstance(command, str) or not command.strip():
        raise _wrong(file, f"{key}.command", command, "the command that starts the server, as a text")
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
        raise _wrong(file, f"{key}.port", port, "the port that it listens on, from 1 to 65535")
    if port in {number for _, number in ORIGINAL.values()}:
        raise _wrong(file, f"{key}.port", port, "a port that no server of the assignment has")
    ready = values.get("ready", "")
    if not isinstance(ready, str):
        raise _wrong(file, f"{key}.ready", ready, "a command, or a path such as /health")
    for where, text in (("command", command), ("ready", ready)):
        if unknown := [each for each in _PLACE.findall(text) if each not in _PLACES]:
            known = ", ".join(f"{{{each}}}" for each in _PLACES)
            raise _wrong(file, f"{key}.{where}", f"{{{unknown[0]}}}", f"no other placeholder than {known}")
    programs, needs = values.get("programs", {}), values.get("needs", [])
    if not isinstance(programs, Mapping) or not all(
        isinstance(package, str) and _PROGRAM.fullmatch(program) and _PROGRAM.fullmatch(package)
        for program, package in programs.items()
    ):
        raise _wrong(file, f"{key}.programs", programs, 'a table such as { redis-cli = "redis-tools" }')
    if not _are_texts(needs):
        raise _wrong(file, f"{key}.needs", needs, "a list of servers")
    memory = values.get("memory", AddedService.__dataclass_fields__["memory"].default)
    if not isinstance(memory, str) or not _MEMORY.fullmatch(memory):
        raise _wrong(file, f"{key}.memory", memory, 'a size such as "256m" or "1g"')
    return AddedService(name, command, port, ready, dict(programs), tuple(needs), memory)


def _left_out(table: Mapping[str, object], added: Sequence[AddedService], file: Path) -> tuple[str, ...]:
    without: object = table.get("without", [])
    if not _are_texts(without) or not set(without) <= set(SERVERS):
        raise _wrong(file, "without", without, f"a list of {', '.join(SERVERS)}")
    needs = {**_NEEDS, **{each.name: each.needs for each in added}}
    for name in (*SERVERS, *(each.name for each in added)):
        if name not in without and (lacking := [need for need in needs.get(name, ()) if need in without]):
            remedy = f"leave out {name} too, or keep {lacking[0]}"
            raise _wrong(file, "without", without, f"{name} needs {lacking[0]}", remedy)
    return tuple(name for name in SERVERS if name in without)


def _refuse_cycle(added: Sequence[AddedService], file: Path) -> None:
    needs = {each.name: each.needs for each in added}
    for name in needs:
        waiting, seen = list(needs[name]), set[str]()
        while waiting:
            need = waiting.pop()
            if need == name:
                reason = f"servers of which none waits for itself; {name} does"
                raise _wrong(file, f"services.{name}.needs", list(needs[name]), reason)
            if need not in seen:
                seen.add(need)
                waiting += needs.get(need, ())


def _are_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _wrong(file: Path, key: str, seen: object, wanted: str, remedy: str | None = None) -> UsageError:
    return UsageError(
        f"{file}{_line(file, key)}: tool.harness.{key} cannot be taken.",
        wanted=wanted,
        seen="nothing" if seen is None else repr(seen),
        remedy=remedy or "mend that line",
    )


def _line(file: Path, key: str) -> str:
    """Give where a key stands in a TOML file, such as `:7`, else where its table begins; nothing where neither does."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    *tables, last = key.split(".")
    header = ".".join(("tool", "harness", *tables))
    inside, begun = False, ""
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text.startswith("["):
            name = text.strip("[] ")
            inside = name == header
            begun = f":{number}" if inside else begun
            if name == f"{header}.{last}":
                return f":{number}"
        elif inside and re.match(rf"[\"']?{re.escape(last)}[\"']?\s*=", text):
            return f":{number}"
    return begun
