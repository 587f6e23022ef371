"""What a step is given: every command is recorded, what does not hold is said, and no time limit is overrun."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness import run as run_module
from harness.cluster.names import Names
from harness.cluster.protocol import ServerState, Tell
from harness.errors import EnvironmentFault
from harness.model import Capture, Check, Fact
from harness.run import Run, server_table
from harness.steps import Step, StepFailed

STEP = Step("load", "Load", "Explained.", (), lambda *_: None, Path("test_05.py"), 1)


def capture(command: str, stdout: str = "", stderr: str = "", exit_code: int | None = 0) -> Capture:
    return Capture("", "mids", command, stdout, stderr, exit_code, "2026-03-01T09:00:00.000Z", 0.5)


def state(name: str, word: str = "ready") -> ServerState:
    return ServerState(name, "room", 1, word, 1.5, 90 * 2**20, f"127.0.0.1:{len(name)}", Path("log"))


class Background:
    """A command in the background that printed something since the last look."""

    def __init__(self) -> None:
        self.stopped: list[tuple[int, bool]] = []
        self.news = ["one\n", "two\n"]

    def look(self, *, since_last: bool = False) -> Capture:
        assert since_last
        return replace(capture("flask run", self.news.pop(0), exit_code=None), background=True)

    def stop(self, signal: int = signal.SIGTERM, *, group: bool = False, grace: float = 10.0) -> Capture:
        self.stopped.append((signal, group))
        return capture("flask run", "all of it")


class Cluster:
    """A cluster that answers as it is told, and remembers what it was asked."""

    backend, mode = "fake", "open"
    names = Names()

    def __init__(self, answers: Mapping[str, Capture] | None = None) -> None:
        self.answers = dict(answers or {})
        self.asked: list[tuple[str, str]] = []
        self.limits: list[float | None] = []
        self.booted: list[str] = []
        self.states = [state("zookeeper")]
        self.folder = self.own_folder = Path()
        self.background = Background()
        self.ran_here: list[Capture] = []

    def asides(self) -> list[Capture]:
        ran, self.ran_here = self.ran_here, []
        return ran

    def exec(self, service: str, command: str, *, timeout: float | None = None) -> Capture:
        self.asked.append((service, command))
        self.limits.append(timeout)
        return self.answers.get(command, capture(command))

    def exec_own(self, words: Sequence[str], *, timeout: float | None = None) -> Capture:
        ran = subprocess.run(words, cwd=self.own_folder, capture_output=True, text=True, check=False, timeout=timeout)
        return capture(" ".join(words), ran.stdout, ran.stderr, ran.returncode)

    def exec_background(self, service: str, command: str, *, serves: str | None = None) -> Background:
        self.asked.append((service, command))
        return self.background

    def status(self) -> Sequence[ServerState]:
        return self.states

    def up(self, services: Sequence[str], tell: Tell) -> None:
        for name in services:
            self.booted.append(name)
            tell({"event": "starting", "service": name})
            tell({"event": "ready", "service": name, "seconds": 1.5, "answer": "3 topics"})
            self.states.append(state(name))


MakeRun = Callable[..., Run]


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def make(cluster: Cluster) -> MakeRun:
    def made(*, again: bool = False, command_timeout: float = 60, step_timeout: float = 100, **more: object) -> Run:
        limits = {"command_timeout": command_timeout, "step_timeout": step_timeout}
        return Run(STEP, lambda: cluster, more.pop("backgrounds", {}), again=again, **limits, **more)

    return made


def test_each_command_is_recorded_under_a_number_of_its_step(make: MakeRun, cluster: Cluster) -> None:
    run = make()
    first = run("mids", "ls")
    run("kafka", "kafka-topics --list")
    assert cluster.asked == [("mids", "ls"), ("kafka", "kafka-topics --list")]
    assert [item.id for item in run.commands] == ["load-1", "load-2"]
    assert run.commands[0] == first


def test_a_command_that_fails_ends_the_step_with_its_last_words(make: MakeRun, cluster: Cluster) -> None:
    lines = "".join(f"line {number}\n" for number in range(1, 21))
    cluster.answers["ab"] = capture("ab", "out", lines, 22)
    run = make()
    with pytest.raises(StepFailed) as caught:
        run("mids", "ab")
    assert str(caught.value).splitlines() == ["exit code 22: ab", *(f"line {number}" for number in range(9, 21))]
    assert [item.exit_code for item in run.commands] == [22]


def test_a_command_that_fails_and_says_nothing_on_stderr_shows_its_output(make: MakeRun, cluster: Cluster) -> None:
    cluster.answers["ab"] = capture("ab", "printed\n", "  \n", 1)
    with pytest.raises(StepFailed, match="exit code 1: ab\nprinted"):
        make()("mids", "ab")


def test_a_command_may_fail_where_that_is_expected(make: MakeRun, cluster: Cluster) -> None:
    cluster.answers["ls /none"] = capture("ls /none", "", "no", 2)
    assert make()("mids", "ls /none", check=False).exit_code == 2


@pytest.mark.parametrize(
    ("actual", "expected"),
    [(20, 20), ("20", "20"), (None, None), (True, True), ([1, "a"], [1, "a"]), ({"a": 1}, {"a": 1}), (0.5, 0.5)],
)
def test_what_is_equal_holds(make: MakeRun, actual: Fact, expected: Fact) -> None:
    run = make()
    assert run.expect("rows", actual, expected)
    assert run.checks == [Check("rows", expected, actual, True)]
    assert run.failures() == []


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (19, 20),
        ("20", 20),
        (20, "20"),
        (True, 1),
        (1, True),
        (0, False),
        (20.0, 20),
        (None, 0),
        ("", None),
        ([], None),
        ([1], [True]),
        ({"a": 1}, {"a": 1.0}),
    ],
)
def test_what_differs_or_is_of_another_type_does_not(make: MakeRun, actual: Fact, expected: Fact) -> None:
    run = make()
    assert not run.expect("rows", actual, expected)
    assert run.failures() == [f"rows: expected {expected!r}, got {actual!r}"]


def test_all_that_does_not_hold_is_said(make: MakeRun) -> None:
    run = make()
    run.expect("rows", 19, 20)
    run.expect("columns", 3, 3)
    run.expect("name", "a", "b")
    assert run.failures() == ["rows: expected 20, got 19", "name: expected 'b', got 'a'"]


def test_a_command_has_the_commands_time_limit_or_its_own(make: MakeRun, cluster: Cluster) -> None:
    run = make(command_timeout=60, step_timeout=1000)
    run("mids", "ls")
    run("mids", "ls", timeout=5)
    run("mids", "ls", timeout=500)
    assert cluster.limits == [60, 5, 500]


def test_no_command_has_more_than_what_is_left_of_the_step(make: MakeRun, cluster: Cluster) -> None:
    run = make(command_timeout=60, step_timeout=10)
    run("mids", "ls")
    run("mids", "ls", timeout=500)
    first, second = cluster.limits
    assert first is not None
    assert second is not None
    assert 0 < second <= first <= 10


def test_when_the_steps_time_is_over_nothing_more_is_run(
    make: MakeRun, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(run_module.time, "monotonic", lambda: now)
    run = make(step_timeout=10)
    run("mids", "ls")
    now = 1010.0
    with pytest.raises(StepFailed, match=r"time limit of 10 s is over \(--step-timeout sets it\)"):
        run("mids", "ls")
    assert len(cluster.asked) == 1


def test_clear_runs_only_when_the_cluster_has_seen_the_step_before(make: MakeRun, cluster: Cluster) -> None:
    make().clear("cloudera", "hadoop fs -rm -r /tmp/purchases")
    assert cluster.asked == []
    run = make(again=True)
    run.clear("cloudera", "hadoop fs -rm -r /tmp/purchases")
    assert cluster.asked == [("cloudera", "hadoop fs -rm -r /tmp/purchases")]
    assert len(run.commands) == 1


def test_a_clear_that_fails_ends_the_step(make: MakeRun, cluster: Cluster) -> None:
    cluster.answers["rm"] = capture("rm", "", "", 1)
    with pytest.raises(StepFailed):
        make(again=True).clear("mids", "rm")


def test_a_look_records_what_is_new(make: MakeRun) -> None:
    run = make()
    background = run.background("mids", "flask run")
    assert [run.look(background).stdout, run.look(background).stdout] == ["one\n", "two\n"]
    assert [item.id for item in run.commands] == ["load-1", "load-2"]


def test_a_later_step_looks_at_a_server_by_its_name(make: MakeRun) -> None:
    backgrounds: dict[str, Background] = {}
    make(backgrounds=backgrounds).background("mids", "flask run", serves="api")
    assert make(backgrounds=backgrounds).look("api").stdout == "one\n"


def test_a_command_that_serves_nothing_has_no_name(make: MakeRun) -> None:
    backgrounds: dict[str, Background] = {}
    make(backgrounds=backgrounds).background("mids", "kafkacat -C")
    assert backgrounds == {}


def test_a_look_at_what_nobody_started_fails_the_step(make: MakeRun) -> None:
    with pytest.raises(StepFailed, match="no background command serves api"):
        make().look("api")


def test_stop_ends_a_background_command_and_records_what_is_new(make: MakeRun, cluster: Cluster) -> None:
    run = make()
    background = run.background("mids", "while true; do ab; done")
    assert run.stop(background, signal.SIGINT, group=True).stdout == "one\n"
    assert cluster.background.stopped == [(signal.SIGINT, True)]
    assert len(run.commands) == 1


def test_wait_ends_when_the_condition_holds(make: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "POLL", 0)
    answers = iter([False, False, True])
    make().wait("rows", lambda: next(answers))
    assert next(answers, "none left") == "none left"


def test_wait_for_what_does_not_come_fails_the_step_and_names_it(
    make: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "POLL", 0)
    with pytest.raises(StepFailed, match="waited 0 s for two micro-batches, and it did not come"):
        make().wait("two micro-batches", lambda: False, timeout=0.01)


def test_wait_takes_no_longer_than_the_step_has(make: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "POLL", 0)
    with pytest.raises(StepFailed, match="waited 0 s for rows"):
        make(step_timeout=0.05).wait("rows", lambda: False, timeout=5)


def test_up_starts_what_is_not_up_yet_and_records_how_each_became_ready(make: MakeRun, cluster: Cluster) -> None:
    told: list[object] = []
    shown = make(tell=lambda event: told.append(event["event"])).up(["zookeeper", "kafka"])
    assert cluster.booted == ["kafka"]
    assert shown.command == "harness up"
    assert shown.stdout == "kafka is ready after 1.5 s: 3 topics\nzookeeper was up\n"
    assert told == ["starting", "ready"]


def test_up_starts_again_what_is_dead(make: MakeRun, cluster: Cluster) -> None:
    cluster.states = [state("kafka", "dead")]
    make().up(["kafka"])
    assert cluster.booted == ["kafka"]


def test_a_server_that_does_not_come_up_is_the_environments_fault(
    make: MakeRun, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def up(_services: Sequence[str], _tell: Tell) -> None:
        raise EnvironmentFault("kafka is not there.")

    monkeypatch.setattr(cluster, "up", up)
    with pytest.raises(EnvironmentFault, match="kafka is not there"):
        make().up(["kafka"])


def test_ps_records_the_servers_and_their_states_as_facts(make: MakeRun) -> None:
    shown = make().ps()
    assert shown.command == "harness ps"
    assert shown.stdout.splitlines()[1].split() == ["zookeeper", "ready", "1.5", "s", "90", "MB", "127.0.0.1:9"]
    assert shown.facts["services"] == {"zookeeper": "ready"}


def test_down_records_how_each_server_ended(make: MakeRun) -> None:
    shown = make(take_down=lambda: [state("kafka", "ended")]).down()
    assert shown.stdout == "kafka ended\nnothing is left: no process, no port, no folder\n"


def test_the_cluster_is_asked_for_when_it_is_first_needed() -> None:
    def refuse() -> Cluster:
        raise EnvironmentFault("No cluster.")

    run = Run(STEP, refuse, {}, again=False, command_timeout=1, step_timeout=1)
    run.expect("no command", 1, 1)
    run.clear("mids", "rm")
    with pytest.raises(EnvironmentFault):
        run("mids", "ls")


def test_the_table_of_servers_stands_in_columns() -> None:
    starting = ServerState("kafka", "kafka", 2, "starting", None, 0, "kafka:29092", Path("log"))
    assert server_table([state("zookeeper"), starting]).splitlines() == [
        "SERVICE    STATE     READY  MEMORY  ADDRESS",
        "zookeeper  ready     1.5 s  90 MB   127.0.0.1:9",
        "kafka      starting  -      0 MB    kafka:29092",
    ]


def test_a_notebook_is_run_on_the_clusters_presto_and_recorded(make: MakeRun, cluster: Cluster, tmp_path: Path) -> None:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None}
    book = {"metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    source = "import os; print(os.environ['PRESTO'])"
    (tmp_path / "book.ipynb").write_text(json.dumps({**book, "cells": [{**cell, "source": source}]}))
    cluster.folder = cluster.own_folder = tmp_path
    run = make(out=tmp_path / "out")
    assert "presto:8080" in run.notebook("book.ipynb").stdout
    assert [(item.service, item.command) for item in run.commands] == [("harness", "harness notebook book.ipynb")]
    assert (tmp_path / "out" / "book.executed.ipynb").exists()

    (tmp_path / "book.ipynb").write_text(json.dumps({**book, "cells": [{**cell, "source": "1 / 0"}]}))
    with pytest.raises(
        StepFailed, match=r"exit code 1: harness notebook book\.ipynb\ncell 1 failed: ZeroDivisionError"
    ):
        run.notebook("book.ipynb")


def test_notebooks_that_cannot_be_run_here_are_the_environments_fault(
    make: MakeRun, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = capture("own", "", "harness: A notebook cannot be run here.\n", 3)
    monkeypatch.setattr(cluster, "exec_own", lambda *_, **__: missing)
    run = make()
    with pytest.raises(EnvironmentFault, match="A notebook cannot be run here"):
        run.notebook("book.ipynb")
    assert [item.exit_code for item in run.commands] == [3]
