"""What a cluster of others is asked before the first step: each server, the prefix, then what a run makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness.cluster import probes
from harness.cluster.elsewhere import Elsewhere
from harness.cluster.probes import NotReady
from harness.cluster.running import metastore, questions, topics
from harness.errors import EnvironmentFault
from harness.model import Capture

THERE = Elsewhere(
    "b:9092", "hdfs://nn:8020", "hive:9083", "presto:8080", prefix="kim_1", namenode_http="nn:9870", hdfs_replicas=2
)


class World:
    """A cluster in which all is well, until it is told otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.brokers, self.live, self.safe = 3, 2, ""
        self.databases, self.topics, self.folders = ["default"], list[str](), list[str]()
        self.gone: set[str] = set()
        self.events: list[Mapping[str, object]] = []
        self.commands: list[str] = []
        self.fails = ""

        def there(name: str, answer: object) -> object:
            if name in self.gone:
                raise NotReady(f"no {name}")
            return answer

        monkeypatch.setattr(topics, "brokers", lambda _: there("kafka", self.brokers))
        monkeypatch.setattr(topics, "may_create", lambda *_: there("right", None))
        monkeypatch.setattr(topics, "of_run", lambda *_: self.topics)
        monkeypatch.setattr(metastore, "databases", lambda _: there("metastore", self.databases))
        monkeypatch.setattr(metastore, "create_database", lambda _, name, *__: self.databases.append(name))
        monkeypatch.setattr(probes, "presto_query", lambda *_, **__: there("presto", [3]))
        live = property(lambda _: "{" + ", ".join(f'"d{n}": {{}}' for n in range(self.live)) + "}")
        info = type("Info", (), {"live": live})()
        monkeypatch.setattr(
            probes, "namenode_info", lambda _: there("datanode", {"Safemode": self.safe, "LiveNodes": info.live})
        )

    def tell(self, event: Mapping[str, object]) -> None:
        self.events.append(event)

    def run(self, service: str, command: str, _timeout: float) -> Capture:
        self.commands.append(command)
        taken = command.startswith("hadoop fs -test") and command.rpartition(" ")[2] not in self.folders
        failed = taken or (self.fails and self.fails in command)
        words = "first\nmkdir: Permission denied: user=nobody\nlast\n" if failed else ""
        return Capture("", service, command, "", words, int(bool(failed)), "2026-01-01T00:00:00Z", 0.0)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_each_server_answers_for_itself(world: World) -> None:
    seconds = questions.ask_servers(THERE, world.tell)
    assert set(seconds) == {"kafka", "metastore", "presto", "datanode"}
    answers = {event["service"]: event["answer"] for event in world.events if event["event"] == "ready"}
    assert answers == {
        "kafka": "3 brokers",
        "metastore": "1 databases",
        "presto": "3 nodes, 1 schemas",
        "datanode": "2 live DataNodes",
    }
    assert world.commands == []


def test_all_that_is_wrong_is_named_together(world: World) -> None:
    world.gone = {"kafka", "presto"}
    with pytest.raises(EnvironmentFault) as refused:
        questions.ask_servers(THERE, world.tell)
    text = str(refused.value)
    assert "kafka at b:9092, presto at presto:8080" in text
    assert "no kafka; presto at presto:8080: no presto" in text


def test_copies_that_cannot_be_kept_are_named(world: World) -> None:
    world.brokers, world.live = 2, 1
    with pytest.raises(EnvironmentFault) as refused:
        questions.ask_servers(replace(THERE, kafka_replicas=3), world.tell)
    text = str(refused.value)
    assert "2 brokers, which cannot keep 3 copies of each event" in text
    assert "1 live DataNodes, which cannot keep 2 copies of each block" in text
    world.brokers, world.live, world.safe = 3, 2, "Safe mode is ON."
    with pytest.raises(EnvironmentFault, match="safe mode"):
        questions.ask_servers(THERE, world.tell)


def test_a_right_that_brokers_do_not_give_is_named(world: World) -> None:
    world.gone = {"right"}
    with pytest.raises(EnvironmentFault, match="no right"):
        questions.ask_servers(THERE, world.tell)


def test_a_master_that_does_not_listen_is_named(world: World) -> None:
    with pytest.raises(EnvironmentFault, match=r"spark at spark://127\.0\.0\.1:1"):
        questions.ask_servers(replace(THERE, spark="spark://127.0.0.1:1"), world.tell)


def test_a_prefix_is_taken_by_a_topic_a_database_or_a_folder(world: World) -> None:
    questions.refuse_taken(THERE, world.run)
    world.topics, world.folders = ["kim_1-events"], ["/tmp/kim_1.db"]
    world.databases.append("kim_1")
    with pytest.raises(EnvironmentFault) as refused:
        questions.refuse_taken(THERE, world.run)
    seen = "the topic kim_1-events, the database kim_1, the folder /tmp/kim_1.db"
    assert f"seen:   {seen}" in str(refused.value)


def test_what_a_run_needs_is_made_and_tried(world: World) -> None:
    questions.prepare(THERE, world.run, world.tell)
    assert world.databases == ["default", "kim_1"]
    assert world.commands[0] == "hadoop fs -mkdir /tmp/kim_1 /tmp/kim_1.db"
    assert "hadoop fs -setrep -w 2 /tmp/kim_1/.ready" in world.commands[1]
    assert world.commands[2].endswith("first_job.py /tmp/kim_1/.first-job kim_1")
    assert questions.FIRST_JOB.is_file()


@pytest.mark.parametrize(
    ("fails", "name"), [("-mkdir", "namenode at hdfs://nn:8020"), ("spark-submit", "spark at local")]
)
def test_what_cannot_be_done_is_told_in_the_commands_words(world: World, fails: str, name: str) -> None:
    world.fails = fails
    with pytest.raises(EnvironmentFault) as refused:
        questions.prepare(THERE, world.run, world.tell)
    text = str(refused.value)
    assert name in text
    assert "seen:   exit code 1: mkdir: Permission denied: user=nobody" in text
    assert "try:" in text


def test_who_does_not_answer_later_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "metastore", lambda *_: probes.Probe("", lambda: ""))
    assert questions.sick(THERE) == []
    world.gone = {"presto", "datanode"}
    assert questions.sick(THERE) == [("presto", "no presto"), ("namenode", "no datanode")]
