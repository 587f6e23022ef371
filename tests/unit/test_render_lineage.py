"""The lineage graph follows the commands that ran."""

from __future__ import annotations

from dataclasses import replace

from samples import capture, record_of, sample_record

from harness.model import Capture, Outcome, StepRecord
from harness.render.lineage import mermaid


def step(name: str, *commands: Capture) -> StepRecord:
    return StepRecord(name, name, "", Outcome.PASSED, None, 1.0, commands)


def edges(*steps: StepRecord) -> list[str]:
    """Give the edges with the labels of their nodes."""
    lines = mermaid(replace(sample_record(), steps=steps or sample_record().steps)).splitlines()
    names = {line.split("[")[0].split("(")[0].strip(): line.split('"')[1] for line in lines if '"' in line}
    arrows = [line.split(maxsplit=1) for line in lines[1:] if '"' not in line]
    return [" ".join([names[source], *rest.split()[:-1], names[rest.split()[-1]]]) for source, rest in arrows]


def test_data_goes_from_endpoint_to_query_with_counts_and_dots_where_a_step_failed() -> None:
    assert edges() == [
        "/ -->|20 requests| events",
        "/purchase_a_sword -->|20 requests| events",
        "events --> filtered_writes.py",
        "filtered_writes.py -->|20 rows| /tmp/purchases (Parquet)",
        "/tmp/purchases (Parquet) -.-> table purchases",
        "table purchases -.->|19 rows| Presto",
    ]


def test_a_table_comes_from_its_folder_and_from_the_job_of_the_step_before() -> None:
    topic = step("topic", capture("a", "kafka", "kafka-topics --create --topic events"))
    batch = step(
        "batch",
        capture("b", "spark", "spark-submit /w205/a.py"),
        capture("c", "cloudera", "hadoop fs -ls /tmp/"),
        capture("d", "cloudera", "hadoop fs -ls /tmp/purchases"),
        capture("e", "cloudera", "hadoop fs -ls /tmp/checkpoints_for_purchases"),
    )
    hive = step("hive", capture("f", "spark", "spark-submit /w205/write_hive_table.py"))
    presto = step("presto", capture("g", "presto", "select * from hive.default.purchases limit 1;", rows=1))
    console = step("filter-batch", capture("h", "spark", "spark-submit filter.py", rows=20))
    assert edges(topic, batch, hive, presto, console) == [
        "events --> a.py",
        "a.py --> /tmp/purchases (Parquet)",
        "events --> write_hive_table.py",
        "/tmp/purchases (Parquet) --> table purchases",
        "write_hive_table.py --> table purchases",
        "table purchases -->|1 row| Presto",
        "events --> filter.py",
        "filter.py -->|20 rows| console",
    ]


def test_a_table_that_a_step_makes_and_queries_comes_from_its_job() -> None:
    job = capture("a", "spark", "spark-submit write_guilds_table.py", rows=20)
    query = capture("b", "presto", 'presto --execute "select count(*) from guild_joins"', rows=20)
    assert edges(
        step("topic", capture("c", "kafka", "kafka-topics --create --topic events")), step("guild", job, query)
    ) == [
        "events --> write_guilds_table.py",
        "write_guilds_table.py -->|20 rows| console",
        "write_guilds_table.py --> table guild_joins",
        "table guild_joins -->|20 rows| Presto",
    ]


def test_only_requests_that_send_an_event_are_endpoints() -> None:
    topic = capture("a", "kafka", "kafka-topics --create --topic events")
    reads = capture("b", "mids", "curl http://localhost:5000/players/alice/inventory")
    writes = capture("c", "mids", "curl -X POST http://localhost:5000/guilds/red/members")
    assert edges(step("guild", topic, reads, writes)) == ["/guilds/red/members --> events"]


def test_names_cannot_break_out_of_the_graph() -> None:
    hostile = capture("a", "mids", 'kafkacat -t events"]\nclick; ab http://h/x"]|<b>`')
    assert edges(step("load", hostile)) == ["/x --> events"]


def test_there_is_no_graph_where_nothing_flows() -> None:
    assert mermaid(record_of(capture("a", "mids", "ls"))) == ""
