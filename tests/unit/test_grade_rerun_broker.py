"""What strangers say to the broker, and the `docker-compose` of the sandbox that speaks with it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.cluster.compose.entered import NotRunning
from harness.grade.rerun import broker, guest
from harness.grade.rerun.broker import Broker, End, Exec, Refused

SERVICES = {"mids": "mids", "broker": "kafka"}
GOOD: Mapping[str, Any] = {
    "op": "exec", "service": "mids", "argv": ["true"], "env": {}, "folder": "/w205", "detached": False,
}  # fmt: skip


class Here:
    """Runs commands on this machine in place of a container, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Sequence[str], Mapping[str, str], str]] = []
        self.ended: list[str] = []
        self.running: list[Command] = []
        self.started = threading.Event()

    def start(
        self,
        service: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        folder: str,
        streams: tuple[int, int, int] | None,
    ) -> Command:
        self.asked.append((service, list(argv), dict(environment), folder))
        if argv[0] == "gone":
            raise NotRunning
        stdin, stdout, stderr = streams or (subprocess.DEVNULL,) * 3
        words = list(argv) if streams else ["true"]  # the client of a detached command ends at once
        process = subprocess.Popen(words, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True)
        self.running.append(Command(process))
        self.started.set()
        return self.running[-1]

    def end(self, service: str) -> None:
        self.ended.append(service)


class Command:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.ended = threading.Event()

    def signal(self, number: int) -> None:
        os.killpg(self.process.pid, number)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.ended.set()


@pytest.fixture
def here() -> Here:
    return Here()


@pytest.fixture
def file(tmp_path: Path, here: Here) -> Iterator[Path]:
    """The socket of a broker."""
    made = Broker(tmp_path / "s", SERVICES, here)
    yield tmp_path / "s"
    made.close()


Ask = Callable[..., Mapping[str, Any]]


@pytest.fixture
def ask(file: Path) -> Ask:
    """Send a message with descriptors, and give the answer."""

    def asking(data: bytes, descriptors: Sequence[int] = ()) -> Mapping[str, Any]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
            wire.settimeout(20)
            wire.connect(str(file))
            socket.send_fds(wire, [data], list(descriptors))
            return dict(json.loads(wire.recv(65536) or b"{}"))

    return asking


def said(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


# Messages


def test_a_message_that_makes_sense_is_read() -> None:
    assert broker.parse(said(env={"A": "b", "BASH_FUNC___round%%": "() { :; }"}), SERVICES) == Exec(
        "mids", ["true"], {"A": "b", "BASH_FUNC___round%%": "() { :; }"}, "/w205", False
    )
    assert broker.parse(b'{"op": "end", "services": ["mids", "broker"]}', SERVICES) == End(["mids", "broker"])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff\xfe", "no JSON"),
        (b"{", "no JSON"),
        (b"[" * 50_000, "no JSON"),
        (b"[]", "no object"),
        (b"{}", "no such operation"),
        (b'{"op": ["exec"]}', "no such operation"),
        (said(op="build"), "no such operation"),
        (said(op="run"), "no such operation"),
        (said(service="w205-asker"), "no such service"),
        (said(service="kafka"), "no such service"),  # the harness' own name for it
        (said(service="../mids"), "no such service"),
        (said(service=["mids"]), "no such service"),
        (said(service=None), "no such service"),
        (said(argv="rm -rf /"), "argv are no texts"),
        (said(argv=[]), "no command"),
        (said(argv=[""]), "no command"),
        (said(argv=[1]), "argv are no texts"),
        (said(argv=["a\0b"]), "argv are no texts"),
        (said(env=[]), "env is no object"),
        (said(env={"A": 1}), "env are no texts"),
        (said(env={"A": "\0"}), "env are no texts"),
        (said(env={"A=B": "c"}), "no variable"),
        (said(env={"": "c"}), "no variable"),
        (said(env={"-e": "c"}), "no variable"),
        (said(env={"A B": "c"}), "no variable"),
        (said(env={"A\n": "c"}), "no variable"),
        (said(env={"HARNESS_JOB": "kafka"}), "no variable"),
        (said(folder="w205"), "no folder"),
        (said(folder=None), "no folder"),
        (said(folder="/a\0"), "no folder"),
        (said(detached="yes"), "detached is no truth value"),
        (b'{"op": "end"}', "services are no texts"),
        (b'{"op": "end", "services": "mids"}', "services are no texts"),
        (b'{"op": "end", "services": ["w205-asker"]}', "no such service"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_message_that_makes_none_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        broker.parse(data, SERVICES)


def test_what_is_refused_starts_nothing_and_the_next_is_served(ask: Ask, here: Here) -> None:
    assert ask(b"nonsense") == {"error": "harness: refused: no JSON", "code": 1}
    assert ask(said()) == {"error": "harness: refused: three descriptors are wanted", "code": 1}
    assert ask(said(argv=["a" * broker.LARGEST]))["error"] == "harness: refused: the message is too long"
    with Path(os.devnull).open("r+b") as null:
        assert "too long" in ask(said(), [null.fileno()] * 4)["error"]  # more descriptors than are taken
        assert here.asked == []
        assert ask(said(argv=["sh", "-c", "exit 7"]), [null.fileno()] * 3) == {"code": 7}
        assert ask(said(argv=["gone"]), [null.fileno()] * 3)["error"] == "ERROR: No container found for mids_1"
        assert ask(said(detached=True)) == {"code": 0}
    assert ask(b'{"op": "end", "services": ["broker"]}') == {"code": 0}
    assert here.ended == ["kafka"]


def test_no_descriptor_of_a_message_stays_open(ask: Ask) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with Path(os.devnull).open("r+b") as null:
        for data in (b"nonsense", said(), said(argv=["gone"])):
            for count in (1, 3, 4):
                ask(data, [null.fileno()] * count)
    until = time.monotonic() + 20
    while len(list(Path("/proc/self/fd").iterdir())) > before:  # an answer comes just before the end of its connection
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("word", [b"", b"nonsense", b'{"signal": 9}', b'{"signal": "2"}', b'{"op": "exec"}'])
def test_a_command_ends_with_the_one_who_asked_or_with_nonsense(file: Path, here: Here, word: bytes) -> None:
    wire = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with Path(os.devnull).open("r+b") as null:
        wire.connect(str(file))
        socket.send_fds(wire, [said(argv=["sleep", "600"])], [null.fileno()] * 3)
        assert here.started.wait(20)
    if word:
        wire.send(word)
        assert here.running[0].ended.wait(20)
        wire.close()
    else:
        wire.close()
        assert here.running[0].ended.wait(20)


def test_more_commands_than_there_may_be_at_once_are_told_so(
    tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "MOST", 1)
    made = Broker(tmp_path / "s", SERVICES, here)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as first, Path(os.devnull).open("r+b") as null:
            first.connect(str(tmp_path / "s"))
            socket.send_fds(first, [said(argv=["sleep", "600"])], [null.fileno()] * 3)
            assert here.started.wait(20)
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as second:
                second.connect(str(tmp_path / "s"))
                assert json.loads(second.recv(1000))["error"] == "harness: more than 1 commands at once"
    finally:
        made.close()
    assert here.running[0].ended.is_set()


# The other side


@pytest.fixture
def shim(tmp_path: Path, file: Path) -> Sequence[str]:
    """The command line of `docker-compose`, with this broker."""
    shutil.copytree(Path(guest.__file__).parent / "compose_shim", tmp_path / "compose_shim")
    rooms = {"mids": {"folder": "/w205", "names": ["tools"]}, "broker": {"folder": "/"}}
    told = {"rooms": rooms, "lacking": {"db": "not one of the course's"}, "project": "p", "ended": str(tmp_path / "e")}
    (tmp_path / "rooms.json").write_text(json.dumps({**told, "broker": str(file)}))
    return [sys.executable, "-I", "-S", str(tmp_path / "compose_shim"), "docker-compose"]


def compose(shim: Sequence[str], *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([*shim, *words], input=given, capture_output=True, text=True, timeout=30, check=False)


def test_a_command_has_the_terminals_streams_its_variables_and_its_folder(shim: Sequence[str], here: Here) -> None:
    words = ("exec", "-T", "-e", "A=b c", "-w", "jobs", "mids", "sh", "-c", "cat; echo no >&2; exit 3")
    done = compose(shim, *words, given="given\n")
    assert (done.stdout, done.stderr, done.returncode) == ("given\n", "no\n", 3)
    assert here.asked == [("mids", ["sh", "-c", "cat; echo no >&2; exit 3"], {"A": "b c"}, "/w205/jobs")]
    assert compose(shim, "exec", "p_broker_1", "true").returncode == 0
    assert here.asked[-1][0] == "kafka"
    assert "not one of the course's" in compose(shim, "exec", "db", "true").stderr


def test_detached_commands_come_back_at_once_and_down_ends_all(shim: Sequence[str], here: Here) -> None:
    assert compose(shim, "exec", "-d", "tools", "sleep", "600").returncode == 0
    assert compose(shim, "down").returncode == 0
    assert here.ended == ["mids", "kafka"]
    assert "No container found for mids_1" in compose(shim, "exec", "mids", "true").stderr


def test_ctrl_c_reaches_the_command_and_its_exit_code_comes_back(shim: Sequence[str], here: Here) -> None:
    script = "trap 'exit 5' INT; echo ready; while [ $((n += 1)) -lt 999 ]; do sleep 0.1; done"
    with subprocess.Popen([*shim, "exec", "mids", "bash", "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 5


def test_files_are_copied_both_ways(shim: Sequence[str], tmp_path: Path) -> None:
    docker = [*shim[:-1], "docker"]
    (tmp_path / "there").mkdir()
    (tmp_path / "a.txt").write_text("a")
    assert compose(docker, "cp", str(tmp_path / "a.txt"), f"mids:{tmp_path}/there/b.txt").returncode == 0
    assert (tmp_path / "there" / "b.txt").read_text() == "a"
    assert compose(docker, "cp", f"mids:{tmp_path}/there", f"{tmp_path}/back").returncode == 0
    assert (tmp_path / "back" / "b.txt").read_text() == "a"
