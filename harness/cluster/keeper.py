"""The keeper: one process per cluster that owns every server and every command of it.

A harness talks to it over a Unix socket. It runs inside the sandbox of a private cluster, or plainly on the machine
for an open one; nothing else differs. A harness holds a *lease*, a connection that stays open: when it ends without
`keep`, because the harness ended or was killed, the keeper ends everything that it started, removes the run folder
and goes. So nothing is left behind however a harness dies.

Run as `python -m harness.cluster.keeper RUN_FOLDER`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from harness.cluster import commands, config_files, guest_commands, java_programs, runs, services
from harness.cluster.addresses import Addresses, Reservations
from harness.cluster.control import Closed, Connection, Message
from harness.cluster.elsewhere import Elsewhere
from harness.cluster.faults import as_message
from harness.cluster.jobs import Jobs
from harness.cluster.layout import Layout, layout_of
from harness.cluster.processes import Process, become_subreaper, kill_descendants, memory_below
from harness.cluster.servers import Servers
from harness.cluster.services import Service
from harness.cluster.silence import Silence
from harness.cluster.spawn import Spawner
from harness.cluster.stack import Stack
from harness.errors import EnvironmentFault, HarnessError
from harness.locks import take

FIRST_LEASE = 30.0
"""Seconds within which the harness that started a keeper must take its lease."""

STOP_GRACE = 10.0
"""Seconds for a server to end after SIGTERM before it is killed."""

TRAINING_GRACE = 60.0
"""The same for one that writes its class-data archive at its end."""

QUICK_GRACE = 3.0
"""The same when the harness was interrupted or killed: its data is thrown away, and no archive is waited for."""

SHORT_GRACE = 0.5
"""The same for one that keeps nothing: Presto's end rests for six seconds while each of its clients closes."""

MEMORY_INTERVAL = 2.0


class Keeper:
    """A cluster's owner. `serve` returns when the cluster is down."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spec = runs.read_spec(folder)
        self._reservations = Reservations()
        self.notes: list[str] = []
        self._layout = self._make_layout()
        self._spawner = Spawner()
        self._servers = Servers(
            services.services(self._layout), self._layout.logs, self._start_server, self._stop_grace
        )
        self._jobs = Jobs(self._layout, self._spawner, self._servers)
        self._ending = threading.Event()
        self._ended = threading.Event()
        self._cancel_boot = threading.Event()
        self._kept = False
        self._quick = False
        self._leased = threading.Event()
        self._peak_memory = 0
        self._left: list[str] = []
        self._unanswered: list[threading.Event] = []

    def _make_layout(self) -> Layout:
        there = Elsewhere(**self._spec.elsewhere).listeners if self._spec.elsewhere else {}
        added = Stack.of(self._spec.stack).listeners
        ports, self.notes = self._reservations.choose(self._spec.ports, there, added)  # in a sandbox all are free
        layout = layout_of(self._spec, self._folder, Addresses(self._spec.mode, ports, there, added))
        layout.logs.mkdir(parents=True, exist_ok=True)
        (layout.run / "home").mkdir(exist_ok=True)
        config_files.write(layout)
        commands.write(layout)
        if layout.has_old_ways:
            guest_commands.write_guest(layout)
        return layout

    def _start_server(self, service: Service, command: Sequence[str], log: Path) -> Process:
        environment = {**commands.environment(self._layout, service.room), **service.environment}
        cwd = service.cwd or self._layout.run
        return self._spawner.start_logged(command, cwd=cwd, environment=environment, log=log)

    def _stop_grace(self, name: str) -> float:
        if not self._quick and java_programs.is_training(self._layout, name):
            return TRAINING_GRACE
        if self._servers.services[name].keeps_nothing:
            return SHORT_GRACE
        return QUICK_GRACE if self._quick else STOP_GRACE

    def serve(self) -> None:
        """Answer harnesses until the cluster is down. Must run on the main thread, which starts every process."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(runs.socket_path(self._folder)))
        listener.listen()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self._end_soon())
        for work in (self._accept, self._watch, self._await_first_lease):
            arguments = (listener,) if work == self._accept else ()
            threading.Thread(target=work, args=arguments, daemon=True).start()
        self._spawner.run_until(self._ended)
        listener.close()
        for answered in self._unanswered:
            answered.wait(5)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(Connection(sock),), daemon=True).start()

    def _await_first_lease(self) -> None:
        if not self._leased.wait(FIRST_LEASE):
            self._end(quick=True)

    def _watch(self) -> None:
        """Measure memory, and end commands that wait for a silent server."""
        silence = Silence(lambda: [server.service.name for server, _ in self._servers.sick(unseen=True)])
        while not self._ended.wait(MEMORY_INTERVAL):
            self._peak_memory = max(self._peak_memory, memory_below(os.getpid()))
            if not self._ending.is_set() and silence.too_long(self._jobs.foreground_seconds()):
                self._jobs.stop_foreground()

    # Conversations

    def _converse(self, connection: Connection) -> None:
        try:
            request = connection.receive()
            handler = getattr(self, f"_op_{request['op']}")
            handler(connection, request)
        except Closed:
            pass
        except HarnessError as problem:
            _send_quietly(connection, {"event": "error", **as_message(problem)})
        except Exception as problem:
            _send_quietly(connection, {"event": "error", "kind": "own", "headline": f"keeper: {problem!r}"})
        finally:
            for descriptor in connection.descriptors:
                os.close(descriptor)
            if not self._ended.is_set():
                connection.close()

    def _op_lease(self, connection: Connection, _request: Message) -> None:
        self._leased.set()
        connection.send({"event": "granted", "ports": dict(self._layout.addresses.ports), "notes": self.notes})
        keep = self._kept
        for message in connection.messages():
            keep = bool(message.get("keep", keep))
        if keep:
            self._kept = True
        else:
            self._end(quick=True)

    def _op_boot(self, connection: Connection, request: Message) -> None:
        self._servers.boot_timeout = float(request["timeout"])
        self._servers.boot(request["services"], connection.send, self._cancel_boot)
        connection.send({"event": "done"})

    def _op_run(self, connection: Connection, request: Message) -> None:
        self._jobs.run(connection, request)

    def _op_wait(self, connection: Connection, request: Message) -> None:
        job = self._jobs.find(request["id"])
        job.process.wait(float(request["timeout"]))
        connection.send({"event": "state", "exit_code": job.process.exit_code, "timed_out": job.timed_out})

    def _op_stop(self, connection: Connection, request: Message) -> None:
        job = self._jobs.find(request["id"])
        job.process.stop(float(request["grace"]), int(request["signal"]), group=bool(request["group"]))
        connection.send({"event": "state", "exit_code": job.process.exit_code, "timed_out": job.timed_out})

    def _op_await_ready(self, connection: Connection, request: Message) -> None:
        server = self._servers.running[request["service"]]
        self._servers.await_ready(server, self._cancel_boot)
        connection.send({"event": "ready", "service": request["service"], "seconds": server.ready_seconds})

    def _op_stop_service(self, connection: Connection, request: Message) -> None:
        self._servers.stop(request["service"])
        connection.send({"event": "done"})

    def _op_stop_all(self, connection: Connection, _request: Message) -> None:
        self._jobs.stop_all(QUICK_GRACE)
        self._servers.stop_all()
        connection.send({"event": "done"})

    def _op_sick(self, connection: Connection, request: Message) -> None:
        sick = self._servers.sick(unseen=bool(request["unseen"]))
        connection.send({"event": "done", "sick": [as_message(self._servers.fault(*each)) for each in sick]})

    def _op_status(self, connection: Connection, _request: Message) -> None:
        connection.send({"event": "done", **self._status()})

    def _op_guest(self, connection: Connection, _request: Message) -> None:
        """Write the commands of strangers, and say what their sandbox must show and hide."""
        layout = self._layout
        guest_commands.write_guest(layout)
        connection.send(
            {
                "event": "done",
                "python": str(layout.python),
                "environments": {
                    room: guest_commands.guest_environment(layout, room)
                    for room in commands.rooms(guest_commands.guest_layout(layout))
                },
                "readable": [str(path) for path in guest_commands.guest_readable(layout)],
                "masked": [str(path) for path in guest_commands.guest_masked(layout)],
            }
        )

    def _op_down(self, connection: Connection, request: Message) -> None:
        answered = threading.Event()
        self._unanswered.append(answered)
        try:
            self._end(quick=bool(request["quick"]))
            connection.send({"event": "done", **self._status(), "left": self._left})
        finally:
            answered.set()  # the connection stays open until this process ends, and tells that it did

    def _status(self) -> Message:
        for running in list(self._servers.running.values()):
            running.measure()
        return {
            "mode": self._spec.mode,
            "ports": dict(self._layout.addresses.ports),
            "peak_memory": self._peak_memory,
            "services": [
                {
                    "name": name,
                    "room": server.service.room,
                    "pid": server.process.pid,
                    "state": server.state,
                    "ready_seconds": server.ready_seconds,
                    "peak_rss": server.peak_rss,
                    "address": self._layout.addresses.at(server.service.listener),
                    "log": str(server.log),
                }
                for name in self._servers.services
                if (server := self._servers.running.get(name))
            ],
        }

    # The end

    def _end_soon(self) -> None:
        threading.Thread(target=self._end, kwargs={"quick": True}, daemon=True).start()

    def _end(self, *, quick: bool) -> None:
        """End everything, once; later callers wait until it is done."""
        self._quick = self._quick or quick
        if self._ending.is_set():
            self._ended.wait(60)
            return
        self._ending.set()
        self._cancel_boot.set()
        self._spawner.close()
        self._jobs.stop_all(QUICK_GRACE)
        self._servers.stop_all()
        self._left = kill_descendants()
        java_programs.keep_archives(self._layout)
        self._reservations.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._ended.set()


def _send_quietly(connection: Connection, message: Message) -> None:
    with suppress(Closed):
        connection.send(message)


def _take_lock(path: Path) -> int:
    """Take the lock that says that this keeper lives; another run that looks at it may hold it for a moment."""
    for _ in range(100):
        with suppress(BlockingIOError):
            return take(path)
        time.sleep(0.05)
    raise EnvironmentFault("Another keeper has this run folder.", seen=str(path))


def main() -> None:
    """Keep the cluster of the run folder that is the one argument."""
    folder = Path(sys.argv[1])
    lock = _take_lock(runs.lock_path(folder))
    become_subreaper()
    try:
        keeper = Keeper(folder)
    except HarnessError as problem:
        (folder / "refused.json").write_text(json.dumps(as_message(problem)), encoding="utf-8")
        sys.exit(int(problem.exit_code))
    keeper.serve()
    os.close(lock)
    os._exit(0)


if __name__ == "__main__":
    main()
