"""The keeper's servers: started side by side in the order of their needs, ready by protocol, watched, ended.

Two questions are kept apart: does the process live (looked at first, five times a second), and is the server useful
(its probe). A process that ends before it is ready is an error at once, whatever its exit code.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

from harness.cluster.probes import NotReady
from harness.cluster.processes import Process, peak_rss
from harness.cluster.services import API, Service
from harness.errors import EnvironmentFault

PROBE_INTERVAL = 0.1
LIFE_INTERVAL = 0.2
TAIL_LINES = 15

Start = Callable[[Service, Sequence[str], Path], Process]
"""Starts a command in a service's folder and environment, with its output in a log file."""


@dataclass(slots=True)
class Server:
    """A service that was started. `ready_seconds` is None until its probe was answered."""

    service: Service
    process: Process
    log: Path
    ready_seconds: float | None = None
    last_answer: str = "not asked yet"
    peak_rss: int = 0

    @property
    def state(self) -> str:
        """One word: starting, ready, ended (as asked) or dead."""
        if self.process.exit_code is not None:
            return "ended" if self.process.expected_to_end else "dead"
        return "ready" if self.ready_seconds is not None else "starting"

    def measure(self) -> None:
        """Remember the peak of its resident memory."""
        self.peak_rss = max(self.peak_rss, peak_rss(self.process.pid))


@dataclass
class Servers:
    """All servers of a cluster."""

    services: Mapping[str, Service]
    logs: Path
    start: Start
    grace: Callable[[str], float]
    boot_timeout: float = 180.0
    running: dict[str, Server] = field(default_factory=dict)

    def boot(self, names: Sequence[str], tell: Callable[[dict[str, object]], None], cancelled: threading.Event) -> None:
        """Start servers side by side and wait until each is useful.

        `tell` gets an event for each start and each readiness. Raises EnvironmentFault for the first that fails;
        the others are then no longer waited for.
        """
        graph = TopologicalSorter({name: [n for n in self.services[name].needs if n in names] for name in names})
        graph.prepare()
        first_fault: list[Exception] = []
        failed = threading.Event()  # of this boot alone; `cancelled` is the cluster's
        changed = threading.Condition()
        finished: list[str] = []

        def one(name: str) -> None:
            try:
                tell({"event": "starting", "service": name})
                server = self.launch(self.services[name])
                self.await_ready(server, cancelled, failed)
                tell({"event": "ready", "service": name, "seconds": server.ready_seconds, "answer": server.last_answer})
            except Exception as problem:
                first_fault.append(problem)
                failed.set()
            with changed:
                finished.append(name)
                changed.notify()

        with ThreadPoolExecutor(len(self.services), thread_name_prefix="boot") as pool:
            while graph.is_active() and not (cancelled.is_set() or failed.is_set()):
                for name in graph.get_ready():
                    pool.submit(one, name)
                with changed:
                    changed.wait_for(lambda: finished or cancelled.is_set() or failed.is_set(), timeout=0.5)
                    for name in finished:
                        graph.done(name)
                    finished.clear()
        if first_fault:
            raise first_fault[0]
        if cancelled.is_set():
            raise EnvironmentFault("The cluster is going down.", remedy="start it again")

    def launch(self, service: Service) -> Server:
        """Start one server, after the command that comes once before its first start."""
        log = self.logs / f"{service.name}.log"
        if service.once and service.name not in self.running:
            first = self.start(service, service.once, log)
            first.expected_to_end = True
            if not first.wait(self.boot_timeout):
                first.stop(1.0)
                raise self._fault(service, f"its preparation took longer than {self.boot_timeout:.0f} s", log)
            if first.exit_code:
                raise self._fault(service, f"its preparation ended with exit code {first.exit_code}", log)
        return self.adopt(service, self.start(service, service.command, log), log)

    def adopt(self, service: Service, process: Process, log: Path) -> Server:
        """Count a process that runs already as a server."""
        server = Server(service, process, log)
        self.running[service.name] = server
        return server

    def await_ready(self, server: Server, *cancelled: threading.Event) -> None:
        """Wait until the server's probe is answered.

        Raises EnvironmentFault when it dies, time is up, or one of `cancelled` is set.
        """
        ready = threading.Event()
        given_up = threading.Event()

        def ask() -> None:
            while not given_up.is_set():
                well, server.last_answer = _ask(server.service)
                if well:
                    ready.set()
                    return
                given_up.wait(PROBE_INTERVAL)

        threading.Thread(target=ask, name=f"probe-{server.service.name}", daemon=True).start()
        try:
            while True:
                if server.process.wait(0):
                    raise self._fault(server.service, self._end_of(server), server.log)
                if ready.wait(LIFE_INTERVAL):
                    break
                seconds = time.monotonic() - server.process.started
                if seconds > self.boot_timeout:
                    seen = f"running for {seconds:.0f} s; {server.service.probe.question}: {server.last_answer}"
                    raise self._fault(server.service, seen, server.log)
                if any(event.is_set() for event in cancelled):
                    raise EnvironmentFault(f"{server.service.name} is no longer waited for.", seen=server.last_answer)
        finally:
            given_up.set()
        server.ready_seconds = round(time.monotonic() - server.process.started, 2)
        server.measure()

    def sick(self, *, unseen: bool = False) -> list[tuple[Server, str]]:
        """Give the servers that are dead or do not answer their probe now, and what was seen; the dead ones first.

        With `unseen` nothing is asked that a step's record would show: the API logs each question.
        """
        found: list[tuple[Server, str]] = []
        servers = sorted(self.running.values(), key=lambda server: server.state != "dead")
        ready = [s for s in servers if s.state == "ready" and not (unseen and s.service.name == API)]
        with ThreadPoolExecutor(max(1, len(ready))) as pool:  # a silent server takes a probe's whole time
            answers = dict(zip(map(id, ready), pool.map(_ask, (server.service for server in ready)), strict=True))
        for server in servers:
            if server.state == "dead":
                found.append((server, self._end_of(server)))
            elif id(server) in answers and not answers[id(server)][0]:
                found.append((server, f"{server.service.probe.question}: {answers[id(server)][1]}"))
        return found

    def stop(self, name: str) -> None:
        """End one server."""
        server = self.running.get(name)
        if server:
            server.measure()
            server.process.stop(self.grace(name))

    def stop_all(self) -> None:
        """End every server, those that others need last."""
        order = list(TopologicalSorter({n: s.service.needs for n, s in self.running.items()}).static_order())
        waves: list[list[str]] = [[n for n in order if n != "zookeeper"], ["zookeeper"]]
        for wave in waves:
            present = [name for name in wave if name in self.running]
            if present:
                with ThreadPoolExecutor(len(present)) as pool:
                    list(pool.map(self.stop, present))

    def fault(self, server: Server, seen: str) -> EnvironmentFault:
        """Make the error for a server that was ready and no longer is."""
        return self._fault(server.service, seen, server.log)

    @staticmethod
    def _end_of(server: Server) -> str:
        code = server.process.exit_code or 0
        seconds = (server.process.ended or time.monotonic()) - server.process.started
        how = (
            f"killed by {signal.Signals(code - 128).name}"
            if code > 128 and code - 128 in _SIGNALS
            else f"exit code {code}"
        )
        return f"its process ended after {seconds:.1f} s: {how}"

    def _fault(self, service: Service, seen: str, log: Path) -> EnvironmentFault:
        return EnvironmentFault(
            f"{service.name} is not there.",
            wanted=f"an answer to {service.probe.question} within {self.boot_timeout:.0f} s",
            seen=seen,
            log=log,
            tail=tail(log),
            remedy=f"read the log; then run the same command again, or `harness logs {service.name}` while it is up",
        )


def _ask(service: Service) -> tuple[bool, str]:
    """Ask a server once. Gives whether it is useful, and its answer; a probe's own error is an answer too."""
    try:
        return True, service.probe.ask()
    except NotReady as problem:
        return False, str(problem)
    except Exception as problem:
        return False, f"{type(problem).__name__}: {problem}"


_SIGNALS = {member.value for member in signal.Signals}


def tail(log: Path, lines: int = TAIL_LINES) -> list[str]:
    """Give a log's last lines, each at most 300 characters, without control characters."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 64_000))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    printable = ("".join(c for c in line if c.isprintable() or c == "\t")[:300] for line in text.splitlines())
    return list(printable)[-lines:]
