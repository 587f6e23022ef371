"""Runs in the sandbox of a submission, and starts its commands as the harness asks over the socket on stdin.

Each message is one JSON object a line: `start` (with three descriptors), `signal`, `probe`, `fill`, `read` and `list`.
The answers say which command ended and how. When the harness goes away this ends, and with it all that runs in the
sandbox.

Only the standard library is used: nothing else of the harness can be seen in there.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

Message = Mapping[str, Any]

WORK = "/w205"
"""The folder of the course, on a file system of its own."""


class Spawner:
    """The sandbox's commands."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self._lock = threading.Lock()
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._descriptors: list[int] = []
        self._operations: Mapping[str, Callable[[Message], None]] = {
            "start": self._start,
            "signal": self._signal,
            "probe": self._probe,
            "fill": self._fill,
            "read": self._read,
            "list": self._list,
        }

    def serve(self) -> None:
        """Do what is asked until the other side ends."""
        buffer = b""
        while True:
            data, descriptors, _, _ = socket.recv_fds(self._wire, 65536, 3)
            self._descriptors += descriptors
            if not data:
                return
            buffer += data
            while b"\n" in buffer:
                line, buffer = buffer.split(b"\n", 1)
                message = json.loads(line)
                try:
                    self._operations[message["op"]](message)
                except Exception as problem:
                    text = f"{type(problem).__name__}: {problem}"[:500]
                    self._say({"id": message["id"], "event": "failed", "text": text})

    def _say(self, message: dict[str, Any]) -> None:
        with self._lock, suppress(OSError):
            self._wire.sendall(json.dumps(message).encode() + b"\n")

    def _start(self, message: Message) -> None:
        stdin, stdout, stderr = self._descriptors[:3]
        self._descriptors = self._descriptors[3:]
        try:
            process = subprocess.Popen(
                message["argv"],
                cwd=message["cwd"],
                env=message["env"],
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        finally:
            for descriptor in (stdin, stdout, stderr):
                os.close(descriptor)
        self._running[message["id"]] = process
        self._say({"id": message["id"], "event": "started"})
        threading.Thread(target=self._wait, args=(message["id"], process), daemon=True).start()

    def _wait(self, number: int, process: subprocess.Popen[bytes]) -> None:
        code = process.wait()
        self._say({"id": number, "event": "ended", "code": 128 - code if code < 0 else code})

    def _signal(self, message: Message) -> None:
        """Send a signal to a command's whole group, as a terminal does; with 9 to the groups below it, too."""
        process = self._running.get(message["target"])
        if process is not None:
            groups = {process.pid}
            if message["number"] == signal.SIGKILL:
                groups |= _groups_below(process.pid)
            for group in groups:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(group, message["number"])
        self._say({"id": message["id"], "event": "done"})

    def _probe(self, message: Message) -> None:
        """Say whether somebody listens at a port of loopback."""
        with socket.socket() as asked:
            asked.settimeout(1)
            well = asked.connect_ex(("127.0.0.1", message["port"])) == 0
        self._say({"id": message["id"], "event": "done", "well": well})

    def _fill(self, message: Message) -> None:
        """Copy the submission to the work folder, and put it where its commands look for it."""
        shutil.copytree(message["source"], message["target"], symlinks=True, dirs_exist_ok=True)
        for path, to in message["links"]:
            with suppress(OSError):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                if not os.path.lexists(path):
                    os.symlink(to, path)
        self._say({"id": message["id"], "event": "done"})

    def _read(self, message: Message) -> None:
        """Give the beginning of a file, and its size."""
        text, size = "", 0
        with suppress(OSError), open(message["path"], encoding="utf-8", errors="replace") as file:
            text = file.read(message["limit"])
            size = os.fstat(file.fileno()).st_size
        self._say({"id": message["id"], "event": "done", "text": text, "size": size})

    def _list(self, message: Message) -> None:
        """Give the paths of files below some folders, from there on: as many as asked for."""
        found: list[str] = []
        for folder in glob.glob(message["folders"]):
            for parent, _, names in os.walk(folder):
                found += (os.path.join(parent, name) for name in names)
                if len(found) > message["limit"]:
                    break
        self._say({"id": message["id"], "event": "done", "paths": found[: message["limit"]]})


def _groups_below(root: int) -> set[int]:
    """Give the process groups of all processes whose ancestor is `root`."""
    parents: dict[int, tuple[int, int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError, ValueError), open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
                parents[int(name)] = int(fields[1]), int(fields[2])
    found, groups = {root}, set()
    growing = True
    while growing:
        more = {pid for pid, (parent, _) in parents.items() if parent in found} - found
        growing = bool(more)
        found |= more
        groups |= {parents[pid][1] for pid in more}
    return groups - {os.getpgrp(), 0}


def main() -> None:
    """Serve on stdin."""
    wire = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        Spawner(wire).serve()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
