"""A running sandbox as the harness holds it: starts commands in it, hears how they end, and ends all of it at once."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psutil

from harness.cluster.processes import memory_below
from harness.errors import EnvironmentFault
from harness.grade.rerun.limits import MIB, ControlGroup, Limits
from harness.grade.rerun.model import Breach, Limit
from harness.grade.rerun.sandbox import OWN_FOLDERS

START_TIME: Final = 30.0
ANSWER_TIME: Final = 30.0
_LONGEST_MESSAGE: Final = 1 * MIB
ROOM_TIME: Final = 20.0
"""Seconds that what fills a sandbox with processes has to end before one more command is typed."""

_INTERVAL: Final = 0.5
_CUT_TIME: Final = 15.0
"""Seconds in which what printed too much must have ended."""


class Gone(Exception):
    """The sandbox has ended: it was closed, it broke a limit, or its own code ended it."""


class Failed(Exception):
    """The spawner could not do what it was asked for."""


class Job:
    """A command in the sandbox, with the files of its output. `exit_code` is None while it runs.

    `cut` is when it had printed more than it may and was ended.
    """

    def __init__(self, number: int, out: Path, err: Path) -> None:
        self.number = number
        self.out = out
        self.err = err
        self.started = time.monotonic()
        self.ended: float | None = None
        self.exit_code: int | None = None
        self.done = threading.Event()
        self.cut: float | None = None

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return (self.ended or time.monotonic()) - self.started

    def end(self, code: int) -> None:
        """Note its end."""
        if not self.done.is_set():
            self.exit_code, self.ended = code, time.monotonic()
            self.done.set()


class Confined:
    """One sandbox. `breaches` are the limits that were met; a closed or broken one raises Gone for every question.
    `fault` says what of the harness failed, which ended it.

    `grows` gives the bytes that the submission has made the servers store.
    """

    def __init__(
        self,
        command: Sequence[str],
        limits: Limits,
        group: ControlGroup | None,
        log: Path,
        grows: Callable[[], int],
    ) -> None:
        self.breaches: list[Breach] = []
        self.fault: str | None = None
        self._limits = limits
        self._group = group
        self._grows = grows
        self._numbers = itertools.count(1)
        self._jobs: dict[int, Job] = {}
        self._answers: dict[int, Mapping[str, Any] | None] = {}
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._ended = threading.Event()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs, log.open("wb") as out:
            self._process = subprocess.Popen(
                command, stdin=theirs.fileno(), stdout=out, stderr=out, start_new_session=True
            )
        self._wire = ours
        self._log = log
        for work in (self._listen, self._watch):
            threading.Thread(target=work, daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return not self._ended.is_set()

    def ready(self) -> None:
        """Wait until it answers. Raises EnvironmentFault when it does not come up."""
        try:
            self.ask("probe", port=1, within=START_TIME)
        except (Gone, Failed, TimeoutError) as problem:
            self.close()
            said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise EnvironmentFault(
                "The sandbox for the submission did not start.",
                wanted=f"an answer within {START_TIME:.0f} s",
                seen=said[-1] if said else str(problem) or "nothing",
                remedy="this machine may forbid user namespaces; `harness grade --static` needs no sandbox",
            ) from problem

    def start(
        self,
        argv: Sequence[str],
        out: Path,
        err: Path,
        *,
        folder: str,
        environment: Mapping[str, str],
        stdin: Path | int = Path(os.devnull),
    ) -> Job:
        """Start a command with its output in two files, and a file or a descriptor as its input.

        A sandbox that is full of processes has a while to get room for it: hundreds that were killed take their time.
        """
        self._await_room()
        job = Job(next(self._numbers), out, err)
        self._jobs[job.number] = job
        message = {"op": "start", "id": job.number, "argv": list(argv), "cwd": folder, "env": dict(environment)}
        given_as = os.dup(stdin) if isinstance(stdin, int) else os.open(stdin, os.O_RDONLY)
        with os.fdopen(given_as, "rb") as given, out.open("wb") as one, err.open("wb") as two:
            self._send(message, (given.fileno(), one.fileno(), two.fileno()))
        return job

    def _await_room(self) -> None:
        until = time.monotonic() + ROOM_TIME
        while self._group and self.alive and not self._group.has_room() and time.monotonic() < until:
            self._ended.wait(0.1)

    def signal(self, job: Job, number: int = signal.SIGINT) -> None:
        """Send a signal to a command and its group."""
        with suppress(Gone, Failed, TimeoutError):
            self.ask("signal", target=job.number, number=int(number))

    def stop(self, job: Job, grace: float = 5.0) -> None:
        """End a command as its author would, by Ctrl-C; then by SIGTERM and SIGKILL."""
        for number, wait in ((signal.SIGINT, grace), (signal.SIGTERM, 2.0), (signal.SIGKILL, 3.0)):
            if job.done.is_set() or not self.alive:
                return
            self.signal(job, number)
            job.done.wait(wait)

    def answers(self, port: int) -> bool:
        """Say whether somebody listens at a port of loopback there."""
        try:
            return bool(self.ask("probe", port=port).get("well"))
        except Failed:  # no port
            return False

    def ask(self, op: str, *, within: float = ANSWER_TIME, **more: object) -> Mapping[str, Any]:
        """Ask the spawner for something and wait. Raises Gone, Failed or TimeoutError."""
        number = next(self._numbers)
        self._answers[number] = None
        try:
            self._send({"op": op, "id": number, **more})
            with self._changed:
                if not self._changed.wait_for(lambda: self._answers[number] or not self.alive, within):
                    raise TimeoutError(f"no answer to {op}")
        finally:
            answer = self._answers.pop(number)
        if answer is None:
            raise Gone("the sandbox has ended")
        if answer.get("event") == "failed":
            raise Failed(f"{op}: {str(answer.get('text'))[:500]}")
        return answer

    def close(self) -> None:
        """End everything in it, at once."""
        self._note_full()
        self._kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._note_end()
        with suppress(OSError):
            self._wire.close()
        if self._group:
            self._note_group(self._group)
            self._group.close()

    def _note_full(self) -> None:
        for folder in () if self._process.poll() is not None else _full(self._process.pid, self._limits.disk):
            self._breach(Limit.DISK, f"more than {self._limits.disk // MIB} MiB in {folder}")

    def _note_group(self, group: ControlGroup) -> None:
        if group.memory_killed():
            self._breach(Limit.MEMORY, f"more than {self._limits.memory // MIB} MiB of memory")
        if group.forks_refused():
            self._breach(Limit.PROCESSES, f"more than {self._limits.processes} processes")

    def _send(self, message: Mapping[str, object], descriptors: Sequence[int] = ()) -> None:
        if not self.alive:
            raise Gone("the sandbox has ended")
        data = json.dumps(message).encode() + b"\n"
        try:
            with self._sending:
                sent = socket.send_fds(self._wire, [data], list(descriptors)) if descriptors else 0
                self._wire.sendall(data[sent:])
        except OSError as problem:
            raise Gone(str(problem)) from problem

    def _listen(self) -> None:
        """Hear what the spawner says. It is a stranger's by now, perhaps: what makes no sense ends the sandbox."""
        buffer = b""
        try:
            while data := self._wire.recv(65536):
                buffer += data
                if len(buffer) > _LONGEST_MESSAGE:
                    break
                *lines, buffer = buffer.split(b"\n")
                for line in lines:
                    self._hear(json.loads(line))
        except (OSError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
            pass
        finally:
            self._kill()
            self._note_end()

    def _hear(self, message: Mapping[str, Any]) -> None:
        number = int(message["id"])
        job = self._jobs.get(number)
        if job is None:
            with self._changed:
                if number in self._answers:  # what nobody asked, or asks no more, is not kept
                    self._answers[number] = message
                    self._changed.notify_all()
        elif message["event"] == "ended":
            self._cut(job)
            job.end(int(message["code"]) & 0xFF)
        elif message["event"] == "failed":
            job.err.write_text(f"harness: {str(message['text'])[:500]}\n", encoding="utf-8")
            job.end(126)

    def _note_end(self) -> None:
        self._ended.set()
        for job in list(self._jobs.values()):
            job.end(128 + signal.SIGKILL)
        with self._changed:
            self._changed.notify_all()

    def _watch(self) -> None:
        """Look at the sandbox until it ends. A look that fails ends it: nothing would bound it from then on."""
        started = time.monotonic()
        try:
            for turn in itertools.count(1):
                if self._ended.wait(_INTERVAL):
                    return
                self._look(turn, time.monotonic() - started)
        except Exception as problem:
            if self.alive:
                self.fault = f"The watcher of the sandbox failed: {type(problem).__name__}: {problem}"[:500]
            self._kill()
            self._note_end()

    def _look(self, turn: int, seconds: float) -> None:
        """End the sandbox when it has more than it may have of what no control group bounds."""
        bounded = self._group.bounds if self._group else set()
        if seconds > self._limits.total:
            self._break(Limit.TIME, f"longer than {self._limits.total:.0f} s")
        elif "pids" not in bounded and _threads_below(self._process.pid) > self._limits.processes:
            self._break(Limit.PROCESSES, f"more than {self._limits.processes} processes")
        elif "memory" not in bounded and turn % 4 == 0 and memory_below(self._process.pid) > self._limits.memory:
            self._break(Limit.MEMORY, f"more than {self._limits.memory // MIB} MiB of memory")
        elif turn % 10 == 0 and self._grows() > self._limits.cluster:
            self._break(Limit.DISK, f"more than {self._limits.cluster // MIB} MiB stored in the servers")
        self._note_full()
        for job in list(self._jobs.values()):
            self._cut(job)

    def _cut(self, job: Job) -> None:
        """Cut off what a command printed beyond the limit, and end it. If something prints on, all ends."""
        out, err = (file.stat().st_size for file in (job.out, job.err))
        if out + err <= self._limits.output:
            return
        os.truncate(job.out, min(out, self._limits.output))
        os.truncate(job.err, min(err, max(0, self._limits.output - out)))
        if job.cut is None:
            job.cut = time.monotonic()
            with suppress(Gone):
                self._send({"op": "signal", "id": next(self._numbers), "target": job.number, "number": signal.SIGKILL})
        elif time.monotonic() - job.cut > _CUT_TIME:
            self._break(Limit.OUTPUT, f"more than {self._limits.output // MIB} MiB printed by what does not end")

    def _break(self, limit: Limit, text: str) -> None:
        self._breach(limit, text)
        self._kill()
        self._note_end()

    def _kill(self) -> None:
        if self._process.poll() is None:  # else its number may be another's
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _breach(self, limit: Limit, text: str) -> None:
        if all(breach.limit is not limit for breach in self.breaches):
            self.breaches.append(Breach(limit, text))


def _below(pid: int, *, recursive: bool = True) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=recursive)
    except psutil.Error:
        return []


def _threads_below(pid: int) -> int:
    total = 0
    for process in _below(pid):
        with suppress(psutil.Error):
            total += process.num_threads()
    return total


def _full(pid: int, size: int) -> Iterator[str]:
    """Give the folders below which a sandbox has no room left: of those on file systems of its own, of that size."""
    for child in _below(pid, recursive=False):
        for folder in OWN_FOLDERS:
            with suppress(OSError):
                found = os.statvfs(f"/proc/{child.pid}/root{folder}")
                is_own = abs(found.f_blocks * found.f_frsize - size) < 2 * found.f_frsize
                if is_own and (not found.f_bavail or (found.f_files and not found.f_favail)):
                    yield folder


def size_of(folder: Path) -> int:
    """Give the bytes that the files below a folder take on the disk."""
    total = 0
    waiting = [os.fspath(folder)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total
