"""The running backend, for real: a cluster of several machines that the harness did not start, and leaves as it was."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from machine import HARNESS, PROJECT, harness, nothing_left, run, started
from several import container, several_machines

from harness.cluster import probes
from harness.cluster.compose import multi
from harness.cluster.running import metastore, topics


@pytest.fixture(scope="module")
def cluster() -> Iterator[Mapping[str, str]]:
    with several_machines() as addresses:
        yield addresses


def belongings() -> dict[str, Any]:
    """Give all that the cluster keeps: topics, databases, folders, Presto's tables."""
    there = multi.elsewhere()
    with topics.admin(there.kafka) as admin:
        named = sorted(admin.list_topics())
    folders = json.loads(probes.http_get(f"http://{there.namenode_http}/webhdfs/v1/tmp?op=LISTSTATUS"))
    return {
        "topics": named,
        "databases": metastore.databases(there.metastore),
        "folders": sorted(each["pathSuffix"] for each in folders["FileStatuses"]["FileStatus"]),
        "schemas": probes.presto_query(there.presto, "show schemas from hive"),
    }


def test_its_counts_are_those_of_a_local_run_and_nothing_is_left(cluster: Mapping[str, str], tmp_path: Path) -> None:
    before, out = belongings(), tmp_path / "out"
    asked = ("cluster", "api", "topic", "load", "batch", "hive", "presto", "teardown")
    ended = harness("step", *asked, "--backend", "running", "--out", out, env=dict(cluster), timeout=900)
    assert ended.code == 0, ended.output
    assert belongings() == before
    checked = harness("check", out, "--steps", ",".join(asked), cwd=PROJECT)
    assert checked.code == 0, checked.output
    record = ended.record(out)
    assert record["backend"] == "running"
    assert any(name.startswith("/tmp/w205") for name in record["names"])
    nothing_left(within=10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_an_ended_run_made_goes(cluster: Mapping[str, str], tmp_path: Path, number: signal.Signals) -> None:
    before = belongings()
    words = [HARNESS, "step", "topic", "--backend", "running", "--out", tmp_path / "out"]
    with started(tmp_path / "output", *words, environment=dict(cluster)) as going:
        while "step     cluster        passed" not in going.output:
            assert going.process.poll() is None, going.output
            time.sleep(0.2)
        assert belongings() != before
        going.process.send_signal(number)
        going.end(timeout=60)
    if number is signal.SIGKILL:  # then the next run at these addresses clears it away
        again = harness("step", "files", "--backend", "running", "--out", tmp_path / "again", env=dict(cluster))
        assert again.code == 0, again.output
        assert "removed what the killed run" in again.output
    assert belongings() == before
    nothing_left(within=10)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HARNESS_KAFKA", "127.0.0.1:1", "kafka at 127.0.0.1:1"),
        ("HARNESS_METASTORE", "127.0.0.1:1", "metastore at 127.0.0.1:1"),
        ("HARNESS_PRESTO", "127.0.0.1:1", "presto at 127.0.0.1:1"),
        ("HARNESS_SPARK", "spark://127.0.0.1:1", "spark at spark://127.0.0.1:1"),
        ("HARNESS_KAFKA_REPLICAS", "9", "cannot keep 9 copies of each event"),
        ("HARNESS_HDFS_REPLICAS", "9", "cannot keep 9 copies of each block"),
    ],
)
def test_what_it_lacks_is_named_before_the_first_step_and_nothing_is_made(
    cluster: Mapping[str, str], tmp_path: Path, name: str, value: str, words: str
) -> None:
    before = belongings()
    ended = harness("step", "files", "--backend", "running", "--out", tmp_path / "out", env={**cluster, name: value})
    assert ended.code == 3, ended.output
    assert words in ended.output
    assert belongings() == before
    nothing_left(within=10)


def test_a_folder_that_the_user_may_not_write_to_is_named(cluster: Mapping[str, str], tmp_path: Path) -> None:
    assert run("docker", "exec", container("namenode"), "hadoop", "fs", "-mkdir", "-p", "/closed").code == 0
    before = belongings()
    given = {**cluster, "HARNESS_USER": "nobody", "HARNESS_FOLDER": "/closed"}
    ended = harness("step", "files", "--backend", "running", "--out", tmp_path / "out", env=given)
    assert ended.code == 3, ended.output
    assert "Permission denied: user=nobody" in ended.output
    assert belongings() == before
    nothing_left(within=10)


def test_a_prefix_that_something_has_is_refused_and_that_stays(cluster: Mapping[str, str], tmp_path: Path) -> None:
    there = multi.elsewhere()
    with topics.admin(there.kafka) as admin:
        admin.create_topics({"theirs-events": {"num_partitions": 1, "replication_factor": 3}})
    try:
        while "theirs-events" not in (before := belongings())["topics"]:  # brokers tell of it one after another
            time.sleep(0.2)
        given = {**cluster, "HARNESS_PREFIX": "theirs"}
        ended = harness("step", "files", "--backend", "running", "--out", tmp_path / "out", env=given)
        assert ended.code == 3, ended.output
        assert "The prefix theirs is taken" in ended.output
        assert "the topic theirs-events" in ended.output
        assert belongings() == before
    finally:
        with topics.admin(there.kafka) as admin:
            admin.delete_topics(["theirs-events"])
