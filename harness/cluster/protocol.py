"""What every backend can do. Steps, app and jobs never know which one runs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.cluster.names import Names
from harness.errors import HarnessError
from harness.model import Capture, ServiceRecord

Tell = Callable[[Mapping[str, object]], None]
"""Told of a boot's events: `{"event": "starting" | "ready" | "note", "service": ..., "seconds": ..., "text": ...}`."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """A server as it is now. `state` is one of starting, ready, ended, dead; `pid` is inside its own namespace."""

    name: str
    room: str
    pid: int
    state: str
    ready_seconds: float | None
    peak_rss_bytes: int
    address: str
    log: Path

    def record(self) -> ServiceRecord:
        """Give what the record keeps of it."""
        return ServiceRecord(self.name, self.ready_seconds or 0.0, self.peak_rss_bytes)


class Background(Protocol):
    """A command that goes on while others run."""

    def look(self, *, since_last: bool = False) -> Capture:
        """Give what it printed so far, or since the last look."""

    def stop(self, signal: int = ..., *, group: bool = False, grace: float = 10.0) -> Capture:
        """End it with a signal to the process, or to its whole group. Gives all that it printed."""


class Cluster(Protocol):
    """A cluster of the original's services."""

    backend: str
    mode: str
    folder: Path
    """Its run folder."""
    log_folder: Path
    notes: list[str]
    """Sentences for the user about how it was started."""
    names: Names
    """The names of what a run makes in it."""
    originals: Mapping[str, str]
    """What its names and addresses stand for, where they are not the original's."""

    def up(self, services: Sequence[str], tell: Tell) -> None:
        """Start servers and wait until each is useful. Raises EnvironmentFault naming the one that is not."""

    def exec(self, service: str, command: str, *, timeout: float | None = None) -> Capture:
        """Run a shell command in a service and wait for its end. A command past its time limit has exit code 124."""

    def exec_background(self, service: str, command: str, *, serves: str | None = None) -> Background:
        """Run a shell command and do not wait. With `serves` it is that server, and this waits until it is ready."""

    def attach(self, service: str, words: Sequence[str]) -> int:
        """Run a program in a service on this terminal. Gives its exit code; signals go to the program."""

    def exec_own(self, words: Sequence[str], *, timeout: float | None = None) -> Capture:
        """Run a program of the harness' own where it reaches the servers, and wait for its end, as `exec` does.

        A word of the form `service:port` that is one of the original's means this cluster's.
        """

    def endpoint(self, service: str, port: int) -> tuple[str, int]:
        """Give the host and port at which the original's `service:port` is reached from this process."""

    def logs(self, service: str) -> Path:
        """Give the log file of a server."""

    def status(self) -> Sequence[ServerState]:
        """Give the state of every server that was started."""

    def faults(self, *, unseen: bool = False) -> Sequence[HarnessError]:
        """Give an error for each server that is dead or does not answer now; none when the cluster is well.

        With `unseen` nothing is asked that a step's record would show: the API logs each question.
        """

    def peak_memory(self) -> int:
        """Give the peak memory in bytes of the whole cluster."""

    def versions(self) -> Mapping[str, str]:
        """Give the versions of what this backend adds, or has another of than this process."""

    def asides(self) -> Sequence[Capture]:
        """Give the commands that the backend ran on the user's own machine since the last call, `compose up` say."""

    def by_hand(self) -> str:
        """Give the line that a user types to reach the cluster without the harness; nothing where there is none."""

    def keep(self) -> None:
        """Let the cluster live on when this process ends."""

    def save_backgrounds(self, named: Mapping[str, object]) -> None:
        """Store how background commands are found again by a harness that joins."""

    def restore_backgrounds(self) -> Mapping[str, Background]:
        """Find the background commands of earlier harnesses again, by name."""

    def down(self, *, quick: bool = False) -> Sequence[ServerState]:
        """End everything; with `quick` no server is waited for long. Gives the last state of the servers.

        Raises EnvironmentFault when something is left.
        """
