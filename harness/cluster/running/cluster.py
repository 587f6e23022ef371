"""The running backend: commands and the API on this machine, as processes of a keeper, and the servers elsewhere.

What the local backend is without its servers. The clients know other addresses, and all that a run makes has names of
its own (see `names`), so that a cluster which others use at the same time stays theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from harness.cluster import runs
from harness.cluster.addresses import API, ORIGINAL
from harness.cluster.elsewhere import Elsewhere
from harness.cluster.keeper_client import KeeperClient
from harness.cluster.local import LocalCluster
from harness.cluster.protocol import ServerState, Tell
from harness.cluster.running import belongings, questions
from harness.cluster.services import room_of
from harness.cluster.toolchain import Toolchain
from harness.errors import EnvironmentFault, HarnessError, UsageError
from harness.model import Capture
from harness.settings import Settings

CLEAR_TIME = 120.0

BEHIND = {"zookeeper": "kafka", "datanode": "namenode"}
"""Servers that are not asked themselves: what they are good for shows in the answers of the others."""


class RunningCluster(LocalCluster):
    """A cluster that exists. Made by `start` or `join`."""

    backend = "running"

    def __init__(
        self, folder: Path, spec: runs.RunSpec, settings: Settings, keeper: KeeperClient, ports: Mapping[str, int]
    ) -> None:
        super().__init__(folder, spec, settings, keeper, ports)
        if not spec.elsewhere:
            raise UsageError(f"The run {folder.name} has no addresses.", remedy="harness down, then start it again")
        self._there = Elsewhere(**spec.elsewhere)
        self._answered: dict[str, float] = {}

    @classmethod
    def start(cls, settings: Settings, toolchain: Toolchain, logs: Path, tell: Tell = lambda _: None) -> RunningCluster:
        """Ask the cluster what a run needs of it, and make the run's folder and database there.

        Raises EnvironmentFault naming what is missing; nothing is left on the cluster then.
        """
        cluster = super().start(settings, toolchain, logs, tell)
        assert isinstance(cluster, RunningCluster)
        try:
            cluster._settle(tell)
        except BaseException:
            with suppress(HarnessError):
                LocalCluster.down(cluster, quick=True)
            raise
        cluster.notes.append(f"names of this run begin with {cluster._there.prefix}, and go when it ends")
        return cluster

    def _settle(self, tell: Tell) -> None:
        there = self._there
        self._answered = questions.ask_servers(there, tell)
        for run_id, left in belongings.abandoned(there):
            try:
                belongings.clear(left, self._command)
                belongings.forget(run_id)
                text = f"removed what the killed run {run_id} left on the cluster ({left.prefix})"
            except EnvironmentFault as problem:  # it stays noted, for a run that may
                text = f"what the killed run {run_id} left on the cluster stays there: {problem.seen}"
            tell({"event": "note", "text": text})
        questions.refuse_taken(there, self._within)
        belongings.note(self.folder.name, there)
        try:
            self._answered |= questions.prepare(there, self._within, tell)
        except BaseException:
            with suppress(HarnessError):
                self._clear()
            raise

    def _command(self, service: str, command: str) -> Capture:
        return self.exec(service, command, timeout=CLEAR_TIME)

    def _within(self, service: str, command: str, timeout: float) -> Capture:
        return self.exec(service, command, timeout=timeout)

    def _clear(self) -> None:
        belongings.clear(self._there, self._command)
        belongings.forget(self.folder.name)

    def up(self, services: Sequence[str], tell: Tell = lambda _: None) -> None:
        """Say what each server answered before the first step, and start those that are this run's own: the API."""
        for name in self._elsewhere(services):
            tell({"event": "starting", "service": name})
            tell({"event": "ready", "service": name, "seconds": self._seconds(name), "answer": self._at(name)})
        own = [name for name in services if name == API or name in self._addresses.added]
        if own:
            super().up(own, tell)

    def status(self) -> list[ServerState]:
        """Give the state of the servers elsewhere, as they answer now, and of this run's own."""
        sick = {name for name, _ in questions.sick(self._there)}
        there = [
            ServerState(
                name,
                room_of(name),
                0,
                "dead" if BEHIND.get(name, name) in sick else "ready",
                self._seconds(name),
                0,
                self._at(name),
                self.log_folder / f"{name}.log",
            )
            for name in self._elsewhere(ORIGINAL)
        ]
        return [*there, *super().status()]

    def faults(self, *, unseen: bool = False) -> list[HarnessError]:
        """Give an error for each server that does not answer now, here or elsewhere."""
        there: list[HarnessError] = [
            EnvironmentFault(f"{name} at {self._at(name)} does not answer.", seen=seen)
            for name, seen in questions.sick(self._there)
        ]
        return there + super().faults(unseen=unseen)

    def _elsewhere(self, services: Iterable[str]) -> list[str]:
        return [name for name in services if BEHIND.get(name, name) in self._there.listeners]

    def _at(self, name: str) -> str:
        return f"behind {BEHIND[name]}" if name in BEHIND else self._there.listeners[name]

    def _seconds(self, name: str) -> float:
        return self._answered.get(BEHIND.get(name, name), 0.0)

    def logs(self, service: str) -> Path:
        """Give the log of a server of this run's own."""
        if service != API and service not in self._addresses.added:
            at = self._there.listeners.get(service, "elsewhere")
            raise UsageError(f"The log of {service} is where it runs: {at}.")
        return super().logs(service)

    def endpoint(self, service: str, port: int) -> tuple[str, int]:
        """Give the host and port that stand in for the original's `service:port`; of several brokers the first."""
        for listener, original in ORIGINAL.items():
            if listener in self._there.listeners and (original == (service, port) or listener == service):
                host, _, number = self._at(listener).split(",")[0].rpartition(":")
                return host, int(number)
        return super().endpoint(service, port)

    def down(self, *, quick: bool = False) -> list[ServerState]:
        """Remove all that the run made, then end what runs here. The servers elsewhere go on.

        Raises EnvironmentFault when something is left.
        """
        states: list[ServerState] = []
        with suppress(HarnessError):
            there = self._elsewhere(ORIGINAL)
            states = [replace(state, state="left running") for state in self.status() if state.name in there]
        fault: EnvironmentFault | None = None
        try:
            self.keeper.ask(op="stop_all")  # a stream that goes on would make its folder again
            self._clear()
        except EnvironmentFault as problem:
            fault = problem
        states += super().down(quick=quick)
        if fault:
            raise fault
        return states
