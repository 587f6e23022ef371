"""A cluster that stays up: single steps join it, and programs that are not ours work on it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import Ended, assert_a_notebook_reaches_presto, harness, run

from bench import extract
from harness.cluster.toolchain import fetch, pyspark_dir
from harness.cluster.toolchain.lock import components
from harness.settings import cache_dir

USER1 = "user1.comcast.com"


@pytest.fixture(scope="module")
def up() -> Iterator[None]:
    ended = harness("up")
    assert ended.code == 0, ended.output
    yield
    down = harness("down")
    assert down.code == 0, down.output
    assert "nothing is left" in down.output


@pytest.fixture(autouse=True)
def clean_machine() -> None:
    """Here the cluster stays between tests; the last test looks."""


def mids(*words: str) -> Ended:
    return harness("exec", "mids", *words)


@pytest.mark.usefixtures("up")
class TestAClusterThatIsUp:
    def test_the_commands_of_the_original_run_as_typed(self) -> None:
        topic = ("--topic", "events", "--partitions", "1", "--replication-factor", "1", "--if-not-exists")
        created = harness("exec", "kafka", "kafka-topics", "--create", *topic, "--zookeeper", "zookeeper:32181")
        assert created.code == 0
        assert "Created topic events." in created.output
        load = mids("ab", "-n", "10", "-H", f"Host: {USER1}", "http://localhost:5000/purchase_a_sword")
        assert load.code == 0
        assert "Complete requests:      10" in load.output
        seen = mids("kafkacat", "-C", "-b", "kafka:29092", "-t", "events", "-o", "beginning", "-e")
        assert seen.output.count('"event_type": "purchase_sword"') == 10
        job = harness("exec", "spark", "spark-submit", "jobs/write_hive_table.py")
        assert job.code == 0, job.output
        listed = harness("exec", "cloudera", "hadoop", "fs", "-ls", "/tmp/")
        assert "/tmp/purchases" in listed.output
        presto = ("presto", "--server", "presto:8080", "--catalog", "hive", "--schema", "default")
        counted = harness("exec", "presto", *presto, "--execute", "select count(*) from purchases")
        assert counted.output.strip() == '"10"'

    def test_exec_gives_back_the_exit_code_and_knows_its_services(self) -> None:
        assert mids("sh", "-c", "exit 7").code == 7
        assert harness("exec", "kafka", "presto").code == 127
        unknown = harness("exec", "nowhere", "true")
        assert unknown.code == 2
        assert "zookeeper, kafka, cloudera, spark, presto, mids" in unknown.output

    def test_exec_passes_its_input_on(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "harness", "exec", "mids", "cat"], input="as typed", capture_output=True, text=True
        )
        assert done.stdout == "as typed"

    def test_kcat_of_the_system_lists_the_topic(self) -> None:
        kcat = run("kcat", "-L", "-b", f"127.0.0.1:{port('kafka')}")
        assert 'topic "events" with 1 partitions' in kcat.output

    def test_the_presto_cli_queries_the_table(self) -> None:
        jar = fetch.maven_dir(cache_dir()) / components()["presto-cli"].artifacts[0].path
        words = ("--server", f"127.0.0.1:{port('presto')}", "--catalog", "hive", "--schema", "default")
        ended = run("java", "-jar", jar, *words, "--execute", "select count(*) from purchases")
        assert '"10"' in ended.output

    def test_an_hdfs_shell_lists_the_files(self, tmp_path: Path) -> None:
        (tmp_path / "core-site.xml").write_text("<configuration/>")
        jars = [str(jar) for jar in (pyspark_dir() / "jars").glob("*.jar")]
        words = ("org.apache.hadoop.fs.FsShell", "-fs", f"hdfs://127.0.0.1:{port('namenode')}", "-ls", "/tmp/purchases")
        ended = run("java", "-cp", ":".join([str(tmp_path), *jars]), *words)
        assert "/tmp/purchases/_SUCCESS" in ended.output, ended.output

    def test_python_clients_of_another_process_work(self) -> None:
        program = f"""
import kafka, prestodb
consumer = kafka.KafkaConsumer("events", bootstrap_servers="127.0.0.1:{port("kafka")}",
                               auto_offset_reset="earliest", consumer_timeout_ms=5000, group_id=None)
print("messages", sum(1 for _ in consumer))
cursor = prestodb.dbapi.connect(host="127.0.0.1", port={port("presto")}, user="me", catalog="hive",
                                schema="default").cursor()
cursor.execute("select count(*) from purchases")
print("rows", cursor.fetchall()[0][0])
"""
        ended = run(sys.executable, "-c", program)
        assert "messages 10\nrows 10" in ended.output, ended.output

    def test_a_notebook_reaches_presto(self, tmp_path: Path) -> None:
        assert_a_notebook_reaches_presto(tmp_path)

    def test_ps_and_logs_show_the_servers(self) -> None:
        shown = harness("ps")
        for name in ("zookeeper", "kafka", "namenode", "datanode", "metastore", "presto", "api"):
            assert f"{name} " in shown.output
        assert "127.0.0.1:29092" in shown.output
        assert "GET /purchase_a_sword" in harness("logs", "api").output
        assert harness("logs", "nothing").code == 2

    def test_a_benchmark_extracts_in_every_way(self) -> None:
        seconds = extract.extract(2_000, rounds=1)
        assert {way: len(rounds) for way, rounds in seconds.items()} == {
            "read": 1,
            "checked": 1,
            "ours": 1,
            "original": 1,
        }

    def test_a_second_up_says_that_it_is_up_already(self) -> None:
        again = harness("up")
        assert again.code == 0
        assert "is up already" in again.output


def port(service: str) -> int:
    for line in harness("ps").output.splitlines():
        if line.startswith(f"{service} "):
            return int(line.rpartition(":")[2])
    raise AssertionError(f"{service} is not up")
