"""The names and ports of the original, and what they are in this cluster.

A private cluster has them verbatim. In an open one every service is at 127.0.0.1, on the original's port when it is
free and else on another; `Addresses.translate` turns the original's names in a command into those.
"""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Container, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import MappingProxyType

from harness.cluster.probes import LOOPBACK as LOOPBACK
from harness.errors import EnvironmentFault, UsageError

ORIGINAL: Mapping[str, tuple[str, int]] = {
    "zookeeper": ("zookeeper", 32181),
    "kafka": ("kafka", 29092),
    "namenode": ("cloudera", 8020),
    "namenode-http": ("cloudera", 50070),
    "datanode": ("cloudera", 50010),
    "datanode-http": ("cloudera", 50075),
    "datanode-ipc": ("cloudera", 50020),
    "metastore": ("cloudera", 9083),
    "presto": ("presto", 8080),
    "api": ("localhost", 5000),
}
"""Every listener: the host name and the port that the original's commands use."""

API = "api"
"""The listener that each run has for itself."""

ALL_INTERFACES = "0.0.0.0"  # noqa: S104

HOST_NAMES = ("zookeeper", "kafka", "cloudera", "spark", "presto", "mids")
_OTHER_PORTS = range(21_000, 32_000)
"""Where another port is looked for: below the range from which systems take ports for outgoing connections."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The hosts and ports of one cluster."""

    mode: str
    ports: Mapping[str, int]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """What stands in for the address of a listener that the harness did not start: `host:port`, or several of them."""
    added: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """The listeners of servers that a project adds: the host name and the port that its own commands use."""

    @property
    def bind(self) -> str:
        """The interface that servers listen on: loopback, or all those of a container, whose network is its own."""
        return ALL_INTERFACES if self.mode == "container" else LOOPBACK

    def host(self, listener: str) -> str:
        """Give the host name under which a listener is reached."""
        if listener in self.elsewhere:
            return self.elsewhere[listener].rpartition(":")[0] or self.elsewhere[listener]
        return LOOPBACK if self.mode == "open" else {**ORIGINAL, **self.added}[listener][0]

    def at(self, listener: str) -> str:
        """Give `host:port` of a listener."""
        return self.elsewhere.get(listener) or f"{self.host(listener)}:{self.ports[listener]}"

    def translate(self, command: str) -> str:
        """Write the addresses of this cluster in place of the original's; only an open cluster has others."""
        if self.mode != "open":
            return command
        here = {**ORIGINAL, **self.added}
        known = (*self.elsewhere, API, *self.added) if self.elsewhere else here
        by_address = {"{}:{}".format(*here[listener]): listener for listener in known}

        def replace(match: re.Match[str]) -> str:
            listener = by_address.get(match[0])
            return self.at(listener) if listener else match[0]

        names = "|".join(map(re.escape, (*HOST_NAMES, *self.added, "localhost")))
        command = re.sub(rf"(?<![\w.\-])(?:{names}):\d+\b", replace, command)
        return re.sub(r"hdfs://cloudera(?![\w.:\-])", f"hdfs://{self.at('namenode')}", command)


class Reservations:
    """Ports of a cluster, held for its life.

    Two sockets bound to a TCP port hold it. One is a UDP socket: it disturbs no TCP server, two harnesses of any users
    see each other's, and the kernel frees it when the holder dies. The other one is a TCP socket that does not listen:
    Linux then gives the port to no outgoing connection, and lets the server listen (both have SO_REUSEADDR). Without it
    a server would not start where such a connection has its port or had it within the last minute: some of the
    original's ports are in that range. A UDP port is held by a TCP socket alone.
    """

    def __init__(self) -> None:
        self._held = ExitStack()

    def choose(
        self,
        wanted: Mapping[str, int],
        elsewhere: Container[str] = (),
        added: Mapping[str, tuple[str, int]] = MappingProxyType({}),
    ) -> tuple[dict[str, int], list[str]]:
        """Give a port to every listener. Returns the ports, and a sentence for each that is not the original's.

        With servers `elsewhere` the API and what is `added` alone are this run's own; the others have the original's
        ports, none held.

        Raises UsageError for an unknown listener, EnvironmentFault when a port that was asked for is taken.
        """
        listeners = {**ORIGINAL, **added}
        for name in wanted:
            if name not in listeners:
                raise UsageError(f"Unknown service for --port: {name}.", wanted=", ".join(listeners))
        ports: dict[str, int] = {}
        notes: list[str] = []
        for name in sorted(listeners, key=lambda each: each not in wanted):  # what was asked for comes first
            original = listeners[name][1]
            if elsewhere and name != API and name not in added:
                ports[name] = original
            elif name in wanted:
                ports[name] = self.take(name, wanted[name])
            elif self._take(original):
                ports[name] = original
            else:
                ports[name] = self._any()
                notes.append(f"port {original} of {name} is taken: using {ports[name]}")
        return ports, notes

    def take(self, name: str, port: int) -> int:
        """Give a listener the port that was asked for. Raises EnvironmentFault when it is taken."""
        if not self._take(port):
            raise _taken(name, port)
        return port

    def one(self, original: int | None, protocol: str = "tcp") -> int:
        """Give a port of this machine: the original when it is free, else another."""
        return original if original and self._take(original, protocol) else self._any(protocol)

    def close(self) -> None:
        """Free the ports."""
        self._held.close()

    def _any(self, protocol: str = "tcp") -> int:
        for port in _OTHER_PORTS:
            if self._take(port, protocol):
                return port
        raise EnvironmentFault(
            "No free port.", wanted=f"a free port from {_OTHER_PORTS[0]} to {_OTHER_PORTS[-1]} on {LOOPBACK}"
        )

    def _take(self, port: int, protocol: str = "tcp") -> bool:
        own, other = socket.SOCK_STREAM, socket.SOCK_DGRAM
        if protocol == "udp":
            own, other = other, own
        with ExitStack() as bound:
            try:
                bound.enter_context(_bound(other, LOOPBACK, port))
                # A server on all interfaces has the port on loopback too.
                _bound(own, ALL_INTERFACES, port, shared=True).close()
                holder = bound.enter_context(_bound(own, LOOPBACK, port, shared=True))
            except (OSError, OverflowError):
                return False
            if own is socket.SOCK_DGRAM or sys.platform != "linux":
                holder.close()  # a server could not have the port beside it
            self._held.callback(bound.pop_all().close)
        return True


def _bound(kind: socket.SocketKind, host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Give a socket that is bound, and does not listen; a `shared` TCP port can be bound until one listens."""
    opened = socket.socket(socket.AF_INET, kind)
    try:
        if shared and kind is socket.SOCK_STREAM:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
    except BaseException:
        opened.close()
        raise
    return opened


def _taken(name: str, port: int) -> EnvironmentFault:
    return EnvironmentFault(
        f"Port {port} is taken.",
        wanted=f"{name} on {LOOPBACK}:{port}, as --port asked",
        seen=f"another program listens there{_listener(port)}",
        remedy=f"end that program, choose another port, or leave out --port {name}=…",
    )


def _listener(port: int) -> str:
    """Name the process that listens on a port, where the system tells."""
    import psutil

    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr
            if listens and listens.port == port and connection.pid:
                process = psutil.Process(connection.pid)
                return f" (process {process.pid}, {process.name()})"
    except psutil.Error:
        pass
    return ""


def hosts_file(names: Sequence[str] = HOST_NAMES) -> str:
    """Give the text of a hosts file in which every service is at loopback."""
    return f"{LOOPBACK} localhost\n" + "".join(f"{LOOPBACK} {name}\n" for name in names)
