"""A container's main process: starts the servers of its service and ends when one of them ends.

`W205_SERVICE` names the service. A service without servers (`spark`, `mids`) runs the command that it was given, such
as `bash`, or waits. The environment of the course's images is honoured: `KAFKA_LOG_DIRS` sets `log.dirs`,
`ZOOKEEPER_CLIENT_PORT` sets `clientPort`.

Only the standard library is used, and nothing of the harness: this file is copied into the images.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

HOME = Path("/opt/w205")
JOB = "HARNESS_JOB"
"""The variable by which the processes of a server or of a command are known."""


def main(arguments: Sequence[str]) -> int:
    """Run the service. Gives the exit code of the server that ended first."""
    service = os.environ["W205_SERVICE"]
    settings = json.loads((HOME / "conf" / "servers.json").read_text(encoding="utf-8"))
    servers = [server for server in settings["servers"] if server["service"] == service]
    if not servers:
        if arguments:
            os.execvp(arguments[0], list(arguments))  # noqa: S606
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        while True:
            signal.pause()
    if service in ("kafka", "zookeeper"):
        write_properties(HOME / "conf" / f"{service}.properties", from_environment(service, os.environ))
    return Supervisor(servers).run()


def from_environment(service: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Give the properties that the environment sets, as the images of Confluent read them."""
    prefix = f"{service.upper()}_"
    found = {}
    for name, value in environment.items():
        if name.startswith(prefix) and value:
            words = name[len(prefix) :].lower().split("_")
            key = ".".join(words) if service == "kafka" else words[0] + "".join(map(str.capitalize, words[1:]))
            found[key] = value
    if "advertised.listeners" in found and "listeners" not in found:
        found["listeners"] = re.sub(r"://[^:,]*:", "://0.0.0.0:", found["advertised.listeners"])
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
        self._running: list[subprocess.Popen[bytes]] = []
        self._output = threading.Lock()

    def run(self) -> int:
        """Start every server and wait for the first end; then end the others."""
        signal.signal(signal.SIGTERM, self._terminate)
        signal.signal(signal.SIGINT, self._terminate)
        for server in self._servers:
            self._start(server)
        pid, status = os.wait()
        code = os.waitstatus_to_exitcode(status)
        name = next((str(s["name"]) for s, p in zip(self._servers, self._running, strict=True) if p.pid == pid), "")
        print(f"{name} ended with exit code {code}", flush=True)
        self._terminate()
        for process in self._running:
            if process.pid != pid:
                process.wait()
        return 128 - code if code < 0 else code

    def _start(self, server: Mapping[str, object]) -> None:
        environment = {**os.environ, JOB: str(server["name"])}
        done = HOME / "data" / f"{server['name']}.prepared"
        if server["once"] and not done.exists():
            subprocess.run(server["once"], env=environment, check=True, cwd=str(server["cwd"]))  # type: ignore[call-overload]
            done.touch()
        several = len(self._servers) > 1
        process: subprocess.Popen[bytes] = subprocess.Popen(
            server["command"],  # type: ignore[call-overload]
            env=environment,
            cwd=str(server["cwd"]),
            stdout=subprocess.PIPE if several else None,
            stderr=subprocess.STDOUT if several else None,
        )
        self._running.append(process)
        if several and process.stdout:
            threading.Thread(target=self._copy, args=(str(server["name"]), process.stdout), daemon=True).start()

    def _copy(self, name: str, stream: IO[bytes]) -> None:
        prefix = f"{name} | ".encode()
        for line in stream:
            with self._output:
                sys.stdout.buffer.write(prefix + line)
                sys.stdout.buffer.flush()

    def _terminate(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        for process in self._running:
            if process.returncode is None:
                try:
                    process.terminate()
                except ProcessLookupError:
                    continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
