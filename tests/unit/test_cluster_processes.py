"""A process ends with a code that says how, and everything that it started ends with it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.cluster.processes import Process, memory_below, peak_rss

ENVIRONMENT = {"PATH": os.environ["PATH"]}


class Child:
    """A process whose output is read here. Its pipe ends when nobody who could write to it lives."""

    def __init__(self, command: tuple[str, ...], cwd: Path) -> None:
        self._reading, writing = os.pipe()
        self._read = b""
        self.process = Process(command, cwd=cwd, environment=ENVIRONMENT, stdout=writing, stderr=writing)
        os.close(writing)

    def line(self) -> str:
        """Wait for a line."""
        while b"\n" not in self._read and self._more():
            continue
        line, _, self._read = self._read.partition(b"\n")
        return line.decode()

    def rest(self) -> str:
        """Wait until none is left that could write. Gives what was written."""
        while self._more():
            continue
        return self._read.decode()

    def close(self) -> None:
        """Read no more."""
        os.close(self._reading)

    def _more(self) -> bool:
        ready, _, _ = select.select([self._reading], [], [], 10)
        assert ready, "nothing is written, and somebody still could"
        block = os.read(self._reading, 1000)
        self._read += block
        return block != b""


Start = Callable[..., Child]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a shell script, or a command with its words."""
    children: list[Child] = []

    def started(*command: str) -> Child:
        children.append(Child(command if len(command) > 1 else ("/bin/sh", "-c", *command), tmp_path))
        return children[-1]

    yield started
    for child in children:
        child.process.stop(0)
        child.close()


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_the_exit_code_is_the_processs_own(start: Start, code: int) -> None:
    process = start(f"exit {code}").process
    assert process.wait(10)
    assert process.exit_code == code
    assert process.ended is not None
    assert process.ended >= process.started


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_a_death_by_signal_is_128_and_its_number(start: Start, number: int) -> None:
    process = start("sleep", "600").process
    process.send_signal(number)
    assert process.wait(10)
    assert process.exit_code == 128 + number


def test_while_it_runs_there_is_no_exit_code(start: Start) -> None:
    process = start("sleep", "600").process
    assert not process.wait(0)
    assert process.exit_code is None
    assert process.ended is None


def test_it_runs_where_and_with_what_it_was_told_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "x")
    out = tmp_path / "out"
    with out.open("wb") as file:
        process = Process(
            ("/bin/sh", "-c", 'pwd; echo "$WORD ${SECRET-none}"; cat'),
            cwd=tmp_path,
            environment={**ENVIRONMENT, "WORD": "a b"},
            stdout=file,
            stderr=file,
        )
        assert process.wait(10)
    assert out.read_text().splitlines() == [str(tmp_path), "a b none"]


def test_a_program_that_is_not_there_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Process(("no-such-program",), cwd=tmp_path, environment=ENVIRONMENT, stdout=1, stderr=1)


def test_stop_lets_a_process_end_by_itself(start: Start) -> None:
    child = start("trap 'echo bye; exit 3' TERM; echo up; sleep 600 & wait")
    assert child.line() == "up"
    child.process.stop(10)
    assert child.line() == "bye"
    assert child.process.exit_code == 3
    assert child.process.expected_to_end


def test_stop_kills_a_process_that_does_not_care(start: Start) -> None:
    child = start("trap '' TERM; echo up; while [ $((n += 1)) -lt 9999 ]; do sleep 0.01; done")
    assert child.line() == "up"
    child.process.stop(0.1)
    assert child.process.exit_code == 128 + signal.SIGKILL


def test_stop_begins_with_the_signal_that_is_asked_for(start: Start) -> None:
    child = start("trap 'exit 5' INT; trap 'exit 6' TERM; echo up; while [ $((n += 1)) -lt 9999 ]; do sleep 0.01; done")
    assert child.line() == "up"
    child.process.stop(10, signal.SIGINT)
    assert child.process.exit_code == 5


def test_the_whole_group_ends_with_it(start: Start) -> None:
    child = start("trap '' HUP; (trap '' TERM HUP; exec sleep 600) & echo up; exec sleep 600")
    assert child.line() == "up"
    child.process.stop(10)
    assert child.rest() == ""


def test_the_group_of_a_process_that_has_ended_ends_too(start: Start) -> None:
    child = start("sleep 600 & echo up; exit 0")
    assert child.line() == "up"
    assert child.process.wait(10)
    child.process.stop(10)
    assert child.rest() == ""
    assert child.process.exit_code == 0


def test_a_signal_reaches_the_process_alone_or_its_group(start: Start) -> None:
    script = """
        exec 2>/dev/null
        trap 'echo parent' USR1
        (trap 'echo child' USR1; echo up; while [ $((n += 1)) -lt 9999 ]; do sleep 0.01; done) &
        while [ $((n += 1)) -lt 9999 ]; do sleep 0.01; done
    """
    child = start(script)
    assert child.line() == "up"
    child.process.send_signal(signal.SIGUSR1)
    assert child.line() == "parent"
    child.process.send_signal(signal.SIGUSR1, group=True)
    assert {child.line(), child.line()} == {"parent", "child"}
    child.process.stop(0)
    assert child.rest() == ""


def test_a_signal_to_a_process_that_is_gone_is_no_error(start: Start) -> None:
    process = start("exit 0").process
    assert process.wait(10)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM, group=True)
    process.stop(10)
    assert process.exit_code == 0


def test_stop_may_come_twice(start: Start) -> None:
    process = start("sleep", "600").process
    process.stop(10)
    process.stop(10)
    assert process.exit_code == 128 + signal.SIGTERM


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")
def test_nothing_that_slipped_out_of_its_group_survives_a_keeper() -> None:
    keeper = """
import subprocess, sys
from harness.cluster.processes import become_subreaper, kill_descendants
become_subreaper()
# A child in a session of its own, whose parent is gone: only the subreaper still has it.
subprocess.run(["sh", "-c", "setsid sh -c 'echo up; exec sleep 600' &"])
sys.stdin.readline()
print("left:", kill_descendants())
"""
    command = [sys.executable, "-uc", keeper]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        rest, _ = process.communicate("\n", timeout=10)  # its end is that of all who could write
    assert rest == "left: []\n"


def test_the_memory_of_a_process_is_measured_while_it_lives(start: Start) -> None:
    assert peak_rss(os.getpid()) > 1_000_000
    child = start("echo up; exec sleep 600")
    child.line()
    assert memory_below(os.getpid()) > 0
    child.process.stop(10)
    assert peak_rss(child.process.pid) == 0
    assert memory_below(child.process.pid) == 0
