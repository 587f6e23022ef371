"""The way from a sandbox to the containers of its own project: a Unix socket, on which strangers ask the harness.

Each connection is one question: a message of JSON of a bounded size, for `exec` with three descriptors. Only a few
operations are there, and only services of this project; what makes no sense is answered with an error and forgotten.
Nothing that is asked reaches a shell or a path of this machine. When whoever asked goes away, the command is ended.
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from harness.cluster.compose.entered import NotRunning

LARGEST: Final = 128 << 10
"""Bytes of a message."""

MOST: Final = 48
"""Commands at the same time."""

PATIENCE: Final = 10.0
"""Seconds in which a message must come."""

_SIGNALS: Final = frozenset(map(int, (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)))
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}|BASH_FUNC_(?:[A-Za-z_]\w{0,63}|:)%%")


class Running(Protocol):
    """A command in a container. `process` is the client that carries its descriptors."""

    process: subprocess.Popen[bytes]

    def signal(self, number: int) -> None:
        """Send a signal to all its processes."""

    def end(self) -> None:
        """End it."""


class Way(Protocol):
    """What leads into the containers: see `harness.cluster.compose.entered.Entrance`."""

    def start(
        self,
        service: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        folder: str,
        streams: tuple[int, int, int] | None,
    ) -> Running:
        """Start a command; without descriptors it is detached. Raises NotRunning."""

    def end(self, service: str) -> None:
        """End all commands in a service."""


class Refused(Exception):
    """What was asked cannot be done; the words go to whoever asked."""


@dataclass(frozen=True, slots=True)
class Exec:
    """A command for a service."""

    service: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    detached: bool


@dataclass(frozen=True, slots=True)
class End:
    """The end of all commands in services."""

    services: Sequence[str]


def parse(data: bytes, services: Mapping[str, object]) -> Exec | End:
    """Read a message. Raises Refused."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise Refused("no JSON") from problem
    if not isinstance(message, dict):
        raise Refused("no object")
    match message.get("op"):
        case "exec":
            return _exec(message, services)
        case "end":
            return End([_service(name, services) for name in _texts(message.get("services"), "services")])
    raise Refused("no such operation")


def _exec(message: Mapping[str, Any], services: Mapping[str, object]) -> Exec:
    argv = _texts(message.get("argv"), "argv")
    environment, folder = message.get("env"), message.get("folder")
    if not argv or not argv[0]:
        raise Refused("no command")
    if not isinstance(environment, dict):
        raise Refused("env is no object")
    _texts(list(environment.values()), "env")
    if wrong := [name for name in environment if not _VARIABLE.fullmatch(name) or name.startswith("HARNESS_JOB")]:
        raise Refused(f"no variable: {wrong[0][:80]!r}")
    if not isinstance(folder, str) or not folder.startswith("/") or "\0" in folder:
        raise Refused("no folder")
    if not isinstance(message.get("detached"), bool):
        raise Refused("detached is no truth value")
    return Exec(_service(message.get("service"), services), argv, environment, folder, message["detached"])


def _texts(found: object, name: str) -> list[str]:
    if not isinstance(found, list) or not all(isinstance(each, str) and "\0" not in each for each in found):
        raise Refused(f"{name} are no texts")
    return found


def _service(name: object, services: Mapping[str, object]) -> str:
    if not isinstance(name, str) or name not in services:
        raise Refused("no such service")
    return name


class Broker:
    """Listens at a socket until it is closed. `services` are the file's names, with those by which `way` knows them."""

    def __init__(self, file: Path, services: Mapping[str, str], way: Way) -> None:
        self._services = services
        self._way = way
        self._free = threading.BoundedSemaphore(MOST)
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listening.bind(str(file))
        file.chmod(0o666)
        self._listening.listen(MOST)
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """End everything that was asked for, and listen no more."""
        self._closing.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join(5.0)
        self._listening.close()
        for thread in list(self._threads):
            thread.join(30.0)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            if not self._free.acquire(blocking=False):
                with connection:
                    _say(connection, {"error": f"harness: more than {MOST} commands at once", "code": 1})
                continue
            self._threads = [each for each in self._threads if each.is_alive()]
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        descriptors: list[int] = []
        try:
            connection.settimeout(PATIENCE)
            data, descriptors = _receive(connection)
            if data:
                _say(connection, self._do(connection, parse(data, self._services), descriptors))
        except Refused as problem:
            _say(connection, {"error": f"harness: refused: {problem}", "code": 1})
        except OSError:
            pass
        finally:
            _close(descriptors)
            connection.close()
            self._free.release()

    def _do(self, connection: socket.socket, asked: Exec | End, descriptors: list[int]) -> Mapping[str, object]:
        if isinstance(asked, End):
            for name in asked.services:
                self._way.end(self._services[name])
            return {"code": 0}
        if not asked.detached and len(descriptors) != 3:
            raise Refused("three descriptors are wanted")
        streams = None if asked.detached else (descriptors[0], descriptors[1], descriptors[2])
        key = self._services[asked.service]
        try:
            running = self._way.start(key, asked.argv, asked.environment, asked.folder, streams)
        except NotRunning:
            return {"error": f"ERROR: No container found for {asked.service}_1", "code": 1}
        except OSError as problem:  # a command too long for the system
            return {"error": f"harness: {problem.strerror}", "code": 126}
        _close(descriptors)
        self._attend(connection, running)
        code = running.process.wait()
        if code == -signal.SIGPIPE:
            running.end()  # nobody reads what it prints
        return {"code": 128 - code if code < 0 else code}

    def _attend(self, connection: socket.socket, running: Running) -> None:
        """Wait for a command's end; pass signals on; end it when whoever asked is gone."""
        ended = os.pidfd_open(running.process.pid)
        waiting = select.poll()
        waiting.register(ended, select.POLLIN)
        waiting.register(connection, select.POLLIN)
        try:
            while running.process.poll() is None:
                asked = connection.fileno() in [number for number, _ in waiting.poll(1000)]
                if self._closing.is_set() or (asked and not self._hear(connection, running)):
                    break
        finally:
            os.close(ended)
            if running.process.poll() is None:
                running.end()

    def _hear(self, connection: socket.socket, running: Running) -> bool:
        """Take a signal. Says whether somebody is still there."""
        data, more = _receive(connection)
        _close(more)
        try:
            number = json.loads(data)["signal"] if data else 0
        except (ValueError, TypeError, KeyError, RecursionError):
            number = 0
        if isinstance(number, int) and number in _SIGNALS:
            running.signal(number)
            return True
        return False


def _receive(connection: socket.socket) -> tuple[bytes, list[int]]:
    """Give a message and its descriptors; an empty one when the other side is gone. Raises Refused for one too long."""
    data, descriptors, flags, _ = socket.recv_fds(connection, LARGEST, 3)
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
        _close(descriptors)
        raise Refused("the message is too long")
    return data, descriptors


def _say(connection: socket.socket, answer: Mapping[str, object]) -> None:
    with suppress(OSError):
        connection.send(json.dumps(answer).encode())


def _close(descriptors: list[int]) -> None:
    while descriptors:
        with suppress(OSError):
            os.close(descriptors.pop())
