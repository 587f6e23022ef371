"""Background commands in containers: each is the client of a `docker compose exec` that outlives its harness."""

from __future__ import annotations

import os
import signal as signals
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from harness.cluster.background import BackgroundCommand

POLL = 0.05

Signaller = Callable[[str, int, bool], None]
"""Sends a signal to a job in its container: its name, the signal, and whether all its processes get it."""

_NOTE_EXIT = '"$@"; code=$?; echo $code >"$0.new" && mv "$0.new" "$0"'
"""Run a command and note its exit code in a file, where every harness finds it."""

_clients: list[subprocess.Popen[bytes]] = []
"""Clients that may outlive this process: a Popen that is thrown away while its process runs is taken for a mistake."""


def reap(timeout: float) -> None:
    """Wait for clients that end, such as those of containers that are gone, at most some seconds each."""
    for client in list(_clients):
        with suppress(subprocess.TimeoutExpired):
            client.wait(timeout)
            _clients.remove(client)


class ComposeBackground(BackgroundCommand):
    """A command that goes on in a container."""

    def __init__(
        self,
        job: str,
        signaller: Signaller,
        service: str,
        command: str,
        typed: str,
        out: Path,
        err: Path,
        exit_file: Path,
    ) -> None:
        super().__init__(service, command, typed, out, err)
        self.job = job
        self._signaller = signaller
        self._exit_file = exit_file
        self._pid = 0

    def start(self, words: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start the client. Its output is appended to the files."""
        out, err = self._files
        with out.open("ab") as stdout, err.open("ab") as stderr:
            client = subprocess.Popen(
                ["/bin/sh", "-c", _NOTE_EXIT, str(self._exit_file), *words],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env=dict(environment),
                start_new_session=True,
            )
        _clients.append(client)
        self._pid = client.pid

    def state(self) -> dict[str, object]:
        """Give what another process needs to find it again."""
        return {**super().state(), "job": self.job, "pid": self._pid, "exit_file": str(self._exit_file)}

    @classmethod
    def restore(cls, signaller: Signaller, state: Mapping[str, Any]) -> ComposeBackground:
        """Find a command again that another process started."""
        out, err = map(Path, state["files"])
        file = Path(state["exit_file"])
        found = cls(state["job"], signaller, state["service"], state["command"], state["typed"], out, err, file)
        found._pid = state["pid"]
        found._restore(state)
        return found

    def wait(self, timeout: float) -> int | None:
        """Wait for its end, at most some seconds. Gives its exit code, or None."""
        deadline = time.monotonic() + timeout
        while (code := self._exit_code()) is None and time.monotonic() < deadline:
            time.sleep(POLL)
        return code

    def _exit_code(self) -> int | None:
        reap(0)  # so that no zombie is taken for a living client
        living = psutil.pid_exists(self._pid)
        try:
            return int(self._exit_file.read_text(encoding="ascii"))
        except FileNotFoundError:
            return None if living else 128 + signals.SIGKILL

    def _end(self, signal: int, group: bool, grace: float) -> int | None:
        if self._exit_code() is None:
            self._signaller(self.job, signal, group)
            if self.wait(grace) is None:
                self._signaller(self.job, signals.SIGKILL, True)
        code = self.wait(5.0)
        self._signaller(self.job, signals.SIGKILL, True)  # what it left in its background
        if code is None:
            self.abandon()
            code = self._exit_code()
        return code

    def abandon(self) -> None:
        """End the client, whose container no longer answers."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signals.SIGKILL)
        self.wait(2.0)
