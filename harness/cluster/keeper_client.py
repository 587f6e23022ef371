"""The harness' side of the talk with a keeper."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.cluster import runs
from harness.cluster.control import Closed, Connection, Message
from harness.cluster.faults import as_error
from harness.cluster.servers import tail
from harness.errors import EnvironmentFault


class KeeperClient:
    """Asks the keeper of a run folder. Every call raises EnvironmentFault when the keeper is gone."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._socket = runs.socket_path(folder)
        self._log = log
        self._lease: Connection | None = None

    def ask(self, **request: object) -> Message:
        """Ask one question and give its answer. Raises the error that the keeper answers with."""
        with self.talk(request) as connection:
            return checked(connection.receive())

    @contextmanager
    def talk(self, request: Message, descriptors: Sequence[int] = ()) -> Iterator[Connection]:
        """Send a request and give the connection on which its answers come."""
        try:
            connection = Connection.open(self._socket)
        except OSError as problem:
            raise self._gone() from problem
        try:
            connection.send(request, descriptors)
            yield connection
        except Closed as problem:
            raise self._gone() from problem
        finally:
            connection.close()

    def run(
        self,
        room: str,
        argv: Sequence[str],
        out: Path | int,
        err: Path | int,
        *,
        stdin: int | None = None,
        timeout: float | None = None,
        background: bool = False,
        on_start: Callable[[Connection], None] = lambda _: None,
        **more: object,
    ) -> Message:
        """Have a command run on files, to which its output is appended, or on descriptors.

        Gives the keeper's last message: of the end, or of the start of a background command. A foreground command
        ends when this call is left.
        """
        opened: list[int] = []

        def descriptor(target: Path | int) -> int:
            if isinstance(target, int):
                return target
            opened.append(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644))
            return opened[-1]

        if stdin is None:
            stdin = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
            opened.append(stdin)
        request = {"op": "run", "room": room, "argv": list(argv), "timeout": timeout, "background": background, **more}
        try:
            with self.talk(request, (stdin, descriptor(out), descriptor(err))) as connection:
                message = checked(connection.receive())
                on_start(connection)
                return message if background else checked(connection.receive())
        finally:
            for number in opened:
                os.close(number)

    def down(self, timeout: float, *, quick: bool) -> Message:
        """End the cluster, and wait for the keeper's own end. Gives the last states and what was left."""
        with self.talk({"op": "down", "quick": quick}) as connection:
            connection.set_timeout(timeout)
            answer = checked(connection.receive())
            list(connection.messages())  # none comes: this waits until the keeper has ended
        self.release()
        return answer

    def take_lease(self) -> Message | None:
        """Take the lease. Gives what was granted, or None when nobody answers yet."""
        try:
            self._lease = Connection.open(self._socket)
            self._lease.send({"op": "lease"})
            return self._lease.receive()
        except (OSError, Closed):
            self.release()
            return None

    def keep(self) -> None:
        """Let the cluster live on when this process ends."""
        if self._lease:
            try:
                self._lease.send({"keep": True})
            except Closed as problem:
                raise self._gone() from problem

    def release(self) -> None:
        """Give the lease back: the cluster goes down unless it is kept."""
        if self._lease:
            self._lease.close()
            self._lease = None

    def _gone(self) -> EnvironmentFault:
        return EnvironmentFault(
            "The cluster is gone.",
            wanted="an answer of its keeper",
            seen="the keeper ended",
            log=self._log,
            tail=tail(self._log),
            remedy="start it again: the same command, or `harness up`",
        )


def checked(message: Message) -> Message:
    """Give the message, or raise the error that it carries."""
    if message["event"] == "error":
        raise as_error(message)
    return message
