"""A container's main process: starts the servers of its service and ends when one of them ends.

`W205_SERVICE` names the service. A service without servers (`spark`, `mids`) runs the command that it was given, such
as `bash`, or waits. `W205_SERVERS` names servers in place of a service's, `W205_ARGUMENTS` further words for each.
The environment of the course's images is honoured: `KAFKA_LOG_DIRS` sets `log.dirs`, `ZOOKEEPER_CLIENT_PORT` sets
`clientPort`, `HIVE_THRIFTSERVER` is the metastore that Presto asks. With `W205_PRESTO_BY_POSITION` it finds Parquet
columns by position.

Only the standard library is used, and nothing of the harness: this file is copied into the images.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType
from typing import IO

HOME = Path("/opt/w205")
JOB = "HARNESS_JOB"
"""The variable by which the processes of a server or of a command are known."""

ENDING = (signal.SIGTERM, signal.SIGHUP)
"""What a container is ended by: the second where its image has a shell as its main process."""

GRACE = 8.0
"""Seconds that the other servers have to end by themselves after one has ended."""

LAST_WORDS = 2.0
"""Seconds in which the last lines of ended servers are copied."""

_MARKS = {"_": ".", "__": "_", "___": "-"}
"""What underscores in a variable's name stand for in a property's."""

COMMANDS_OWN = ("KAFKA_BOOTSTRAP_SERVERS",)
"""Variables of the containers that are for commands, and no properties of a server."""


def main(arguments: Sequence[str]) -> int:
    """Run the service. Gives the exit code of the server that ended first."""
    service = os.environ["W205_SERVICE"]
    settings = json.loads((HOME / "conf" / "servers.json").read_text(encoding="utf-8"))
    wanted = os.environ.get("W205_SERVERS", "").split()
    words = os.environ.get("W205_ARGUMENTS", "").split()
    servers = [
        {**server, "command": [*server["command"], *words]}
        for server in settings["servers"]
        if (server["name"] in wanted if wanted else server["service"] == service)
    ]
    if not servers:
        if arguments:
            os.execvp(arguments[0], list(arguments))  # noqa: S606
        for number in ENDING:
            signal.signal(number, lambda *_: sys.exit(0))
        while True:
            signal.pause()
    if service in ("kafka", "zookeeper"):
        write_properties(HOME / "conf" / f"{service}.properties", from_environment(service, os.environ))
    if service == "presto":
        write_properties(HOME / "presto" / "etc" / "catalog" / "hive.properties", of_catalog(os.environ))
    with ExitStack() as held:
        for port in settings.get("ports", {}).values():
            hold(port, held)
        return Supervisor(servers).run()


def hold(port: int, held: ExitStack) -> None:
    """Keep a server's port from outgoing connections: Linux gives them none that is bound, and lets the server listen.

    Some of the ports are in the range of those that it gives, and a server does not start when its own is in use.
    """
    bound = held.enter_context(socket.socket())
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with suppress(OSError):
        bound.bind(("", port))


def from_environment(service: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Give the properties that the environment sets, as the images of Confluent read them."""
    prefix = f"{service.upper()}_"
    found = {}
    for name, value in environment.items():
        if name.startswith(prefix) and value and name not in COMMANDS_OWN:
            words = name[len(prefix) :].lower()
            if service == "kafka":
                key = re.sub("_+", lambda match: _MARKS.get(match[0], match[0]), words)
            else:
                key = re.sub("_+(.)", lambda match: match[1].upper(), words)
            found[key] = value
    if "advertised.listeners" in found and "listeners" not in found:
        found["listeners"] = re.sub(r"://[^:,]*:", "://0.0.0.0:", found["advertised.listeners"])
    return found


def of_catalog(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the properties of Presto's catalog that the environment sets."""
    found = {}
    if metastore := environment.get("HIVE_THRIFTSERVER"):
        found["hive.metastore.uri"] = f"thrift://{metastore}"
    if environment.get("W205_PRESTO_BY_POSITION"):
        found["hive.parquet.use-column-names"] = "false"
    return found


def write_properties(file: Path, changes: Mapping[str, str]) -> None:
    """Change settings in a properties file; a start again changes nothing more."""
    lines = file.read_text(encoding="utf-8").splitlines()
    settings = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    settings.update(changes)
    file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()), encoding="utf-8")


class Supervisor:
    """The servers of one service. With more than one, each line of output begins with the server's name."""

    def __init__(self, servers: Sequence[Mapping[str, object]]) -> None:
        self._servers = servers
        self._running: dict[int, tuple[str, subprocess.Popen[bytes]]] = {}
        self._copies: list[threading.Thread] = []
        self._output = threading.Lock()
        self._ending = False

    def run(self) -> int:
        """Start every server and wait for the first end; then end the others."""
        for number in (*ENDING, signal.SIGINT):
            signal.signal(number, self._terminate)
        signal.signal(signal.SIGALRM, self._kill)
        for server in self._servers:
            if not self._ending:
                self._start(server)
        if self._ending:
            self._terminate()
        first: int | None = None
        while self._running:
            pid, status = os.wait()
            if pid not in self._running:  # an orphan, where this is a container's first process
                continue
            name, process = self._running.pop(pid)
            process.returncode = code = os.waitstatus_to_exitcode(status)
            if first is None:
                first = code
                with self._output:
                    print(f"{name} ended with exit code {code}", flush=True)
                if not self._ending:
                    self._terminate()
                signal.setitimer(signal.ITIMER_REAL, GRACE)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for copy in self._copies:
            copy.join(LAST_WORDS)
        if first is None:
            return 128 + signal.SIGTERM
        return 128 - first if first < 0 else first

    def _start(self, server: Mapping[str, object]) -> None:
        environment = {**os.environ, JOB: str(server["name"])}
        done = HOME / "data" / f"{server['name']}.prepared"
        if server["once"] and not done.exists():
            subprocess.run(server["once"], env=environment, check=True, cwd=str(server["cwd"]))  # type: ignore[call-overload]
            done.touch()
        if self._ending:
            return
        several = len(self._servers) > 1
        process: subprocess.Popen[bytes] = subprocess.Popen(
            server["command"],  # type: ignore[call-overload]
            env=environment,
            cwd=str(server["cwd"]),
            stdout=subprocess.PIPE if several else None,
            stderr=subprocess.STDOUT if several else None,
        )
        self._running[process.pid] = str(server["name"]), process
        if several and process.stdout:
            copy = threading.Thread(target=self._copy, args=(str(server["name"]), process.stdout), daemon=True)
            copy.start()
            self._copies.append(copy)

    def _copy(self, name: str, stream: IO[bytes]) -> None:
        prefix = f"{name} | ".encode()
        for line in stream:
            with self._output:
                sys.stdout.buffer.write(prefix + line.rstrip(b"\n") + b"\n")
                sys.stdout.buffer.flush()

    def _terminate(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        self._ending = True
        self._send(signal.SIGTERM)

    def _kill(self, _number: int, _frame: FrameType | None) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        for pid in list(self._running):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
