"""A background command in a container: its client's exit code is found by any harness, and nothing of it stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from harness.cluster.compose import background
from harness.cluster.compose.background import ComposeBackground


def processes_of(job: str) -> list[tuple[psutil.Process, bool]]:
    """Give each process of a job, and whether it is the root."""
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # it ended while it was looked at
            if process.environ().get("HARNESS_JOB") == job and process.status() != psutil.STATUS_ZOMBIE:
                found[process.pid] = process, process.ppid()
    return [(process, parent not in found) for process, parent in found.values()]


def is_gone(job: str) -> bool:
    deadline = time.monotonic() + 5
    while (left := processes_of(job)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not left


class Container:
    """Signals jobs as a container's agent does, and notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, bool]] = []
        self.answers = True

    def signal(self, job: str, number: int, every: bool) -> None:
        self.asked.append((job, number, every))
        for process, is_root in processes_of(job) if self.answers else ():
            if is_root or every:
                with suppress(psutil.Error):
                    process.send_signal(number)


@pytest.fixture
def container() -> Container:
    return Container()


Start = Callable[..., ComposeBackground]


@pytest.fixture
def start(container: Container, tmp_path: Path) -> Iterator[Start]:
    """Start a job, as a `docker compose exec` would, and wait until it says so by the file `$READY`."""
    started: list[ComposeBackground] = []

    def starting(script: str, *, wait: bool = True) -> ComposeBackground:
        job = f"test-{uuid.uuid4()}"
        out, err, code, ready = (tmp_path / f"{job}.{name}" for name in ("out", "err", "exit", "ready"))
        for file in (out, err):
            file.touch()
        command = ComposeBackground(job, container.signal, "mids", script, f"docker {script}", out, err, code)
        started.append(command)
        command.start(["env", f"HARNESS_JOB={job}", f"READY={ready}", "sh", "-c", script], os.environ)
        while wait and not ready.exists():
            time.sleep(0.01)
        return command

    yield starting
    for command in started:
        with suppress(ProcessLookupError):
            os.killpg(command._pid, signal.SIGKILL)
        for process, _ in processes_of(command.job):
            process.kill()
    background.reap(5)


def again(command: ComposeBackground, container: Container) -> ComposeBackground:
    """Give the command as a later harness finds it."""
    return ComposeBackground.restore(container.signal, json.loads(json.dumps(command.state())))


STAYS = "touch $READY; while [ $((n += 1)) -lt 4999 ]; do sleep 0.02; done"


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 7", 7), ("exit 143", 143)])
def test_its_exit_code_is_that_of_the_command(start: Start, script: str, code: int) -> None:
    command = start(f"echo printed; echo warned >&2; {script}", wait=False)
    assert command.wait(10) == code
    shown = command.look()
    assert (shown.stdout, shown.stderr, shown.exit_code) == ("printed\n", "warned\n", code)
    assert (shown.service, shown.background, shown.typed) == ("mids", True, f"docker {shown.command}")


def test_while_it_runs_it_has_none(start: Start) -> None:
    command = start(STAYS)
    clock = time.monotonic()
    assert command.wait(0.15) is None
    assert 0.15 <= time.monotonic() - clock < 2
    assert command.look().exit_code is None


def test_it_does_not_take_what_is_typed_for_the_harness(start: Start) -> None:
    kept, (typed, keyboard) = os.dup(0), os.pipe()
    os.dup2(typed, 0)
    try:
        assert start("cat; exit 4", wait=False).wait(5) == 4
    finally:
        os.dup2(kept, 0)
        for each in (kept, typed, keyboard):
            os.close(each)


@pytest.mark.parametrize("restored", [False, True], ids=["here", "in another object"])
def test_a_client_that_is_killed_has_ended(start: Start, container: Container, restored: bool) -> None:
    command = start(STAYS)
    seen = again(command, container) if restored else command
    os.kill(command._pid, signal.SIGKILL)
    assert seen.wait(5) == 137
    shown = seen.stop()
    assert shown.exit_code == 137
    assert container.asked == [(command.job, signal.SIGKILL, True)]  # what goes on in the container
    assert is_gone(command.job)


def test_where_its_exit_code_cannot_be_written_it_has_ended_all_the_same(start: Start) -> None:
    assert start('mkdir "${READY%ready}exit.new"; exit 3', wait=False).wait(10) == 137


def test_stop_signals_the_root_and_gives_all_with_its_exit_code(start: Start, container: Container) -> None:
    command = start("trap 'echo bye; exit 3' TERM; echo one; " + STAYS)
    command.look(since_last=True)
    shown = command.stop()
    assert (shown.stdout, shown.exit_code) == ("one\nbye\n", 3)
    assert container.asked == [(command.job, signal.SIGTERM, False), (command.job, signal.SIGKILL, True)]


def test_stop_sends_the_signal_that_was_asked_for_to_all(start: Start, container: Container) -> None:
    command = start("trap 'exit 5' INT; (sleep 60) & " + STAYS)
    assert command.stop(signal.SIGINT, group=True).exit_code == 5
    assert container.asked[0] == (command.job, signal.SIGINT, True)
    assert is_gone(command.job)


def test_what_does_not_end_in_its_grace_is_killed(start: Start, container: Container) -> None:
    command = start("trap '' TERM; " + STAYS)
    clock = time.monotonic()
    assert command.stop(grace=0.15).exit_code == 137
    assert 0.15 <= time.monotonic() - clock < 3
    assert container.asked[:2] == [(command.job, signal.SIGTERM, False), (command.job, signal.SIGKILL, True)]


def test_what_a_command_left_in_its_own_background_goes_with_it(start: Start, container: Container) -> None:
    command = start("sleep 60 & exit 0", wait=False)
    assert command.wait(10) == 0
    assert processes_of(command.job)
    assert command.stop().exit_code == 0
    assert container.asked == [(command.job, signal.SIGKILL, True)]
    assert is_gone(command.job)


def test_where_the_container_does_not_answer_the_client_is_ended(
    start: Start, container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = start(STAYS)
    container.answers = False
    wait = command.wait
    monkeypatch.setattr(command, "wait", lambda timeout: wait(min(timeout, 0.2)))
    assert command.stop(grace=0.1).exit_code == 137
    assert not psutil.pid_exists(command._pid)
    assert is_gone(command.job)


def test_another_object_goes_on_where_the_first_looked_last(start: Start, container: Container, tmp_path: Path) -> None:
    command = start("echo one; touch $READY; while [ ! -e $READY.2 ]; do sleep 0.02; done; echo two; exit 6")
    assert command.look(since_last=True).stdout == "one\n"
    later = again(command, container)
    assert later.wait(0) is None
    (tmp_path / f"{command.job}.ready.2").touch()
    assert later.wait(10) == 6
    shown = later.look(since_last=True)
    assert (shown.stdout, shown.exit_code, shown.typed) == ("two\n", 6, command.typed)
    assert shown.started == command.look().started
    assert command.wait(0) == 6


def test_another_object_stops_it(start: Start, container: Container) -> None:
    command = start("trap 'exit 8' TERM; " + STAYS)
    assert again(command, container).stop().exit_code == 8
    assert again(again(command, container), container).wait(0) == 8


STARTER = """
import json, os, sys
from pathlib import Path
from harness.cluster.compose.background import ComposeBackground
folder, script = Path(sys.argv[1]), sys.argv[2]
files = [folder / name for name in ("out", "err")]
for file in files:
    file.touch()
command = ComposeBackground("job", lambda *_: None, "mids", script, script, *files, folder / "exit")
command.start(["sh", "-c", script], os.environ)
print(json.dumps(command.state()))
"""


def test_it_outlives_its_harness_and_a_later_one_gets_its_exit_code(container: Container, tmp_path: Path) -> None:
    script = f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; echo went on; exit 9"
    made = subprocess.run([sys.executable, "-c", STARTER, str(tmp_path), script], capture_output=True, check=True)
    command = ComposeBackground.restore(container.signal, json.loads(made.stdout))
    try:
        assert command.wait(0.1) is None
    finally:
        (tmp_path / "go").touch()
    assert command.wait(10) == 9
    assert command.look().stdout == "went on\n"


def test_clients_that_have_ended_are_forgotten_and_others_are_not_waited_for(start: Start) -> None:
    running, ended = start(STAYS), start("exit 0", wait=False)
    assert ended.wait(10) == 0
    clock = time.monotonic()
    background.reap(0)
    assert time.monotonic() - clock < 1
    assert [client.pid for client in background._clients] == [running._pid]
