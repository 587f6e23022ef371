"""The host of a submission whose services are containers: its sandbox, and all that leads from there into them.

The sandbox has no network. `docker-compose` in it reaches the containers by a broker, which is this process, and ports
that the compose file publishes by a relay in a container of the harness. The work folder is one folder on the disk.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.cluster import guest_commands
from harness.cluster.compose import images
from harness.cluster.compose.cluster import ComposeCluster
from harness.cluster.compose.entered import Entrance
from harness.cluster.compose.strangers import ASKER, Admitted, Contained
from harness.errors import EnvironmentFault
from harness.grade.rerun import guest, host
from harness.grade.rerun.broker import Broker
from harness.grade.rerun.confined import Confined, Gone, size_of
from harness.grade.rerun.helps import HELPS
from harness.grade.rerun.host import Desk, Room, Work
from harness.grade.rerun.limits import Limits, is_root
from harness.grade.rerun.packages import VARIABLE, Packages
from harness.grade.rerun.places import WORK
from harness.grade.rerun.sandbox import INSIDE, Seen
from harness.grade.rerun.units import Unit

NOTES: Final = INSIDE / "notes"
_RELAY: Final = INSIDE / "relay"
_PACKAGES: Final = INSIDE / "packages"
_RELAY_TIME: Final = 20.0


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of one rerun that others see too: the containers, the sandbox, or both."""

    stage: Path

    @property
    def private(self) -> Path:
        """The folder that only this user enters."""
        return self.stage / "rerun"

    @property
    def work(self) -> Path:
        """What stands at /w205 of the host and of the containers."""
        return self.private / "work"

    @property
    def notes(self) -> Path:
        """Where commands note rounds and helps, wherever they run."""
        return self.private / "notes"

    @property
    def relay(self) -> Path:
        """The relay of the harness' container, and its sockets."""
        return self.private / "relay"

    def make(self) -> None:
        """Make them for the user of the containers, who is the sandbox's too."""
        for folder in (self.work, self.notes, self.relay):
            folder.mkdir()
            if is_root():
                os.chown(folder, images.user_id(), images.user_id())
        for name, to in (("relay.py", self.relay), ("cells.py", self.private / "inbox")):
            shutil.copy(Path(guest.__file__).parent / name, to / name)

    def contained(self, limits: Limits, packages: Packages) -> Contained:
        """Give what containers may have of this machine."""
        shared = {str(INSIDE / "inbox"): self.private / "inbox", str(NOTES): self.notes}
        environment = {"HARNESS_HELPS": str(NOTES / HELPS)}
        if packages.folder:
            shared[str(_PACKAGES)] = packages.folder
            environment[VARIABLE] = str(_PACKAGES)
        return Contained(
            self.work,
            limits.memory,
            limits.processes,
            limits.disk,
            shared,
            frozenset({str(NOTES)}),
            {str(_RELAY): self.relay},
            environment,
        )


@contextmanager
def confine(
    work: Work,
    admitted: Admitted,
    cluster: ComposeCluster,
    way: Entrance,
    folders: Folders,
    copied: Path,
    limits: Limits,
) -> Iterator[Desk]:
    """Have the sandbox with the submission in it, and its broker."""
    base = Path(sys.base_prefix)
    readable = [] if base.is_relative_to("/usr") else [base]
    python = str(Path(sys.executable).resolve())
    logs = {name: file for name in admitted.services if (file := way.log(name)).exists()}
    inside = host.furnish(folders.stage, python, _told(work, admitted, logs), ("broker", "notes", "relay"))
    for name in logs:
        (inside / "logs" / f"{name}.log").touch()
    socket = folders.private / "broker" / "socket"
    socket.parent.mkdir()
    placed = {
        INSIDE: inside,
        INSIDE / "inbox": folders.private / "inbox",
        INSIDE / "submission": copied,
        INSIDE / "broker": socket.parent,
        _RELAY: folders.relay,
        **{INSIDE / "logs" / f"{name}.log": file for name, file in logs.items()},
    }
    seen = Seen(readable, guest_commands.masked(readable), placed, writable={WORK: folders.work, NOTES: folders.notes})
    own = folders.stage / "sandbox"
    own.mkdir()

    def grows() -> int:
        return sum(map(size_of, (folders.work, folders.notes, cluster.log_folder))) + way.written()

    broker = Broker(socket, {name: name for name in admitted.services}, way)
    environment = host.terminal(str(NOTES))
    cells = _cells(work, admitted, environment)
    log = folders.stage / "sandbox.log"
    with (
        closing(broker),
        host.confine(python, seen, limits, own, work.at, log, grows, network=None, user=images.user_id()) as confined,
    ):
        with suppress(Gone):
            _relay(admitted, cluster, confined, folders, environment, python)
        yield Desk(confined, environment, cells, str(NOTES), _answers(admitted, way, confined))


def _told(work: Work, admitted: Admitted, logs: Mapping[str, Path]) -> dict[str, Any]:
    """Give what `docker-compose` of the sandbox is told."""
    rooms = {
        name: {
            "folder": service.folder,
            "names": list(service.names),
            "logs": [str(INSIDE / "logs" / f"{name}.log")] if name in logs else [],
            "ports": ", ".join(f"0.0.0.0:{there}->{here}/tcp" for there, here in service.ports),
        }
        for name, service in admitted.services.items()
    }
    return {
        "rooms": rooms,
        "lacking": admitted.lacking,
        "project": work.project,
        "ended": "/tmp/.w205-ended",  # noqa: S108
        "broker": str(INSIDE / "broker" / "socket"),
    }


def _relay(
    admitted: Admitted,
    cluster: ComposeCluster,
    confined: Confined,
    folders: Folders,
    environment: Mapping[str, str],
    python: str,
) -> None:
    """Let the ports that the compose file publishes be reached at the sandbox's loopback."""
    ports: dict[int, tuple[str, int]] = {}
    for name, service in admitted.services.items():
        for there, here in service.ports:
            ports.setdefault(there, (name, here))
    if not ports:
        return
    sockets = {there: str(_RELAY / f"{there}.socket") for there in ports}
    pairs = [f"unix:{sockets[there]}=tcp:{name}:{here}" for there, (name, here) in ports.items()]
    cluster.exec_background(ASKER, shlex.join(["python3", "-I", str(_RELAY / "relay.py"), *pairs]))
    until = time.monotonic() + _RELAY_TIME
    while not all((folders.relay / f"{there}.socket").exists() for there in ports):
        if time.monotonic() > until:
            raise EnvironmentFault("The relay of published ports did not start.", wanted=", ".join(map(str, ports)))
        time.sleep(0.1)
    pairs = [f"tcp:127.0.0.1:{there}=unix:{path}" for there, path in sockets.items()]
    out, err = (folders.private / f"relay.{kind}" for kind in ("out", "err"))
    confined.start(
        [python, "-I", "-S", str(INSIDE / "relay.py"), *pairs], out, err, folder="/", environment=environment
    )


def _cells(work: Work, admitted: Admitted, environment: Mapping[str, str]) -> Room:
    """Give how cells of Python are run: in the container of Spark."""
    spark = _first(admitted, "spark")
    words = [str(INSIDE / "bin" / "docker-compose"), "exec", "-T", "-w", str(work.at.folder), spark]
    return Room([*words, "python", str(INSIDE / "inbox" / "cells.py")], environment)


def _answers(admitted: Admitted, way: Entrance, confined: Confined) -> Callable[[Unit], bool]:
    def answers(unit: Unit) -> bool:
        service = unit.typed.service
        if service is None:
            return confined.answers(unit.port)
        return way.listens(service if service in admitted.services else _first(admitted, "mids"), unit.port)

    return answers


def _first(admitted: Admitted, role: str) -> str:
    """Give the service that stands for a role: the one of that name, else the first."""
    found = [name for name, service in admitted.services.items() if service.role == role]
    return role if role in found or not found else found[0]
