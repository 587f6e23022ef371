"""Servers start side by side in the order of their needs, and one that dies or never answers is named at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from harness.cluster import servers as servers_module
from harness.cluster.probes import NotReady, Probe
from harness.cluster.processes import Process
from harness.cluster.servers import Servers, tail
from harness.cluster.services import Service
from harness.errors import EnvironmentFault

SERVE = ("sleep", "600")
IGNORE_TERM = ("/bin/sh", "-c", "trap '' TERM; while [ $((n += 1)) -lt 9999 ]; do sleep 0.01; done")


def at_once() -> str:
    return "well"


def never() -> str:
    raise NotReady("HTTP 503: starting")


def at_last() -> Callable[[], str]:
    """Give a probe that is answered when what should give up has long not done so, so that no test hangs."""
    left = iter(range(1000))

    def ask() -> str:
        for _ in left:
            raise NotReady("HTTP 503: starting")
        return "well at last"

    return ask


def service(
    name: str,
    command: Sequence[str] = SERVE,
    ask: Callable[[], str] = at_once,
    *,
    needs: Sequence[str] = (),
    once: Sequence[str] | None = None,
) -> Service:
    probe = Probe(f"{name}'s health", ask)
    return Service(name, "room", name, tuple(command), probe, tuple(needs), None if once is None else tuple(once))


def shell(script: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", script)


class Cluster:
    """Servers in a temporary folder, and what was told of their boot."""

    def __init__(self, folder: Path, services: Sequence[Service]) -> None:
        self.events: list[str] = []
        self.commands: list[Sequence[str]] = []
        self.cancelled = threading.Event()
        self._folder = folder
        self.servers = Servers({item.name: item for item in services}, folder, self._start, lambda _: 0.1, 20.0)

    def _start(self, _service: Service, command: Sequence[str], log: Path) -> Process:
        self.commands.append(command)
        with log.open("ab") as out:
            environment = {"PATH": os.environ["PATH"]}
            return Process(command, cwd=self._folder, environment=environment, stdout=out, stderr=out)

    def boot(self, *names: str) -> None:
        """Boot the named servers, or all."""
        wanted = names or tuple(self.servers.services)
        self.servers.boot(wanted, lambda e: self.events.append(f"{e['event']} {e['service']}"), self.cancelled)

    def fault(self, *names: str) -> EnvironmentFault:
        """Boot, which must not succeed."""
        with pytest.raises(EnvironmentFault) as caught:
            self.boot(*names)
        return caught.value

    def kill(self, name: str) -> None:
        """Kill a server as nobody asked."""
        process = self.servers.running[name].process
        process.send_signal(signal.SIGKILL)
        assert process.wait(10)

    def states(self) -> dict[str, str]:
        return {name: server.state for name, server in self.servers.running.items()}


Make = Callable[..., Cluster]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.setattr(servers_module, "LIFE_INTERVAL", 0.02)
    monkeypatch.setattr(servers_module, "PROBE_INTERVAL", 0.01)
    made: list[Cluster] = []

    def make(*services: Service) -> Cluster:
        made.append(Cluster(tmp_path, services))
        return made[-1]

    yield make
    for item in made:
        item.servers.stop_all()


def test_a_server_starts_when_what_it_needs_is_ready(cluster: Make) -> None:
    booted = cluster(service("api", needs=["kafka"]), service("kafka", needs=["zookeeper"]), service("zookeeper"))
    booted.boot()
    assert booted.events == [
        *("starting zookeeper", "ready zookeeper"),
        *("starting kafka", "ready kafka"),
        *("starting api", "ready api"),
    ]
    assert booted.states() == dict.fromkeys(("zookeeper", "kafka", "api"), "ready")


def test_servers_without_needs_start_side_by_side(cluster: Make) -> None:
    def both_run() -> str:
        if set(booted.servers.running) != {"one", "two"}:
            raise NotReady("alone")
        return "both run"

    booted = cluster(service("one", ask=both_run), service("two", ask=both_run))
    booted.servers.boot_timeout = 10
    booted.boot()
    assert booted.states() == {"one": "ready", "two": "ready"}


def test_only_what_is_asked_for_starts(cluster: Make) -> None:
    booted = cluster(service("zookeeper"), service("kafka", needs=["zookeeper"]))
    booted.boot("kafka")
    assert booted.events == ["starting kafka", "ready kafka"]


def test_ready_is_what_the_probe_says_and_its_last_answer_is_kept(cluster: Make) -> None:
    answers = iter(["refused", "503"])

    def ask() -> str:
        for answer in answers:
            raise NotReady(answer)
        return "3 topics"

    booted = cluster(service("kafka", ask=ask))
    booted.boot()
    server = booted.servers.running["kafka"]
    assert server.last_answer == "3 topics"
    assert server.ready_seconds is not None
    assert server.peak_rss > 0


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        ("echo goodbye; exit 0", "exit code 0"),
        ("echo goodbye; exit 3", "exit code 3"),
        ("echo goodbye; kill -9 $$", "killed by SIGKILL"),
        ("echo goodbye; exit 250", "exit code 250"),
    ],
)
def test_a_server_that_ends_before_it_is_ready_is_an_error_whatever_its_exit_code(
    cluster: Make, tmp_path: Path, script: str, seen: str
) -> None:
    fault = cluster(service("kafka", shell(f"echo line; {script}"), never)).fault()
    assert fault.headline == "kafka is not there."
    assert str(fault.seen).startswith("its process ended after")
    assert str(fault.seen).endswith(seen)
    assert fault.log == tmp_path / "kafka.log"
    assert fault.tail == ("line", "goodbye")
    assert "harness logs kafka" in str(fault.remedy)


def test_a_server_that_never_answers_is_an_error_with_the_last_answer(cluster: Make) -> None:
    booted = cluster(service("presto", ask=at_last()))
    booted.servers.boot_timeout = 0.2
    fault = booted.fault()
    assert fault.headline == "presto is not there."
    assert fault.wanted == "an answer to presto's health within 0 s"
    assert str(fault.seen).startswith("running for 0 s; presto's health: HTTP 503: starting")
    assert booted.states() == {"presto": "starting"}


def test_when_one_fails_the_others_are_no_longer_waited_for(cluster: Make) -> None:
    booted = cluster(service("slow", ask=at_last()), service("kafka", shell("exit 1"), never))
    assert booted.fault().headline == "kafka is not there."
    assert "ready slow" not in booted.events
    assert booted.states() == {"slow": "starting", "kafka": "dead"}


def test_what_needs_a_server_that_failed_is_not_started(cluster: Make) -> None:
    booted = cluster(service("zookeeper", shell("exit 1"), never), service("kafka", needs=["zookeeper"]))
    booted.fault()
    assert booted.events == ["starting zookeeper"]


def test_a_boot_after_one_that_failed_starts_its_servers(cluster: Make) -> None:
    booted = cluster(service("kafka"), service("presto", shell("exit 1"), never))
    booted.fault("presto")
    booted.boot("kafka")
    assert booted.states() == {"presto": "dead", "kafka": "ready"}


def test_a_boot_that_is_cancelled_is_no_success(cluster: Make) -> None:
    def ask() -> str:
        booted.cancelled.set()
        raise NotReady("starting")

    booted = cluster(service("kafka", ask=ask))
    booted.fault()
    assert booted.events == ["starting kafka"]


def test_a_probe_that_stumbles_is_asked_again(cluster: Make) -> None:
    answers = iter([IndexError("no rows")])

    def ask() -> str:
        for answer in answers:
            raise answer
        return "well"

    booted = cluster(service("presto", ask=ask))
    booted.boot()
    assert booted.states() == {"presto": "ready"}


def test_a_program_that_cannot_be_started_ends_the_boot(cluster: Make) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        cluster(service("kafka", ["no-such-program"])).boot()


def test_what_comes_once_runs_before_the_first_start_alone(cluster: Make, tmp_path: Path) -> None:
    booted = cluster(service("namenode", shell("echo serving; exec sleep 600"), once=shell("echo formatting")))
    booted.boot()
    booted.servers.stop("namenode")
    booted.servers.launch(booted.servers.services["namenode"])
    assert [command[2].split(";")[0] for command in booted.commands] == [
        "echo formatting",
        "echo serving",
        "echo serving",
    ]
    assert (tmp_path / "namenode.log").read_text().startswith("formatting\n")


def test_a_preparation_that_fails_is_an_error_and_the_server_is_not_started(cluster: Make) -> None:
    booted = cluster(service("namenode", once=shell("echo 'no space'; exit 2")))
    fault = booted.fault()
    assert fault.headline == "namenode is not there."
    assert fault.seen == "its preparation ended with exit code 2"
    assert fault.tail == ("no space",)
    assert booted.states() == {}


def test_a_preparation_that_does_not_end_is_an_error_and_is_ended(cluster: Make, tmp_path: Path) -> None:
    booted = cluster(service("namenode", once=shell("echo $$; exec sleep 600")))
    booted.servers.boot_timeout = 0.2
    fault = booted.fault()
    assert str(fault.seen).startswith("its preparation took longer than")
    assert not psutil.pid_exists(int(fault.tail[0]))


def test_a_server_that_ends_although_nobody_asked_is_dead_and_sick(cluster: Make) -> None:
    booted = cluster(service("kafka"), service("zookeeper"))
    booted.boot()
    assert booted.servers.sick() == []
    booted.kill("kafka")
    assert booted.states() == {"kafka": "dead", "zookeeper": "ready"}
    ((server, seen),) = booted.servers.sick()
    assert server.service.name == "kafka"
    assert seen.endswith("killed by SIGKILL")
    assert "kafka is not there." in str(booted.servers.fault(server, seen))


def test_a_server_that_lives_and_does_not_answer_is_sick_and_not_dead(cluster: Make) -> None:
    answers = iter(["well"])

    def ask() -> str:
        for answer in answers:
            return answer
        raise NotReady("timed out")

    booted = cluster(service("presto", ask=ask))
    booted.boot()
    ((server, seen),) = booted.servers.sick()
    assert (server.service.name, seen) == ("presto", "presto's health: timed out")
    assert booted.states() == {"presto": "ready"}


def test_the_api_is_not_asked_where_no_record_may_show_it(cluster: Make) -> None:
    answers = {"api": iter(["well"]), "presto": iter(["well"])}

    def ask(name: str) -> str:
        for answer in answers[name]:
            return answer
        raise NotReady("timed out")

    booted = cluster(service("api", ask=lambda: ask("api")), service("presto", ask=lambda: ask("presto")))
    booted.boot()
    assert [server.service.name for server, _ in booted.servers.sick(unseen=True)] == ["presto"]
    booted.kill("api")
    assert [server.service.name for server, _ in booted.servers.sick(unseen=True)] == ["api", "presto"]


def test_a_server_whose_probe_stumbles_is_sick(cluster: Make) -> None:
    answers = iter(["well"])

    def ask() -> str:
        for answer in answers:
            return answer
        raise IndexError("no rows")

    booted = cluster(service("presto", ask=ask))
    booted.boot()
    assert [seen for _, seen in booted.servers.sick()] == ["presto's health: IndexError: no rows"]


def test_a_server_that_was_asked_to_end_is_neither_dead_nor_sick(cluster: Make) -> None:
    booted = cluster(service("kafka"))
    booted.boot()
    booted.servers.stop("kafka")
    assert booted.states() == {"kafka": "ended"}
    assert booted.servers.sick() == []


def test_a_process_that_runs_already_can_be_taken_as_a_server(cluster: Make, tmp_path: Path) -> None:
    booted = cluster(service("api"))
    definition = booted.servers.services["api"]
    process = booted._start(definition, SERVE, tmp_path / "api.log")
    server = booted.servers.adopt(definition, process, tmp_path / "api.log")
    assert booted.states() == {"api": "starting"}
    booted.servers.await_ready(server, booted.cancelled)
    assert booted.states() == {"api": "ready"}


def test_stop_all_ends_every_server_and_zookeeper_last(cluster: Make, tmp_path: Path) -> None:
    def until_term(name: str) -> tuple[str, ...]:
        slowly = "" if name == "zookeeper" else "sleep 0.2; "
        end = f"{slowly}echo {name} >>{tmp_path}/order; exit"
        return shell(f"trap '{end}' TERM; touch {name}.up; while [ $((n += 1)) -lt 9999 ]; do sleep 0.01; done")

    def up(name: str) -> Callable[[], str]:
        def ask() -> str:
            if not (tmp_path / f"{name}.up").exists():
                raise NotReady("no trap yet")
            return "well"

        return ask

    names = ("zookeeper", "kafka", "presto")
    booted = cluster(*(service(name, until_term(name), up(name)) for name in names))
    booted.servers.grace = lambda _: 10.0
    booted.boot()
    booted.servers.stop_all()
    order = (tmp_path / "order").read_text().split()
    assert set(order[:2]) == {"kafka", "presto"}
    assert order[2:] == ["zookeeper"]
    assert set(booted.states().values()) == {"ended"}


def test_a_server_that_does_not_end_within_its_grace_is_killed(cluster: Make) -> None:
    booted = cluster(service("kafka", IGNORE_TERM))
    booted.boot()
    booted.servers.stop_all()
    assert booted.servers.running["kafka"].process.exit_code is not None


def test_to_stop_what_was_never_started_is_no_error(cluster: Make) -> None:
    booted = cluster(service("kafka"))
    booted.servers.stop("kafka")
    booted.servers.stop_all()


def test_a_logs_tail_is_its_last_lines_made_safe_to_show(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x\n" * 50_000 + b"\x1b[31mred\x07\ttab\xff\n" + "é".encode() * 1000 + b"\nlast")
    lines = tail(log)
    assert len(lines) == 15
    assert lines[-3:] == ["[31mred\ttab\ufffd", "é" * 300, "last"]
    assert tail(log, 1) == ["last"]


def test_a_log_that_is_not_there_has_no_tail(tmp_path: Path) -> None:
    assert tail(tmp_path / "none") == []
