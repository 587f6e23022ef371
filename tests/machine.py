"""The machine under test: running the harness as users do, and seeing what it leaves."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from harness.grade.rerun.leftovers import abandoned_groups
from harness.render.renderers import RECORD, RENDERERS
from harness.settings import cache_dir

PROJECT = Path(__file__).parents[1]
HARNESS = Path(sys.executable).parent / "harness"
STEPS = (
    *("files", "cluster", "api", "topic", "load", "batch", "hive", "presto"),
    *("filter-batch", "filter-stream", "write-stream", "guild", "teardown"),
)
PATIENT = {"HARNESS_BOOT_TIMEOUT": "600", "HARNESS_COMMAND_TIMEOUT": "600", "HARNESS_STEP_TIMEOUT": "1200"}
"""Time limits of runs side by side: what is asked there is not how long they take."""

SHARED_FILES = ("app", "assignment", "jobs", "schemas", "conftest.py", "pyproject.toml")


@dataclass(frozen=True)
class Ended:
    """A command that ended."""

    code: int
    output: str

    def record(self, out: Path) -> dict[str, Any]:
        """Read the record that it wrote."""
        found: dict[str, Any] = json.loads((out / "record.json").read_text())
        return found


def run(
    *words: str | Path,
    cwd: Path = PROJECT,
    env: Mapping[str, str] | None = None,
    timeout: float = 600,
    prefix: Sequence[str] = (),
) -> Ended:
    """Run a command to its end, with its output, errors included."""
    done = subprocess.run(
        [*prefix, *map(str, words)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Ended(done.returncode, done.stdout)


def harness(*words: str | Path, **options: Any) -> Ended:
    """Run the command line."""
    return run(HARNESS, *words, **options)


ASK_PRESTO = """import os, prestodb
host, port = os.environ["PRESTO"].split(":")
cursor = prestodb.dbapi.connect(host=host, port=int(port), user="me", catalog="hive", schema="default").cursor()
cursor.execute("select 40 + 2")
print("Presto says", cursor.fetchall())
"""


def assert_a_notebook_reaches_presto(folder: Path) -> None:
    """Fail unless a notebook's cell gets an answer of the Presto of the cluster that is up."""
    cell = {"cell_type": "code", "id": "ask", "metadata": {}, "outputs": [], "execution_count": None}
    book = {"cells": [{**cell, "source": ASK_PRESTO}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "ask.ipynb").write_text(json.dumps(book))
    ended = harness("notebook", folder / "ask.ipynb", "--out", folder)
    assert (ended.code, ended.output) == (0, "cell 1:\nPresto says [[42]]\n\nwritten: ask.executed.ipynb\n")
    assert "[[42]]" in (folder / "ask.executed.ipynb").read_text()


class Started:
    """A command that goes on; its output goes to a file."""

    def __init__(
        self,
        log: Path,
        *words: str | Path,
        cwd: Path = PROJECT,
        prefix: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [*prefix, *map(str, words)],
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self.log.read_text(errors="replace")

    def until(self, condition: Callable[[], object], timeout: float = 180) -> None:
        """Wait until a condition holds while it runs."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.output}"
            assert time.monotonic() < deadline, f"it did not come:\n{self.output}"
            time.sleep(0.05)

    def says(self, text: str, timeout: float = 180) -> None:
        """Wait until it printed a text."""
        self.until(lambda: text in self.output, timeout)

    def end(self, timeout: float = 600) -> Ended:
        """Wait for its end."""
        self.process.wait(timeout)
        return Ended(self.process.returncode, self.output)


@contextmanager
def started(log: Path, *words: str | Path, **options: Any) -> Iterator[Started]:
    """Start a command; whatever happens, it is ended."""
    command = Started(log, *words, **options)
    try:
        yield command
    finally:
        if command.process.poll() is None:
            command.process.send_signal(signal.SIGTERM)
            try:
                command.process.wait(60)
            except subprocess.TimeoutExpired:
                command.process.kill()


def keepers() -> list[psutil.Process]:
    """Give the keepers that live."""
    return [p for p in psutil.process_iter(["cmdline"]) if "harness.cluster.keeper" in (p.info["cmdline"] or ())]


def ours() -> list[psutil.Process]:
    """Give every process that belongs to a cluster of this cache: keepers, servers, commands."""
    marks = (f"{cache_dir()}/runs/", "harness.cluster.keeper")
    found = []
    for process in psutil.process_iter():
        try:
            if any(mark in word for word in process.cmdline() for mark in marks):
                found.append(process)
        except psutil.Error:
            continue
    return found


def server(name: str) -> psutil.Process | None:
    """Give the process of a Java server, if it runs."""
    for process in ours():
        try:
            words = process.cmdline()  # empty between its end and its parent's wait
        except psutil.Error:
            continue
        if words and "java" in Path(words[0]).name and any(word.endswith(f"/{name}.java") for word in words):
            return process
    return None


def left() -> list[str]:
    """Give what clusters and reruns left: processes, run folders, control groups."""
    found = [f"folder {folder}" for folder in (cache_dir() / "runs").glob("*")]
    found += [f"control group {folder}" for folder in abandoned_groups()]
    for process in ours():
        with suppress(psutil.NoSuchProcess):  # it ended while it was looked at
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"process {process.pid} {' '.join(process.cmdline())[:120]}")
    return found


def containers_left() -> list[str]:
    """Give what projects of the harness left in the Docker Engine; nothing where there is no engine."""
    found = []
    for kind, words in (("container", ["ps", "--all"]), ("network", ["network", "ls"]), ("volume", ["volume", "ls"])):
        form = '{{.Label "com.docker.compose.project"}}'
        with suppress(OSError):
            listed = subprocess.run(["docker", *words, "--format", form], capture_output=True, text=True, check=False)
            found += [f"{kind} of {name}" for name in listed.stdout.split() if name.startswith("pipeline-harness-")]
    return found


def nothing_left(within: float) -> None:
    """Fail unless nothing is left after at most so many seconds."""
    deadline = time.monotonic() + within
    while found := left():
        assert time.monotonic() < deadline, "\n".join(found)
        time.sleep(0.1)


def copy_of_project(folder: Path) -> Path:
    """Give a copy of what an assignment's author may change: steps, jobs, app, settings."""
    copy = folder / "project"
    copy.mkdir()
    for name in SHARED_FILES:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, copy / name)
    return copy


def outcomes(record: Mapping[str, Any]) -> dict[str, str]:
    """Give each step's outcome."""
    return {step["id"]: step["outcome"] for step in record["steps"]}


def assert_all_holds(record: Mapping[str, Any], out: Path) -> None:
    """Fail unless every step passed, every invariant holds, and the report's files are there."""
    problems = [f"{s['id']} {s['outcome']}: {s['message']}" for s in record["steps"] if s["outcome"] != "passed"]
    problems += [f"{i['id']}: {i['expected']} ≠ {i['actual']}" for i in record["invariants"] if not i["holds"]]
    assert not problems, "\n".join(problems)
    assert tuple(outcomes(record)) == STEPS
    assert len(record["invariants"]) >= 13
    for name in (RECORD, *RENDERERS):
        assert (out / name).stat().st_size > 0


class ListenerWatch:
    """Looks at every listening socket of the clusters' processes while a run goes on, from the kernel's own tables."""

    LOOPBACK = ("0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000")

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.off_loopback: set[str] = set()

    def look(self) -> None:
        """Read /proc/PID/net/tcp and tcp6 of each of our processes, and keep the sockets that are its own."""
        for process in ours():
            try:
                inodes = {str(link.readlink()) for link in Path(f"/proc/{process.pid}/fd").iterdir()}
                for table in ("tcp", "tcp6"):
                    for line in Path(f"/proc/{process.pid}/net/{table}").read_text().splitlines()[1:]:
                        fields = line.split()
                        if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                            self._note(fields[1], process)
            except (OSError, psutil.Error):
                continue

    def _note(self, address: str, process: psutil.Process) -> None:
        self.seen.add(address)
        if address.split(":")[0] not in self.LOOPBACK:
            self.off_loopback.add(f"{address} {' '.join(process.cmdline())[-120:]}")
