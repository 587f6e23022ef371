"""Starting processes from one thread, the main one, that lives as long as the keeper.

Linux can kill a child when its parent dies (`setpriv --pdeathsig`), but the parent is the *thread* that started it.
"""

from __future__ import annotations

import queue
import shutil
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

from harness.cluster.processes import Process
from harness.errors import EnvironmentFault

_SETPRIV = shutil.which("setpriv") if sys.platform == "linux" else None
_DIE_WITH_PARENT = (_SETPRIV, "--pdeathsig", "KILL", "--") if _SETPRIV else ()


class Spawner:
    """Starts processes on the thread that calls `run_until`."""

    def __init__(self) -> None:
        self._wanted: queue.SimpleQueue[tuple[Callable[[], Process], Future[Process]] | None] = queue.SimpleQueue()
        self._closed = False

    def run_until(self, ended: threading.Event) -> None:
        """Start what is asked for, until `ended` is set."""
        while not ended.is_set():
            try:
                item = self._wanted.get(timeout=0.2)
            except queue.Empty:
                continue
            if item is None:
                continue
            start, future = item
            try:
                future.set_result(start())
            except Exception as problem:
                future.set_exception(problem)

    def close(self) -> None:
        """Start nothing more."""
        self._closed = True

    def start(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        stdin: int,
        stdout: int,
        stderr: int,
    ) -> Process:
        """Start a command with the given descriptors. Raises EnvironmentFault when the cluster is ending."""
        return self._ask(
            lambda: Process(
                (*_DIE_WITH_PARENT, *command),
                cwd=cwd,
                environment=environment,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
            )
        )

    def _ask(self, start: Callable[[], Process]) -> Process:
        if self._closed:
            raise EnvironmentFault("The cluster is going down.", remedy="start it again")
        future: Future[Process] = Future()
        self._wanted.put((start, future))
        return future.result(timeout=30)

    def start_logged(self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: Path) -> Process:
        """Start a command whose output is appended to a log file."""

        def start() -> Process:
            with log.open("ab") as out:
                return Process((*_DIE_WITH_PARENT, *command), cwd=cwd, environment=environment, stdout=out, stderr=out)

        return self._ask(start)
