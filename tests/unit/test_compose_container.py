"""Inside a container: the first process that starts and ends servers, and the agent that answers the harness."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from harness.cluster.compose import agents
from harness.cluster.compose.agents import Agent, AgentGone

CONTAINER = Path(agents.__file__).parent / "container"
STAYS = "while [ $((n += 1)) -lt 1999 ]; do sleep 0.05; done"
"""A script that goes on, but not for ever."""

LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux, as the containers have it")


def load(name: str) -> ModuleType:
    """Load a file that is copied into the images."""
    spec = importlib.util.spec_from_file_location(f"container_{name}", CONTAINER / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


entry = load("entry")


def eventually(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 10
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(found)


# The environment of the course's images


def test_kafkas_environment_becomes_its_properties() -> None:
    environment = {
        "KAFKA_BROKER_ID": "1",
        "KAFKA_ZOOKEEPER_CONNECT": "zookeeper:32181",
        "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://kafka:29092",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_LOG_DIRS": "/data=a b",
        "KAFKA_WITH__UNDERSCORE": "u",
        "KAFKA_WITH___DASH_DOT": "d",
        "KAFKA_EMPTY": "",
        "KAFKA_BOOTSTRAP_SERVERS": "kafka:29092",
        "KAFKAESQUE": "x",
        "MY_KAFKA_PORT": "x",
        "ZOOKEEPER_CLIENT_PORT": "32181",
        "kafka_lower": "x",
        "PATH": "/bin",
    }
    assert entry.from_environment("kafka", environment) == {
        "broker.id": "1",
        "zookeeper.connect": "zookeeper:32181",
        "advertised.listeners": "PLAINTEXT://kafka:29092",
        "listeners": "PLAINTEXT://0.0.0.0:29092",
        "offsets.topic.replication.factor": "1",
        "log.dirs": "/data=a b",
        "with_underscore": "u",
        "with-dash.dot": "d",
    }


def test_zookeepers_environment_becomes_its_properties() -> None:
    environment = {"ZOOKEEPER_CLIENT_PORT": "32181", "ZOOKEEPER_TICK_TIME": "2000", "KAFKA_BROKER_ID": "1"}
    assert entry.from_environment("zookeeper", environment) == {"clientPort": "32181", "tickTime": "2000"}


@pytest.mark.parametrize(
    ("advertised", "listeners"),
    [
        ("PLAINTEXT://kafka:29092", "PLAINTEXT://0.0.0.0:29092"),
        ("IN://kafka:29092,OUT://localhost:9092", "IN://0.0.0.0:29092,OUT://0.0.0.0:9092"),
        ("PLAINTEXT://:9092", "PLAINTEXT://0.0.0.0:9092"),
    ],
)
def test_a_broker_listens_on_all_interfaces_for_what_it_advertises(advertised: str, listeners: str) -> None:
    assert entry.from_environment("kafka", {"KAFKA_ADVERTISED_LISTENERS": advertised})["listeners"] == listeners


def test_listeners_that_are_given_stay() -> None:
    given = {"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://kafka:29092", "KAFKA_LISTENERS": "PLAINTEXT://10.0.0.1:1"}
    assert entry.from_environment("kafka", given)["listeners"] == "PLAINTEXT://10.0.0.1:1"
    assert entry.from_environment("kafka", {"KAFKA_BROKER_ID": "1"}) == {"broker.id": "1"}


def test_properties_are_changed_and_added_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "kafka.properties"
    file.write_text("# ours=no\nbroker.id=0\nlog.dirs=/a=b\n\nlisteners=X://y:1\n")
    for _ in range(2):
        entry.write_properties(file, {"broker.id": "7", "new.one": "c=d"})
        assert file.read_text() == "broker.id=7\nlog.dirs=/a=b\nlisteners=X://y:1\nnew.one=c=d\n"


# The servers of a service


RUNNER = f"""
import sys, ctypes
from pathlib import Path
sys.path.insert(0, {str(CONTAINER)!r})
import entry
entry.HOME = Path(sys.argv[1])
entry.GRACE = entry.LAST_WORDS = 0.1
if sys.argv[2] == "first":  # orphans come to it, as to a container's first process
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
sys.exit(entry.main(sys.argv[3:]))
"""


class Service:
    """A service whose servers are small shell scripts."""

    def __init__(self, home: Path) -> None:
        self.home = home
        for name in ("conf", "data"):
            (home / name).mkdir()
        self.process: subprocess.Popen[str] | None = None

    def start(
        self,
        servers: Mapping[str, str],
        *words: str,
        service: str = "cloudera",
        once: Mapping[str, str] | None = None,
        first: bool = False,
        **environment: str,
    ) -> subprocess.Popen[str]:
        described = [
            {
                "name": name,
                "service": service,
                "command": ["sh", "-c", script],
                "once": ["sh", "-c", once[name]] if once and name in once else None,
                "cwd": str(self.home),
            }
            for name, script in servers.items()
        ]
        described.append({"name": "other", "service": "elsewhere", "command": ["false"], "once": None, "cwd": "/"})
        (self.home / "conf" / "servers.json").write_text(json.dumps({"servers": described}))
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUNNER, str(self.home), "first" if first else "", *words],
            env={**os.environ, "W205_SERVICE": service, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return self.process

    def ends(self) -> tuple[int, list[str]]:
        """Give its exit code and what it printed."""
        assert self.process
        printed, _ = self.process.communicate(timeout=10)
        return self.process.returncode, printed.splitlines()

    def has(self, *names: str) -> bool:
        return eventually(lambda: all((self.home / name).exists() for name in names))


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal, as the kernel says."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt:")).split()[1], 16)
    return bool(caught >> (number - 1) & 1)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    yield made
    if made.process:
        with suppress(ProcessLookupError):
            os.killpg(made.process.pid, signal.SIGKILL)
        made.process.communicate()


@pytest.mark.parametrize(("script", "code", "said"), [("exit 0", 0, 0), ("exit 7", 7, 7), ("kill -9 $$", 137, -9)])
def test_a_service_ends_as_its_server_ends(service: Service, script: str, code: int, said: int) -> None:
    service.start({"kafka": f"echo words; {script}"})
    assert service.ends() == (code, ["words", f"kafka ended with exit code {said}"])


def test_the_first_end_counts_and_the_others_are_ended(service: Service) -> None:
    service.start(
        {
            "namenode": f"trap 'echo bye; exit 3' TERM; touch ready; {STAYS}",
            "datanode": "while [ ! -e ready ]; do sleep 0.02; done; echo gone; exit 5",
        }
    )
    code, printed = service.ends()
    assert code == 5
    assert sorted(printed) == ["datanode ended with exit code 5", "datanode | gone", "namenode | bye"]


def test_a_server_that_stays_after_anothers_end_is_killed(service: Service) -> None:
    service.start(
        {
            "namenode": "trap '' TERM; touch ready; sleep 30; sleep 30",
            "datanode": "while [ ! -e ready ]; do sleep 0.02; done; exit 5",
        }
    )
    clock = time.monotonic()
    assert service.process
    assert service.process.wait(10) == 5
    assert time.monotonic() - clock < 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_every_server_and_none_is_forgotten(service: Service, number: signal.Signals) -> None:
    script = f"trap 'echo got it; exit 4' TERM; touch {{}}; {STAYS}"
    process = service.start({name: script.format(name) for name in ("a", "b", "c")})
    assert service.has("a", "b", "c")
    process.send_signal(number)
    code, printed = service.ends()
    assert code == 4
    assert [line for line in sorted(printed) if "|" in line] == ["a | got it", "b | got it", "c | got it"]
    assert len([line for line in printed if re.fullmatch("[abc] ended with exit code 4", line)]) == 1


def test_a_server_that_does_not_handle_the_signal_ends_by_it(service: Service) -> None:
    process = service.start({"kafka": "touch ready; exec sleep 30"})
    assert service.has("ready")
    process.terminate()
    assert service.ends() == (143, ["kafka ended with exit code -15"])


def test_a_signal_before_the_servers_start_starts_none(service: Service) -> None:
    process = service.start(
        {"a": "touch started", "b": "touch started"}, once={"a": "touch preparing; sleep 0.15", "b": "touch started"}
    )
    assert service.has("preparing")
    process.terminate()
    assert service.ends() == (143, [])
    assert not (service.home / "started").exists()


def test_lines_of_several_servers_have_their_names_and_the_last_ones_are_not_lost(service: Service) -> None:
    many = "for n in 1 2 3 4 5 6 7 8 9; do echo $n; echo $n >&2; done; "
    service.start({"a": many + "printf last; exit 1", "b": f"trap 'exit 0' TERM; {STAYS}"})
    code, printed = service.ends()
    assert code == 1
    assert [line for line in printed if line.startswith("a | ")] == [
        *(f"a | {n}" for n in range(1, 10) for _ in (1, 2)),
        "a | last",
    ]
    assert "a ended with exit code 1" in printed


def test_what_a_server_needs_once_is_done_once_before_it(service: Service) -> None:
    lines: list[str] = []
    for _ in range(2):
        service.start({"namenode": "echo serving $HARNESS_JOB"}, once={"namenode": "echo format $HARNESS_JOB"})
        code, printed = service.ends()
        assert code == 0
        lines += printed
    assert lines == [
        "format namenode",
        "serving namenode",
        "namenode ended with exit code 0",
        "serving namenode",
        "namenode ended with exit code 0",
    ]


def test_what_is_needed_once_and_failed_is_tried_again(service: Service) -> None:
    for _ in range(2):
        service.start({"namenode": "echo serving"}, once={"namenode": "echo format; exit 1"})
        code, printed = service.ends()
        assert code == 1
        assert "format" in printed
        assert "serving" not in printed


@LINUX
def test_an_orphans_end_is_not_taken_for_a_servers(service: Service) -> None:
    service.start(
        {"kafka": "(sh -c 'sleep 0.03; exit 9' &) ; sleep 0.15; echo still here; exit 2"},
        first=True,
    )
    assert service.ends() == (2, ["still here", "kafka ended with exit code 2"])


def test_kafka_is_started_with_the_properties_of_the_environment(service: Service) -> None:
    (service.home / "conf" / "kafka.properties").write_text("broker.id=0\nlog.dirs=/d\n")
    service.start({"kafka": "cat conf/kafka.properties"}, service="kafka", KAFKA_BROKER_ID="5")
    code, printed = service.ends()
    assert code == 0
    assert printed == ["broker.id=5", "log.dirs=/d", "kafka ended with exit code 0"]


def test_a_service_without_servers_becomes_the_command_that_it_was_given(service: Service) -> None:
    service.start({}, "sh", "-c", 'echo "$0" "$@"; exit 6', "a b", "c", service="mids")
    assert service.ends() == (6, ["a b c"])


def test_a_service_without_servers_and_command_waits_and_ends_well(service: Service) -> None:
    process = service.start({}, service="spark")
    assert eventually(lambda: catches(process.pid, signal.SIGTERM))
    assert process.poll() is None
    process.terminate()
    assert service.ends() == (0, [])


# The agent


PROBES = '''
"""Stands in for the real probes: a server is well when its file is there."""
import os, pathlib, time


class NotReady(Exception):
    pass


class Probe:
    def __init__(self, name, ports, broker):
        self.name, self.ports, self.broker = name, ports, broker
        self.question = f"is there {name}?"

    def ask(self):
        folder = pathlib.Path(os.environ["PROBES_FOLDER"])
        with (folder / f"{self.name}.asked").open("a") as asked:
            asked.write("asked\\n")
        if self.name == "wild":
            raise RuntimeError("of no kind")
        if not (folder / self.name).exists():
            raise NotReady("not there")
        return f"zookeeper {self.ports['zookeeper']}, broker {self.broker}"


def for_server(name, ports, broker):
    if name == "unknown":
        raise KeyError(name)
    return Probe(name, ports, broker)


def of_added(port, ready, environment):
    return Probe("added", port, ready)
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the stand-in for the probes, and the settings that an image has."""
    (tmp_path / "probes.py").write_text(PROBES)
    (tmp_path / "servers.json").write_text(
        json.dumps({"ports": {"zookeeper": 32181, "store": 7}, "broker": "kafka:29092", "added": {"store": "/up"}})
    )
    monkeypatch.setenv("PROBES_FOLDER", str(tmp_path))
    for name in ("ZOOKEEPER_CLIENT_PORT", "KAFKA_ADVERTISED_LISTENERS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def agent(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(folder))
    sys.modules.pop("probes", None)
    module = load("agent")
    module.SETTINGS = folder / "servers.json"  # type: ignore[attr-defined]
    yield module
    sys.modules.pop("probes", None)


def test_a_server_is_asked_until_it_is_well(agent: ModuleType, folder: Path) -> None:
    def later() -> None:
        assert eventually(lambda: (folder / "kafka.asked").exists())
        (folder / "kafka").touch()

    threading.Thread(target=later).start()
    found = agent.ready({"server": "kafka", "timeout": 10})
    assert found == {"well": True, "answer": "zookeeper 32181, broker kafka:29092", "question": "is there kafka?"}
    assert len((folder / "kafka.asked").read_text().splitlines()) >= 2


@pytest.mark.parametrize(("server", "answer"), [("kafka", "not there"), ("wild", "RuntimeError: of no kind")])
def test_when_time_is_up_what_was_seen_last_is_told(agent: ModuleType, folder: Path, server: str, answer: str) -> None:
    clock = time.monotonic()
    found = agent.ready({"server": server, "timeout": 0.15})
    assert found == {"well": False, "answer": answer, "question": f"is there {server}?"}
    assert 0.15 <= time.monotonic() - clock < 5
    assert len((folder / f"{server}.asked").read_text().splitlines()) >= 2


def test_without_time_a_server_is_asked_once(agent: ModuleType, folder: Path) -> None:
    (folder / "kafka").touch()
    assert agent.ready({"server": "kafka", "timeout": 0})["well"] is True
    assert (folder / "kafka.asked").read_text() == "asked\n"


def test_servers_are_asked_where_the_containers_environment_puts_them(
    agent: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOKEEPER_CLIENT_PORT", "2181")
    monkeypatch.setenv("KAFKA_ADVERTISED_LISTENERS", "IN://broker:9092,OUT://localhost:19092")
    probe = agent.probe_of("kafka")
    assert (probe.ports["zookeeper"], probe.broker) == (2181, "broker:9092")
    added = agent.probe_of("store")
    assert (added.ports, added.broker) == (7, "/up")


Start = Callable[..., tuple[subprocess.Popen[bytes], str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a job as a container would; wait until its script has made the file `$READY`."""
    running: list[subprocess.Popen[bytes]] = []

    def starting(script: str, job: str | None = None) -> tuple[subprocess.Popen[bytes], str]:
        job = job or f"test-{uuid.uuid4()}"
        file = tmp_path / f"{job}.ready"
        environment = {**os.environ, "HARNESS_JOB": job, "READY": str(file)}
        running.append(subprocess.Popen(["sh", "-c", script], env=environment, start_new_session=True))
        assert eventually(file.exists)
        return running[-1], job

    yield starting
    for process in running:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@LINUX
def test_the_root_process_of_each_job_is_found_with_its_memory(agent: ModuleType, start: Start) -> None:
    one, first = start("sleep 60 & sleep 60 & touch $READY; wait")
    two, second = start("touch $READY; exec sleep 60")
    found = agent.jobs({})
    assert {first, second} <= set(found["jobs"])  # jobs of other tests may still be ending
    assert found["jobs"][first]["pid"] == one.pid
    assert found["jobs"][second]["pid"] == two.pid
    assert 50_000 < found["jobs"][first]["peak_rss"] < 1 << 30
    assert 50_000 < found["pss"] < 1 << 40


@LINUX
def test_a_job_within_a_job_has_a_root_of_its_own(agent: ModuleType, start: Start) -> None:
    inner = f"inner-{uuid.uuid4()}"
    process, job = start(f"HARNESS_JOB={inner} sleep 60 & echo $! >$READY.new; mv $READY.new $READY; wait")
    assert eventually(lambda: inner in agent.jobs({})["jobs"])
    found = agent.jobs({})["jobs"]
    assert found[job]["pid"] == process.pid
    assert found[inner]["pid"] != process.pid
    assert agent.send_signal({"job": inner, "signal": 9, "all": True}) == {"sent": 1}
    assert process.wait(5) == 0


@LINUX
def test_a_job_whose_root_has_ended_goes_on_with_what_it_left(agent: ModuleType, start: Start) -> None:
    process, job = start("sleep 60 & echo $! >$READY.new; mv $READY.new $READY")
    process.wait(5)
    found = agent.jobs({})["jobs"]
    assert found[job]["pid"] != process.pid
    assert agent.send_signal({"job": job, "signal": int(signal.SIGKILL), "all": False}) == {"sent": 1}
    assert eventually(lambda: job not in agent.jobs({})["jobs"])


@LINUX
def test_an_ended_process_that_nobody_has_waited_for_is_no_job(agent: ModuleType, start: Start) -> None:
    process, job = start("touch $READY; exec sleep 60")
    os.kill(process.pid, signal.SIGKILL)
    assert eventually(lambda: job not in agent.jobs({})["jobs"])
    assert agent.send_signal({"job": job, "signal": 15, "all": True}) == {"sent": 0}


@LINUX
def test_a_signal_reaches_the_root_alone_or_all(agent: ModuleType, start: Start, tmp_path: Path) -> None:
    notes = "trap 'echo >>$READY.{0}' USR1; touch ${{READY}}{1}; while [ $((n += 1)) -lt 4999 ]; do sleep 0.02; done"
    process, job = start(
        f"({notes.format('child', '')}) & while [ ! -e $READY ]; do :; done; {notes.format('root', '2')}"
    )
    ready = f"{job}.ready"
    assert eventually((tmp_path / f"{ready}2").exists)
    assert agent.send_signal({"job": job, "signal": int(signal.SIGUSR1), "all": False}) == {"sent": 1}
    assert eventually((tmp_path / f"{ready}.root").exists)
    time.sleep(0.1)
    assert not (tmp_path / f"{ready}.child").exists()
    assert agent.send_signal({"job": job, "signal": int(signal.SIGSTOP), "all": True})["sent"] >= 2
    assert agent.send_signal({"job": job, "signal": int(signal.SIGKILL), "all": True})["sent"] >= 2
    assert process.wait(5) == -9
    assert eventually(lambda: job not in agent.jobs({})["jobs"])


@LINUX
def test_a_signal_reaches_no_other_job(agent: ModuleType, start: Start) -> None:
    _, job = start("touch $READY; exec sleep 60")
    for other in (job[:-1], f"{job}x", "", "nothing"):
        assert agent.send_signal({"job": other, "signal": 0, "all": True}) == {"sent": 0}  # 0: just counts
    assert agent.send_signal({"job": job, "signal": 0, "all": True}) == {"sent": 1}


# Questions and answers, line by line


SERVE = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(CONTAINER)!r})
import agent
agent.SETTINGS = Path(sys.argv.pop(1))
sys.exit(agent.main())
"""


def agent_words(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-c", SERVE, str(folder / "servers.json"), *arguments]


class Served:
    """An agent at the end of two pipes."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            agent_words(folder),
            env={**os.environ, "PYTHONPATH": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def send(self, *lines: bytes | Mapping[str, object]) -> None:
        assert self.process.stdin
        for line in lines:
            self.process.stdin.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    made = Served(folder)
    yield made
    made.process.kill()
    for pipe in (made.process.stdin, made.process.stdout):
        assert pipe
        pipe.close()
    made.process.wait()


def test_each_question_is_answered_with_its_number_and_a_quick_one_before_a_slow_one(
    served: Served, folder: Path
) -> None:
    served.send({"id": 1, "op": "ready", "server": "kafka", "timeout": 20}, {"id": "two", "op": "jobs"})
    quick = served.answer()
    assert quick["id"] == "two"
    assert set(quick) == {"id", "jobs", "pss"}
    (folder / "kafka").touch()
    slow = served.answer()
    assert (slow["id"], slow["well"], slow["question"]) == (1, True, "is there kafka?")


def test_many_answers_at_once_are_each_a_line(served: Served) -> None:
    numbers = list(range(20))
    served.send(*({"id": number, "op": "signal", "job": "no such", "signal": 9, "all": True} for number in numbers))
    answers = [served.answer() for _ in numbers]
    assert sorted(answer["id"] for answer in answers) == numbers
    assert all(answer["sent"] == 0 for answer in answers)


UNANSWERABLE: list[tuple[dict[str, object], str]] = [
    ({"op": "explode"}, "KeyError: 'explode'"),
    ({}, "KeyError: 'op'"),
    ({"op": "ready", "server": "unknown", "timeout": 0}, "KeyError: 'unknown'"),
    ({"op": "ready", "server": "kafka"}, "KeyError: 'timeout'"),
    ({"op": ["ready"]}, "TypeError"),
]


def test_a_question_that_cannot_be_answered_is_answered_with_an_error(served: Served) -> None:
    for number, (question, error) in enumerate(UNANSWERABLE):
        served.send({"id": number, **question})
        answer = served.answer()
        assert set(answer) == {"id", "error"}
        assert answer["id"] == number
        assert answer["error"].startswith(error)


BROKEN = [b"", b"no json", b"{", b"5", b"null", b"[1]", b'{"op": "jobs"}', b'"\xff\xfe"', b"\x00", b"[" * 100_000]


def test_a_broken_line_is_answered_without_a_number_and_the_next_is_understood(served: Served) -> None:
    for line in BROKEN:
        served.send(line)
        answer = served.answer()
        assert answer["id"] is None
        assert answer["error"]
    served.send({"id": 8, "op": "versions"})
    assert served.answer()["id"] == 8


def test_it_ends_when_the_harness_ends_also_with_a_question_open(served: Served) -> None:
    served.send({"id": 1, "op": "ready", "server": "kafka", "timeout": 60}, {"id": 2, "op": "versions"})
    assert served.answer()["id"] == 2
    assert served.process.stdin
    served.process.stdin.close()
    assert served.process.wait(5) == 0


def test_a_terminals_interrupt_does_not_end_it(served: Served) -> None:
    served.send({"id": 1, "op": "versions"})
    served.answer()
    served.process.send_signal(signal.SIGINT)
    served.send({"id": 2, "op": "versions"})
    assert served.answer()["python"].startswith("3.")


def test_as_a_health_check_it_asks_each_server_once(folder: Path) -> None:
    def check(*servers: str) -> tuple[int, list[str]]:
        done = subprocess.run(
            agent_words(folder, "ready", *servers),
            env={**os.environ, "PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            timeout=10,
        )
        return done.returncode, done.stdout.splitlines()

    (folder / "datanode").touch()
    well = "datanode: zookeeper 32181, broker kafka:29092"
    assert check("datanode", "metastore") == (1, [well, "metastore: not there"])
    (folder / "metastore").touch()
    assert check("datanode", "metastore") == (0, [well, well.replace("datanode", "metastore")])


# The harness' side


Reach = Callable[[str], Agent]


@pytest.fixture
def reach(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reach]:
    """Give an agent through a `docker exec` that is a script."""
    made: list[Agent] = []

    def reaching(script: str) -> Agent:
        (folder / "bin").mkdir()
        docker = folder / "bin" / "docker"
        docker.write_text(f"#!/bin/sh\n{script}\n")
        docker.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
        monkeypatch.setenv("PYTHONPATH", str(folder))
        made.append(Agent("0123456789abcdef", folder / "agents.log"))
        return made[-1]

    yield reaching
    for agent in made:
        agent.close()


def real_agent(folder: Path) -> str:
    return f'echo "$@" >>{shlex.quote(str(folder / "words"))}\nexec {shlex.join(agent_words(folder))}'


def test_the_harness_asks_and_learns(reach: Reach, folder: Path) -> None:
    agent = reach(real_agent(folder))
    assert agent.ask("signal", job="no such", signal=9, all=True)["sent"] == 0
    assert agent.ask("explode")["error"] == "KeyError: 'explode'"
    (folder / "kafka").touch()
    assert agent.ask("ready", server="kafka", timeout=5.0)["well"] is True
    agent.close()
    assert agent.gone.is_set()
    with pytest.raises(AgentGone):
        agent.ask("jobs")
    assert (folder / "words").read_text() == "exec --interactive 0123456789abcdef python3 -I /opt/w205/lib/agent.py\n"


def test_a_question_that_waits_when_the_container_ends_learns_it(reach: Reach) -> None:
    agent = reach("echo words of its end >&2; read line; sleep 0.1; exit 137")
    clock = time.monotonic()
    with pytest.raises(AgentGone):
        agent.ask("ready", server="kafka", timeout=60)
    assert time.monotonic() - clock < 5
    assert agent.gone.wait(5)


def test_what_is_no_answer_is_passed_over(reach: Reach) -> None:
    agent = reach(
        'read line; echo; echo no json; echo 5; echo \'{}\'; echo \'{"id": null, "error": "x"}\'; '
        'echo \'{"id": 99}\'; echo \'{"id": 1, "found": true}\'; read line'
    )
    assert agent.ask("jobs")["found"] is True


@pytest.mark.parametrize("answer", ["[" * 50_000, '{"id": Infinity}', '{"id": 1e999, "found": true}', '{"id": {}}'])
def test_no_answer_ends_the_hearing(reach: Reach, answer: str) -> None:
    agent = reach(f"read line; echo '{answer}'; echo '{{\"id\": 1, \"found\": true}}'; read line")
    assert agent.ask("jobs")["found"] is True


def test_an_agent_that_talks_without_end_is_taken_for_gone(reach: Reach) -> None:
    agent = reach("read line; exec cat /dev/zero")
    with pytest.raises(AgentGone):
        agent.ask("jobs")
    assert agent.gone.is_set()


def test_an_agent_takes_no_module_of_a_stranger(reach: Reach, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = folder / "lib"
    library.mkdir()
    for file in (CONTAINER / "agent.py", CONTAINER.parents[1] / "probes.py"):
        shutil.copy(file, library)
    (folder / "json.py").write_text("raise SystemExit(1)\n")
    monkeypatch.setattr(agents, "AGENT", library / "agent.py")
    agent = reach(f'shift 4; exec {shlex.quote(sys.executable)} "$@"')
    assert str(agent.ask("versions")["python"]).startswith("3.")


def test_an_agent_that_never_answers_is_taken_for_gone(reach: Reach, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = reach("read line; read line")
    clock = time.monotonic()
    with pytest.raises(AgentGone):
        agent.ask("jobs", timeout=-9.9)  # 10 s more are given for the way
    assert time.monotonic() - clock < 5
    assert not agent.gone.is_set()


def test_the_words_of_an_agent_that_does_not_start_go_to_the_log(reach: Reach, folder: Path) -> None:
    agent = reach("echo 'no such container' >&2; exit 1")
    with pytest.raises(AgentGone):
        agent.ask("jobs")
    assert agent.gone.wait(5)
    assert (folder / "agents.log").read_text() == "no such container\n"


def test_a_held_port_can_be_listened_on_and_one_in_use_is_no_error() -> None:
    with ExitStack() as held, socket.create_server(("", 0)) as taken:
        entry.hold(taken.getsockname()[1], held)
        with socket.socket() as free:
            free.bind(("", 0))
            port = free.getsockname()[1]
        entry.hold(port, held)
        with socket.create_server(("", port)) as server, socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()
