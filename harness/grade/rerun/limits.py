"""The limits of a submission's sandbox: by control groups where they can be had, else by the limits of processes.

Control groups (version 1 or 2) need root, or a group that was delegated. Without them a process may have so much memory
and a user so many processes, and a watcher ends the sandbox when all its processes together have more.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from harness.grade.rerun.leftovers import GROUPS, abandoned_groups, new_name

MIB: Final = 1 << 20
END_TIME: Final = 10.0
"""Seconds that killed processes have to end."""

ROOM: Final = 64
"""Processes for which a sandbox has room before one more command is typed: as many as a command's helpers need."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a submission may have. Sizes are bytes, times seconds.

    `memory` and `processes` are for all that it runs at once, `disk` for each of its folders (work, temporary files,
    home), `cluster` for what it makes the servers store, `output` for what one command prints. `command` bounds a
    command, `total` the whole rerun; `loop` bounds a loop of load, `settle` the wait for its streams.
    """

    memory: int = 6144 * MIB
    processes: int = 1024
    disk: int = 1024 * MIB
    cluster: int = 4096 * MIB
    output: int = 32 * MIB
    command: float = 240.0
    total: float = 1800.0
    loop: float = 420.0
    settle: float = 90.0
    rounds: int = 3


class ControlGroup:
    """A control group of one sandbox. `note` says what it cannot bound here; `words` puts a shell into it."""

    def __init__(self, limits: Limits, root: Path = GROUPS) -> None:
        self._folders: list[Path] = []
        self._processes = limits.processes
        name = new_name()
        for path in abandoned_groups(root):
            with suppress(OSError):
                path.rmdir()
        bounds = (("memory", limits.memory), ("pids", limits.processes))
        if (root / "cgroup.controllers").exists():
            self._second(root / name, bounds)
        else:
            self._first(root, name, bounds)
        self.bounds = {kind for kind, folder in self._made.items() if folder}

    def _second(self, folder: Path, bounds: Sequence[tuple[str, int]]) -> None:
        self._made: dict[str, Path | None] = dict.fromkeys(kind for kind, _ in bounds)
        try:
            enabled = (folder.parent / "cgroup.subtree_control").read_text().split()
            if missing := [kind for kind, _ in bounds if kind not in enabled]:
                (folder.parent / "cgroup.subtree_control").write_text(" ".join(f"+{kind}" for kind in missing))
            folder.mkdir()
        except OSError:
            return
        self._folders.append(folder)
        for kind, value in bounds:
            with suppress(OSError):
                (folder / f"{kind}.max").write_text(str(value))
                self._made[kind] = folder
        with suppress(OSError):
            (folder / "memory.swap.max").write_text("0")

    def _first(self, root: Path, name: str, bounds: Sequence[tuple[str, int]]) -> None:
        self._made = dict.fromkeys(kind for kind, _ in bounds)
        for kind, value in bounds:
            folder = root / kind / name
            try:
                folder.mkdir()
            except OSError:
                continue
            self._folders.append(folder)
            with suppress(OSError):
                (folder / ("memory.limit_in_bytes" if kind == "memory" else "pids.max")).write_text(str(value))
                self._made[kind] = folder

    def join(self) -> list[str]:
        """Give the shell lines by which a process puts itself into the group."""
        return [f"echo $$ > '{folder}/cgroup.procs' || exit 71" for folder in self._folders]

    def memory_killed(self) -> bool:
        """Say whether the kernel ended a process of the group for its memory."""
        return memory_killed(self._read("memory.events", "memory.oom_control"))

    def forks_refused(self) -> bool:
        """Say whether the kernel refused the group a process."""
        return forks_refused(self._read("pids.events"))

    def has_room(self) -> bool:
        """Say whether a command can start processes. Those that were killed count until they have ended."""
        current = self._read("pids.current")
        return not current or int(current) <= self._processes - min(ROOM, self._processes // 4)

    def _read(self, *names: str) -> str:
        found = ""
        for file in (folder / name for folder in self._folders for name in names):
            with suppress(OSError, UnicodeDecodeError):
                found += file.read_text()
        return found

    def close(self) -> None:
        """Remove the group. Its processes have been killed, but may take a while to end."""
        until = time.monotonic() + END_TIME
        for folder in self._folders:
            with suppress(OSError):
                (folder / "cgroup.kill").write_text("1")  # there is one in version 2
            while not _removed(folder) and time.monotonic() < until:
                time.sleep(0.02)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def memory_killed(events: str) -> bool:
    """Say whether the kernel ended a process for memory, by the `memory.events` or `memory.oom_control` of a group."""
    return any(int(number) > 0 for number in re.findall(r"^oom_kill (\d+)$", events, re.MULTILINE))


def forks_refused(events: str) -> bool:
    """Say whether the kernel refused a process, by a control group's `pids.events`."""
    return any(int(number) > 0 for number in re.findall(r"^max (\d+)$", events, re.MULTILINE))


def prlimit(limits: Limits, bounded: set[str], user: int) -> list[str]:
    """Give the words that run a command with the kernel's limits per process, for what no control group bounds.

    The kernel counts all threads of a user on the machine: those that there are come on top, and as many again as the
    sandbox may have for those that come meanwhile. A watcher counts the sandbox's own.
    """
    words = ["prlimit", f"--fsize={limits.disk}", "--core=0", "--nofile=8192"]
    if "pids" not in bounded:
        words.append(f"--nproc={2 * limits.processes + threads_of(user)}")
    if "memory" not in bounded:
        words.append(f"--data={limits.memory // 2}")
    return [*words, "--"]


def threads_of(user: int) -> int:
    """Count the threads of a user on this machine."""
    processes = psutil.process_iter(["uids", "num_threads"])
    return sum(
        each.info["num_threads"] or 0 for each in processes if each.info["uids"] and each.info["uids"].real == user
    )


def is_root() -> bool:
    """Say whether this process is the machine's root."""
    return os.geteuid() == 0
