"""Commands and jobs as they were written in 2018 run with a guest's commands, and give what they gave then."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from harness import progress, settings
from harness.cluster import backends, runs
from harness.cluster.addresses import ORIGINAL, Addresses
from harness.cluster.guest_commands import guest_environment
from harness.cluster.layout import layout_of
from harness.cluster.protocol import Cluster
from harness.cluster.stack import REDIS, SERVERS, Stack
from harness.errors import EnvironmentFault
from harness.model import Capture

SEND = """\
import json
from kafka import KafkaProducer
from kafka.errors import NoBrokersAvailable
producer = KafkaProducer(bootstrap_servers='kafka:29092', api_version=(0, 10, 1), acks=1, sock_chunk_bytes=4096)
for number in range(10):
    event = {'event_type': 'purchase_sword', 'Host': 'user1.comcast.com', 'User-Agent': 'ab', 'Accept': '*/*'}
    producer.send('events', json.dumps(event).encode())
producer.flush()
"""

JOB = """\
#!/usr/bin/env python
import json
from pyspark.sql import HiveContext, Row, SparkSession, SQLContext
from pyspark.sql.functions import udf
from pyspark.sql.types import IntegerType, StringType, StructField, StructType


@udf('boolean')
def is_purchase(event_as_json):
    return json.loads(event_as_json)['event_type'] == 'purchase_sword'


def main():
    spark = SparkSession.builder.appName("ExtractEventsJob").enableHiveSupport().getOrCreate()
    raw = spark.read.format("kafka").option("kafka.bootstrap.servers", "kafka:29092") \\
        .option("subscribe", "events").option("startingOffsets", "earliest").option("endingOffsets", "latest").load()
    purchases = raw.select(raw.value.cast('string').alias('raw'), raw.timestamp.cast('string')) \\
        .filter(is_purchase('raw'))
    extracted = purchases.rdd.map(lambda r: Row(timestamp=r.timestamp, **json.loads(r.raw))).toDF()
    extracted.registerTempTable("extracted")
    extracted.coalesce(1).write.mode("overwrite").parquet("/tmp/purchases")
    spark.sql("drop table if exists purchases")
    spark.sql("create external table if not exists purchases stored as parquet location '/tmp/purchases' "
              "as select * from extracted")
    spark.sql("create table managed as select * from extracted")
    extracted.write.mode("overwrite").saveAsTable("saved")
    schema = StructType([StructField("b", IntegerType()), StructField("a", StringType())])
    spark.createDataFrame([Row(b=7, a="x")], schema).write.saveAsTable("by_schema")
    spark.sql("create table casts as select cast('x' as int) as number, to_date('2018-7-1', 'yyyy-MM-dd') as day")
    print("counted", HiveContext(spark.sparkContext).sql("select count(*) from purchases").collect()[0][0])
    print("tables", SQLContext(spark.sparkContext).sql("show tables").count())


if __name__ == "__main__":
    main()
"""

TABLE = """\
create external table if not exists renamed (accept string, host string, user_agent string, kind string, ts string)
stored as parquet location '/tmp/purchases';
select count(*) from renamed;
"""


class Guest:
    """Runs commands in a cluster as a guest has them, all but its sandbox."""

    def __init__(self, cluster: Cluster, project: Path) -> None:
        self.project = project
        self._cluster = cluster
        added = Stack(added=(REDIS,)).listeners
        ports = {name: port for name, (_, port) in {**ORIGINAL, **added}.items()}
        addresses = Addresses("private", ports, added=added)
        self._layout = layout_of(runs.read_spec(cluster.folder), cluster.folder, addresses)

    def run(self, service: str, command: str) -> Capture:
        own = {**guest_environment(self._layout, service), "HARNESS_HELPS": "/w205/helps"}
        settings = [f"{name}={value}" for name, value in own.items()]
        done = self._cluster.exec(service, shlex.join(["env", "-i", *settings, "bash", "-c", command]))
        assert done.exit_code == 0, f"{done.stdout}\n{done.stderr}"
        return done

    def rows(self, sql: str) -> list[list[str]]:
        presto = "presto --server presto:8080 --catalog hive --schema default --output-format JSON --execute"
        printed = self.run("presto", f"{presto} {shlex.quote(sql)}").stdout
        return [list(json.loads(line).values()) for line in printed.splitlines()]

    @property
    def helps(self) -> list[str]:
        return [line.partition("\t")[0] for line in (self.project / "helps").read_text().splitlines()]


@pytest.fixture
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    project = tmp_path_factory.mktemp("guests")
    (project / "pyproject.toml").write_text("[tool.harness]\n")
    for name, text in {"send.py": SEND, "job.py": JOB, "table.sql": TABLE}.items():
        (project / name).write_text(text)
    found = replace(settings.resolve(project=project, mode="private"), guests=True, stack=Stack(added=(REDIS,)))
    download = progress.DownloadProgress(Console(quiet=True))
    try:
        cluster = backends.start(found, lambda: project / "logs", download, lambda _: None)
    except EnvironmentFault as problem:
        pytest.skip(str(problem))
    try:
        cluster.up([*SERVERS, "redis"])
        yield Guest(cluster, project)
    finally:
        cluster.down(quick=True)


def test_what_was_written_in_2018_runs_unchanged(guest: Guest) -> None:
    guest.run("kafka", "kafka-topics --create --topic events --partitions 1 --replication-factor 1 --zookeeper z:32181")
    guest.run("mids", "pip install kafka-python redis && python send.py")
    read = "kafka-console-consumer --zookeeper zookeeper:32181 --topic events --from-beginning --max-messages 10"
    assert guest.run("kafka", read).stdout.count('"event_type"') == 10
    produced = "seq 3 | kafka-console-producer --request-required-acks 1 --broker-list kafka:29092 --topic foo"
    guest.run("kafka", produced)

    job = guest.run("spark", "spark-submit /w205/job.py")
    assert "counted 10" in job.stdout
    assert "FutureWarning" not in job.stdout + job.stderr
    assert guest.run("cloudera", "hive -f table.sql").stdout.splitlines() == ["10"]

    # Columns stand in the order of their names, as they did when rows sorted their fields in the workers.
    event = ["*/*", "user1.comcast.com", "ab", "purchase_sword"]
    names = [row[0] for row in guest.rows("describe purchases")]
    assert names == ["accept", "host", "user-agent", "event_type", "timestamp"]
    for table in ("purchases", "managed", "saved", "renamed"):
        found = guest.rows(f"select * from {table}")
        assert [row[:4] for row in found] == [event] * 10, table
    # `renamed` has them under other names, so they were found by position.
    assert guest.rows("select count(*) from renamed where user_agent = 'ab' and ts is not null") == [[10]]
    assert guest.rows("select b, a from by_schema") == [[7, "x"]]
    assert guest.rows("select number, day from casts") == [[None, "2018-07-01"]]

    script = (
        "spark.sql('select count(*) from purchases').show()\\nRow = __import__('pyspark').sql.Row\\nRow(b=1, a=2)\\n"
    )
    shell = guest.run("spark", f'printf "{script}" | pyspark --master local[1]')
    assert "|      10|" in shell.stdout
    assert "Row(a=2, b=1)" in shell.stdout

    redis = "from redis import Redis; r = Redis(host='redis', port='6379'); r.incr('n'); print(r.get('n'))"
    assert guest.run("mids", f'python -c "{redis}"').stdout == "b'1'\n"
    assert set(guest.helps) == {"zookeeper", "kafka-python", "udf", "location", "row"}
    assert guest.helps.count("udf") == 1
