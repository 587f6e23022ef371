"""The local backend: the real servers as processes on loopback, kept by a keeper."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

import psutil

from harness.cluster import keeper_start, runs
from harness.cluster.addresses import LOOPBACK, ORIGINAL, Addresses
from harness.cluster.background import LocalBackground
from harness.cluster.captures import captured, ended_late, read, utc_now
from harness.cluster.control import Connection, Message
from harness.cluster.elsewhere import Elsewhere
from harness.cluster.faults import as_error
from harness.cluster.keeper_client import KeeperClient, checked
from harness.cluster.names import Names
from harness.cluster.protocol import ServerState, Tell
from harness.cluster.run_files import RunFiles
from harness.cluster.stack import Stack
from harness.cluster.toolchain import Toolchain
from harness.errors import EnvironmentFault, HarnessError, UsageError
from harness.model import Capture
from harness.settings import Settings

SHELL = "/bin/bash"
"""What students type into. It replaces itself by a single command, so that signals reach the program itself."""

DOWN_TIME = 120.0

_OUTLIVING: list[subprocess.Popen[bytes]] = []
"""Keepers that were kept: a Popen that is thrown away while its process runs is taken for a mistake."""


class LocalCluster:
    """A cluster of local processes. Made by `start` or `join`."""

    backend = "local"

    def __init__(
        self, folder: Path, spec: runs.RunSpec, settings: Settings, keeper: KeeperClient, ports: Mapping[str, int]
    ) -> None:
        self.folder = folder
        self.mode = spec.mode
        self.log_folder = Path(spec.logs)
        self.keeper = keeper
        self.notes: list[str] = []
        self._settings = settings
        there = Elsewhere(**spec.elsewhere) if spec.elsewhere else None
        self.names = there.names if there else Names()
        self.originals: Mapping[str, str] = there.originals if there else {}
        added = Stack.of(spec.stack).listeners
        self._addresses = Addresses(spec.mode, ports, there.listeners if there else {}, added)
        self._process: subprocess.Popen[bytes] | None = None
        self._files = RunFiles(folder, self.log_folder)

    @classmethod
    def start(cls, settings: Settings, toolchain: Toolchain, logs: Path, tell: Tell = lambda _: None) -> LocalCluster:
        """Start a new cluster without servers; it goes down with this process unless it is kept.

        Raises EnvironmentFault when private mode was asked for and cannot be had, or a port asked for is taken.
        """
        started = keeper_start.start(settings, toolchain, logs, tell)
        cluster = cls(started.folder, started.spec, settings, started.client, started.granted["ports"])
        cluster._process = started.process
        cluster.notes = [*([started.note] if started.note else []), *started.granted["notes"]]
        return cluster

    @classmethod
    def join(cls, folder: Path, settings: Settings) -> LocalCluster:
        """Join a cluster that somebody keeps."""
        spec = runs.read_spec(folder)
        keeper = KeeperClient(folder, Path(spec.logs) / "keeper.log")
        return cls(folder, spec, settings, keeper, keeper.ask(op="status")["ports"])

    def up(self, services: Sequence[str], tell: Tell = lambda _: None) -> None:
        """Start servers side by side and wait until each is useful."""
        request = {"op": "boot", "services": list(services), "timeout": self._settings.boot_timeout}
        with self.keeper.talk(request) as connection:
            while (message := checked(connection.receive()))["event"] != "done":
                tell(message)

    def exec(self, service: str, command: str, *, timeout: float | None = None) -> Capture:
        """Run a shell command in a service and wait for its end."""
        command = self.translate(command)
        started, clock = utc_now(), time.monotonic()
        out, err = self._files.outputs()
        limit = self._settings.command_timeout if timeout is None else timeout
        ended = self.keeper.run(service, [SHELL, "-c", command], out, err, timeout=limit)
        seconds = time.monotonic() - clock
        stderr = read(err)
        if ended["timed_out"]:
            stderr = ended_late(stderr, limit)
        return captured(service, command, read(out), stderr, ended["exit_code"], started=started, seconds=seconds)

    def exec_background(self, service: str, command: str, *, serves: str | None = None) -> LocalBackground:
        """Run a shell command and do not wait; with `serves` wait until that server is ready."""
        command = self.translate(command)
        if serves:
            self.keeper.ask(op="stop_service", service=serves)
        out, err = self._files.server_logs(serves) if serves else self._files.outputs()
        background = LocalBackground(self.keeper, service, command, out, err)
        words = [SHELL, "-c", command]
        started = self.keeper.run(service, words, out, err, background=True, serves=serves, log=str(err))
        background.id = started["id"]
        if serves:
            self.keeper.ask(op="await_ready", service=serves)
        return background

    def attach(self, service: str, words: Sequence[str]) -> int:
        """Run a program in a service on this terminal. Gives its exit code; signals go to the program."""

        def forward_signals(connection: Connection) -> None:
            def forward(number: int, _frame: FrameType | None) -> None:
                connection.send({"signal": number})

            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
                signal.signal(number, forward)

        words = [self.translate(word) for word in words]
        terminal = {"TERM": os.environ.get("TERM", "dumb")}
        ended = self.keeper.run(service, words, 1, 2, stdin=0, on_start=forward_signals, environment=terminal)
        return int(ended["exit_code"])

    def exec_own(self, words: Sequence[str], *, timeout: float | None = None) -> Capture:
        """Run a program of the harness' own where it reaches the servers, and wait for its end."""
        return self.exec("mids", shlex.join(words), timeout=timeout)

    def endpoint(self, service: str, port: int) -> tuple[str, int]:
        """Give the host and port of the original's `service:port`. Raises UsageError for a private cluster."""
        if self.mode == "private":
            raise UsageError(
                "A private cluster has a network of its own.",
                wanted=f"{service}:{port} from outside it",
                remedy="run the program in it (`harness exec`, or `run(...)` in a step), or use --mode open",
            )
        listeners = {**ORIGINAL, **self._addresses.added}
        for listener, original in listeners.items():
            if original == (service, port) or (listener == service and original[1] == port):
                return LOOPBACK, self._addresses.ports[listener]
        known = ", ".join(f"{host}:{number}" for host, number in listeners.values())
        raise UsageError(f"No server listens at {service}:{port}.", wanted=known)

    def translate(self, command: str) -> str:
        """Write this cluster's addresses in place of the original's."""
        return self._addresses.translate(command)

    def logs(self, service: str) -> Path:
        """Give the log file of a server."""
        states = {state.name: state for state in self.status()}
        if service not in states:
            raise UsageError(f"Unknown service: {service}.", wanted=", ".join(states))
        return states[service].log

    def status(self) -> list[ServerState]:
        """Give the state of every server that was started."""
        return _states(self.keeper.ask(op="status"))

    def peak_memory(self) -> int:
        """Give the peak memory in bytes of all processes of the cluster together."""
        return int(self.keeper.ask(op="status")["peak_memory"])

    def faults(self, *, unseen: bool = False) -> list[HarnessError]:
        """Give an error for each server that is dead or does not answer; one for the keeper when it is gone."""
        try:
            return [as_error(message) for message in self.keeper.ask(op="sick", unseen=unseen)["sick"]]
        except HarnessError as problem:
            return [problem]

    def versions(self) -> dict[str, str]:
        """Give nothing: this process and the cluster share the machine."""
        return {}

    def asides(self) -> list[Capture]:
        """Give nothing: this backend runs no command on the user's own machine."""
        return []

    def by_hand(self) -> str:
        """Give nothing: commands of this backend run by `harness exec`."""
        return ""

    def keep(self) -> None:
        """Let the cluster live on when this process ends."""
        self.keeper.keep()
        self.keeper.release()
        if self._process:
            _OUTLIVING.append(self._process)

    def down(self, *, quick: bool = False) -> list[ServerState]:
        """End everything, and prove it. With `quick` no server is waited for long."""
        answer = self.keeper.down(DOWN_TIME, quick=quick)
        if self._process:
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired as problem:
                raise EnvironmentFault("The cluster's keeper does not end.", seen=str(problem)) from problem
        if left := [*answer["left"], *_processes_of(self.folder)]:
            raise EnvironmentFault("Processes were left when the cluster went down.", seen=", ".join(left))
        if self.folder.exists():
            raise EnvironmentFault("The run folder was left.", seen=str(self.folder), remedy="remove it")
        return _states(answer)

    def save_backgrounds(self, named: Mapping[str, object]) -> None:
        """Store how background commands are found again by a harness that joins."""
        self._files.save_backgrounds(named)

    def restore_backgrounds(self) -> dict[str, LocalBackground]:
        """Find the background commands of earlier harnesses again, by name."""
        states = self._files.backgrounds()
        return {name: LocalBackground.restore(self.keeper, state) for name, state in states.items()}


def _processes_of(folder: Path, within: float = 5.0) -> list[str]:
    """Give the processes that still name a run's folder after some seconds, such as the last one of a sandbox."""
    deadline = time.monotonic() + within
    while True:
        found = [
            f"{process.pid} {process.info['name']}"
            for process in psutil.process_iter(["name", "cmdline"])
            if any(str(folder) in word for word in process.info["cmdline"] or ())
        ]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def _states(message: Message) -> list[ServerState]:
    return [
        ServerState(
            item["name"],
            item["room"],
            item["pid"],
            item["state"],
            item["ready_seconds"],
            item["peak_rss"],
            item["address"],
            Path(item["log"]),
        )
        for item in message["services"]
    ]
