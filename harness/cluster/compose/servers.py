"""The servers in the containers: awaited, measured, and asked whether they are well."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from harness.cluster.addresses import ORIGINAL
from harness.cluster.compose.agents import AgentGone
from harness.cluster.compose.containers import Containers
from harness.cluster.protocol import ServerState, Tell
from harness.cluster.servers import tail
from harness.cluster.services import API, ROOM_OF, room_of
from harness.errors import EnvironmentFault, HarnessError

ASK_TIME = 0.5


@dataclass(slots=True)
class Server:
    """What is known of a server. `state` is one of starting, ready, dead; `pid` is inside its container."""

    name: str
    pid: int = 0
    ready_seconds: float | None = None
    peak_rss: int = 0
    answer: str = "not asked yet"
    state: str = "starting"


class ComposeServers:
    """All servers of a cluster."""

    def __init__(
        self, containers: Containers, boot_timeout: float, added: Mapping[str, tuple[str, int]] = MappingProxyType({})
    ) -> None:
        """Take the containers, and the host name and port of each server that a project adds."""
        self._containers = containers
        self._added = added
        self._boot_timeout = boot_timeout
        self._servers: dict[str, Server] = {}
        self._peak_memory = 0
        self._measured = 0.0

    def boot(self, names: Sequence[str], start: Callable[[], None], tell: Tell) -> None:
        """Start containers by `start`, and wait until each server is useful.

        Raises EnvironmentFault for the first that is not; the others are then no longer waited for.
        """
        for name in names:
            self._servers[name] = Server(name)
            tell({"event": "starting", "service": name})
        clock = time.monotonic()
        start()
        fault: Exception | None = None
        with ThreadPoolExecutor(max(1, len(names)), thread_name_prefix="ready") as pool:
            waiting = {pool.submit(self._await_ready, self._servers[name], clock): name for name in names}
            for done in as_completed(waiting):
                server, problem = self._servers[waiting[done]], done.exception()
                if isinstance(problem, Exception) and not fault:
                    fault = problem
                    self._containers.close_agents()  # so that the others are no longer waited for
                elif not fault:
                    tell(_ready(server))
        if fault:
            raise fault

    def _await_ready(self, server: Server, clock: float) -> None:
        found = self._ask(server, self._boot_timeout)
        if not found.get("well"):
            server.state = "dead"
            raise self._fault(server, f"running for {time.monotonic() - clock:.0f} s; {_seen(found)}")
        _is_ready(server, found, clock)

    def serve(self, name: str, ended: Callable[[], int | None]) -> None:
        """Wait until a server that a command started is useful; `ended` gives the command's exit code.

        Raises EnvironmentFault when it ends, or time is up.
        """
        server = self._servers[name] = Server(name)
        clock = time.monotonic()
        while True:
            found = self._ask(server, ASK_TIME)
            if found.get("well"):
                _is_ready(server, found, clock)
                return
            if (code := ended()) is not None:
                server.state = "dead"
                raise self._fault(server, f"its process ended with exit code {code}")
            if time.monotonic() - clock > self._boot_timeout:
                server.state = "dead"
                raise self._fault(server, f"running for {self._boot_timeout:.0f} s; {_seen(found)}")

    def faults(self, *, unseen: bool = False) -> list[HarnessError]:
        """Give an error for each server that was useful and is not now; with `unseen` the API is not asked."""
        found: list[HarnessError] = []
        useful = [server for server in self._servers.values() if server.ready_seconds is not None]
        for server in [server for server in useful if not (unseen and server.name == API)]:
            try:
                answer = self._ask(server, 0.0)
            except EnvironmentFault as problem:
                found.append(problem)
                continue
            if not answer.get("well"):
                found.append(self._fault(server, _seen(answer)))
        return found

    def states(self) -> list[ServerState]:
        """Give the state of every server that was started."""
        self.measure()
        states = []
        for name in (*ROOM_OF, *self._added):
            server, room = self._servers.get(name), room_of(name)
            if server is None:
                continue
            if server.state == "ready" and self._containers.is_gone(room):
                server.state = "dead"
            host, port = {**ORIGINAL, **self._added}[name]
            states.append(
                ServerState(
                    name,
                    room,
                    server.pid,
                    server.state,
                    server.ready_seconds,
                    server.peak_rss,
                    f"{host}:{port}",
                    self.log(name),
                )
            )
        return states

    def measure(self, interval: float = 0.0) -> int:
        """Ask for the memory of all processes, unless that was done within the interval. Gives its peak in bytes."""
        if time.monotonic() - self._measured < interval:
            return self._peak_memory
        self._measured = time.monotonic()
        total = 0
        for room in {room_of(name) for name in self._servers} | self._containers.started():
            with suppress(AgentGone, EnvironmentFault):
                found = self._containers.agent(room).ask("jobs")
                total += int(found.get("pss", 0))
                for job, values in dict(found.get("jobs", {})).items():
                    if server := self._servers.get(job):
                        server.pid, server.peak_rss = values["pid"], max(server.peak_rss, values["peak_rss"])
        self._peak_memory = max(self._peak_memory, total)
        return self._peak_memory

    def answer(self, name: str) -> Mapping[str, object]:
        """Give the event that tells that a server is useful."""
        return _ready(self._servers[name])

    def log(self, name: str) -> Path:
        """Give the log of a server or of a container; servers of one container share a log."""
        return self._containers.log_folder / f"{name if name == API else ROOM_OF.get(name, name)}.log"

    def known(self) -> list[dict[str, Any]]:
        """Give what a later harness must know."""
        return [asdict(server) for server in self._servers.values()]

    def restore(self, known: Sequence[Mapping[str, Any]]) -> None:
        """Take over what an earlier harness knew."""
        self._servers = {item["name"]: Server(**item) for item in known}

    def _ask(self, server: Server, timeout: float) -> Mapping[str, Any]:
        try:
            return self._containers.agent(room_of(server.name)).ask("ready", server=server.name, timeout=timeout)
        except AgentGone as problem:
            raise self._dead(server) from problem

    def _dead(self, server: Server) -> EnvironmentFault:
        """Make the error for a server whose container ended."""
        server.state = "dead"
        container = self._containers.state(room_of(server.name))
        if container is None:
            return self._fault(server, "its container is gone")
        if container.out_of_memory:
            code = container.exit_code
            return self._fault(server, f"its container was killed for want of memory (mem_limit), exit code {code}")
        if container.status == "running":
            return self._fault(server, "its container runs, but answers no command")
        words = f"its container {container.status}, exit code {container.exit_code} {container.error}"
        return self._fault(server, words.strip())

    def _fault(self, server: Server, seen: str) -> EnvironmentFault:
        log = self.log(server.name)
        again = "" if server.ready_seconds is None else " any more"
        return EnvironmentFault(
            f"{server.name} is not useful{again}.",
            wanted="an answer by its own protocol",
            seen=seen,
            log=log,
            tail=tail(log),
            remedy=f"read its log; `harness logs {server.name}` shows it while the cluster is up",
        )


def _is_ready(server: Server, found: Mapping[str, Any], clock: float) -> None:
    """Note that a server that is waited for since `clock` gave its answer."""
    server.answer, server.state = str(found["answer"]), "ready"
    server.ready_seconds = round(time.monotonic() - clock, 2)


def _ready(server: Server) -> Mapping[str, object]:
    return {"event": "ready", "service": server.name, "seconds": server.ready_seconds, "answer": server.answer}


def _seen(answer: Mapping[str, Any]) -> str:
    return str(answer.get("error") or f"{answer.get('question')}: {answer.get('answer')}")
