"""The wire between a harness and its keeper: one JSON object a line over a Unix socket, descriptors beside it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

Message = dict[str, Any]

PATH_LIMIT = 100
"""Longest socket path in bytes that Linux (108) and macOS (104) both take."""


class Closed(ConnectionError):
    """The other side is gone."""


class Connection:
    """One conversation. The first message may carry file descriptors, which the receiver then owns."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._buffer = b""
        self.descriptors: list[int] = []

    @classmethod
    def open(cls, path: Path, timeout: float | None = None) -> Connection:
        """Connect to a keeper's socket. Raises OSError when nobody listens there."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(timeout)
            sock.connect(str(path))
            sock.settimeout(None)
        except OSError:
            sock.close()
            raise
        return cls(sock)

    def send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        """Send one message."""
        data = json.dumps(message).encode() + b"\n"
        try:
            if descriptors:
                sent = socket.send_fds(self._socket, [data], list(descriptors))
                data = data[sent:]
            if data:  # a send of nothing still fails when the other side has answered and gone
                self._socket.sendall(data)
        except OSError as problem:
            raise Closed(str(problem)) from problem

    def receive(self) -> Message:
        """Wait for one message. Raises Closed when the other side ended."""
        while b"\n" not in self._buffer:
            try:
                data, descriptors, _, _ = socket.recv_fds(self._socket, 65536, 3)
            except OSError as problem:
                raise Closed(str(problem)) from problem
            self.descriptors += descriptors
            if not data:
                raise Closed("the connection ended")
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        message: Message = json.loads(line)
        return message

    def messages(self) -> Iterator[Message]:
        """Give messages until the other side ends."""
        while True:
            try:
                yield self.receive()
            except Closed:
                return

    def set_timeout(self, seconds: float | None) -> None:
        """Bound every later wait; past it `receive` raises Closed."""
        self._socket.settimeout(seconds)

    def finish(self) -> None:
        """Send nothing more: the other side sees the end, and can still answer."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End the conversation. Waiting calls on the other side see its end."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
