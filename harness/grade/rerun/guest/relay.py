"""Leads connections on: `relay.py FROM=TO…`, where each is `unix:PATH` or `tcp:HOST:PORT`.

In the sandbox it listens at the ports that the compose file publishes, in a container of the harness at the sockets
that they lead to, and from there it goes to the services. Only the standard library is used.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

MOST = 128


def listen(place: str) -> socket.socket:
    """Listen at a place."""
    kind, _, where = place.partition(":")
    if kind == "unix":
        with suppress(FileNotFoundError):
            os.unlink(where)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(where)
        os.chmod(where, 0o666)
    else:
        host, _, port = where.rpartition(":")
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, int(port)))
    listening.listen(64)
    return listening


def connect(place: str) -> socket.socket:
    """Connect to a place. Raises OSError."""
    kind, _, where = place.partition(":")
    if kind == "unix":
        reached = socket.socket(socket.AF_UNIX)
        reached.connect(where)
        return reached
    host, _, port = where.rpartition(":")
    reached = socket.create_connection((host, int(port)), timeout=10)
    reached.settimeout(None)
    return reached


def copy(one: socket.socket, other: socket.socket) -> None:
    """Copy bytes until one side ends, and tell the other."""
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


def lead(here: socket.socket, to: str, free: threading.Semaphore) -> None:
    """Lead one connection on until both sides have ended."""
    try:
        with here, connect(to) as there:
            back = threading.Thread(target=copy, args=(there, here), daemon=True)
            back.start()
            copy(here, there)
            back.join()
    except OSError:
        pass
    finally:
        free.release()


def serve(listening: socket.socket, to: str) -> None:
    """Take connections for ever."""
    free = threading.Semaphore(MOST)
    while True:
        free.acquire()
        here, _ = listening.accept()
        threading.Thread(target=lead, args=(here, to, free), daemon=True).start()


def main(words: Sequence[str]) -> None:
    """Serve every pair."""
    serving = []
    for here, _, to in (each.partition("=") for each in words):
        try:
            serving.append((listen(here), to))
        except OSError as problem:  # a port of the system's, or one that is taken: the others are led on
            print(f"{here} cannot be listened at: {problem}", file=sys.stderr, flush=True)
    threads = [threading.Thread(target=serve, args=pair, daemon=True) for pair in serving]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1:])
