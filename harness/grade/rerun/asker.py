"""A process beside the servers that answers the harness' questions as long as their cluster is there.

It runs `asks.py` or `cleaning.py`. One process for all questions: a new one for each takes a second to begin.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from harness.cluster.control import Closed, Connection
from harness.errors import EnvironmentFault

ASK_TIME: Final = 180.0

Start = Callable[[tuple[int, int, int]], Callable[[], object]]
"""Starts the process on its three descriptors. Gives what ends it. Raises EnvironmentFault where it cannot."""


class Asker:
    """Asks the servers. The process is started at the first question, and again at the next one after it has failed.

    `log` is a file for what it says on its standard error.
    """

    def __init__(self, start: Start, log: Path) -> None:
        self._start = start
        self._log = log
        self._connection: Connection | None = None
        self._end: Callable[[], object] = lambda: None
        self._closed = False

    def __call__(self, *question: str) -> Mapping[str, Any]:
        """Give the answer to a question. Raises EnvironmentFault when the servers or the process do not give one."""
        try:
            connection = self._connection or self._open()
            connection.send({"question": question})
            told = connection.receive()
        except Closed as problem:
            self._drop()
            raise self._fault(question, self._last_words() or str(problem)) from problem
        if "failed" in told:
            raise self._fault(question, told["failed"])
        answer: Mapping[str, Any] = told["answer"]
        return answer

    def close(self) -> None:
        """End the process, for good. A question that another thread asks is not answered then."""
        self._closed = True
        self._drop()

    def _drop(self) -> None:
        if connection := self._connection:
            self._connection = None
            connection.finish()
            with suppress(EnvironmentFault):  # its cluster has ended
                self._end()  # by which whoever waits for an answer sees the end, too
            connection.close()

    def _open(self) -> Connection:
        if self._closed:
            raise Closed("it is closed")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection = Connection(ours)
        self._connection.set_timeout(ASK_TIME)
        with theirs, self._log.open("wb") as errors:
            self._end = self._start((theirs.fileno(), theirs.fileno(), errors.fileno()))
        return self._connection

    def _last_words(self) -> str:
        words = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return words[-1] if words else ""

    @staticmethod
    def _fault(question: tuple[str, ...], seen: str) -> EnvironmentFault:
        return EnvironmentFault("The cluster does not answer.", wanted=" ".join(question), seen=seen)
