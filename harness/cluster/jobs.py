"""The keeper's commands: what harnesses run in the cluster's services, in the foreground or in the background."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from harness.cluster import commands, guest_commands
from harness.cluster.control import Closed, Connection, Message
from harness.cluster.layout import Layout
from harness.cluster.processes import Process
from harness.cluster.servers import Servers
from harness.cluster.spawn import Spawner
from harness.errors import UsageError

POLL = 0.02
TIMED_OUT = 124
"""The exit code that `timeout` of the coreutils gives."""


@dataclass(slots=True)
class Job:
    """A command. `timed_out` is true when its time limit ended it."""

    id: int
    process: Process
    background: bool
    timed_out: bool = False


class Jobs:
    """All commands of a cluster."""

    def __init__(self, layout: Layout, spawner: Spawner, servers: Servers) -> None:
        self._layout = layout
        self._spawner = spawner
        self._servers = servers
        self._ids = itertools.count(1)
        self._jobs: dict[int, Job] = {}

    def run(self, connection: Connection, request: Message) -> None:
        """Start a command on the descriptors that came with the request.

        A foreground command is waited for, within its time limit; it ends when its harness goes away. A background
        command goes on until it is stopped or the cluster goes down; with `serves` it counts as that server.
        """
        room = request["room"]
        if room not in (rooms := commands.rooms(self._layout)):
            raise UsageError(f"Unknown service: {room}.", wanted=", ".join(rooms))
        stdin, stdout, stderr = connection.descriptors
        environment = {**guest_commands.room_environment(self._layout, room), **request.get("environment", {})}
        process = self._spawner.start(
            request["argv"],
            cwd=self._layout.workspace,
            environment=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )
        job = Job(next(self._ids), process, bool(request["background"]))
        self._jobs[job.id] = job
        if serves := request.get("serves"):
            self._servers.adopt(self._servers.services[serves], process, Path(request["log"]))
        connection.send({"event": "started", "id": job.id, "pid": process.pid})
        if not job.background:
            self._wait(connection, job, request["timeout"])

    def find(self, job_id: int) -> Job:
        """Give a command by its id."""
        if job_id not in self._jobs:
            raise UsageError(f"No command {job_id} in this cluster.")
        return self._jobs[job_id]

    def foreground_seconds(self) -> float:
        """Give for how long the longest of the commands that somebody waits for has run."""
        now = time.monotonic()
        return max((now - job.process.started for job in self._running() if not job.background), default=0.0)

    def stop_foreground(self) -> None:
        """End the commands that somebody waits for."""
        for job in self._running():
            if not job.background:
                job.process.stop(2.0, group=True)

    def stop_all(self, grace: float) -> None:
        """End every command, side by side."""
        threads = [threading.Thread(target=job.process.stop, args=(grace,), daemon=True) for job in self._running()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * grace)

    def _running(self) -> list[Job]:
        return [job for job in self._jobs.values() if job.process.exit_code is None]

    def _wait(self, connection: Connection, job: Job, timeout: float | None) -> None:
        gone = threading.Event()

        def listen() -> None:
            try:
                for message in connection.messages():
                    job.process.send_signal(int(message["signal"]), group=True)
            finally:
                gone.set()

        threading.Thread(target=listen, daemon=True).start()
        deadline = None if timeout is None else time.monotonic() + timeout
        while not job.process.wait(POLL):
            if gone.is_set():
                job.process.stop(2.0, signal.SIGINT, group=True)
                raise Closed("the harness went away")
            if deadline is not None and time.monotonic() > deadline:
                job.timed_out = True
                job.process.stop(3.0, group=True)
        code = TIMED_OUT if job.timed_out else job.process.exit_code
        connection.send({"event": "ended", "exit_code": code, "timed_out": job.timed_out})
