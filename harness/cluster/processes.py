"""Processes that the keeper owns: started in their own group, ended with everything that they started.

Output goes to files or to descriptors that the caller gave, never to pipes.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

_PR_SET_CHILD_SUBREAPER = 36

Output = int | IO[bytes]


def become_subreaper() -> None:
    """Make this process the parent of every orphan below it (Linux), so that none can slip away."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Process:
    """One process and its group. `exit_code` is None while it runs, and 128 + N after signal N."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        stdin: Output = subprocess.DEVNULL,
        stdout: Output,
        stderr: Output,
    ) -> None:
        self.command = tuple(command)
        self.started = time.monotonic()
        self.ended: float | None = None
        self.expected_to_end = False
        self._popen = subprocess.Popen(
            command, cwd=cwd, env=dict(environment), stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
        )
        self.pid = self._popen.pid
        self._done = threading.Event()
        self._exit_code = 0
        threading.Thread(target=self._reap, name=f"reap-{self.pid}", daemon=True).start()

    def _reap(self) -> None:
        code = self._popen.wait()
        self._exit_code = 128 - code if code < 0 else code
        self.ended = time.monotonic()
        self._done.set()

    @property
    def exit_code(self) -> int | None:
        """The exit code, or None while the process runs."""
        return self._exit_code if self._done.is_set() else None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end. Returns whether it came."""
        return self._done.wait(timeout)

    def send_signal(self, number: int, *, group: bool = False) -> None:
        """Send a signal to the process, or to its whole group; a process that is gone is no error."""
        try:
            if group:
                os.killpg(self.pid, number)
            elif not self._done.is_set():
                os.kill(self.pid, number)
        except ProcessLookupError:
            pass

    def stop(self, grace: float, first: int = signal.SIGTERM, *, group: bool = False) -> None:
        """End the process: a signal, then after `grace` seconds SIGKILL; its group goes with it."""
        self.expected_to_end = True
        self.send_signal(first, group=group)
        if not self._done.wait(grace):
            self.send_signal(signal.SIGKILL)
            self._done.wait(5)
        self.send_signal(signal.SIGKILL, group=True)


def kill_descendants() -> list[str]:
    """Kill every process below this one. Returns those that would not die, in words."""
    for _ in range(20):
        children = [child for child in psutil.Process().children(recursive=True) if _alive(child)]
        if not children:
            return []
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(children, timeout=0.5)
    return [f"{child.pid} {child.name()}" for child in children if _alive(child)]


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def peak_rss(pid: int) -> int:
    """Give the peak resident memory of a process in bytes (today's where the system keeps none; 0 when it is gone)."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def memory_below(pid: int) -> int:
    """Give the memory in bytes of all processes below one; PSS where there is one, so that shared pages count once."""
    total = 0
    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return 0
    for child in children:
        try:
            info = child.memory_full_info() if sys.platform == "linux" else child.memory_info()
            total += getattr(info, "pss", info.rss)
        except psutil.Error:
            continue
    return total
