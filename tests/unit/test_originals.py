"""A record of a cluster of others', read in the original's names."""

from __future__ import annotations

from dataclasses import replace

from golden_projects import SAMPLE

from harness import record as records
from harness.check.compare import compare
from harness.cluster.elsewhere import Elsewhere
from harness.model import Capture, StepRecord
from harness.originals import in_originals, read_capture
from harness.outputs import derive

THERE = Elsewhere(
    kafka="10.1.0.11:9092,10.1.0.12:9092",
    hdfs="hdfs://10.1.0.20:8020",
    metastore="10.1.0.30:9083",
    presto="10.1.0.40:8080",
    prefix="kim_1",
    kafka_replicas=3,
)


def moved(text: str) -> str:
    """Write a text as that cluster would have it."""
    for original, used in (
        ("hdfs://cloudera:8020", THERE.hdfs),
        ("kafka:29092", THERE.kafka),
        ("presto:8080", THERE.presto),
        ("/tmp", "/tmp/kim_1"),
        ("-t events", "-t kim_1-events"),
        ("--topic events", "--topic kim_1-events"),
        ("topic events", "topic kim_1-events"),
        ("--schema default", "--schema kim_1"),
        ("--replication-factor 1", "--replication-factor 3"),
        ("ReplicationFactor: 1", "ReplicationFactor: 3"),
    ):
        text = text.replace(original, used)
    return text


def test_each_name_stands_for_one() -> None:
    names = THERE.originals
    for text in (
        "kafkacat -C -b kafka:29092 -t events -o beginning",
        "kafka-topics --create --topic events --partitions 1 --replication-factor 1",
        'presto --server presto:8080 --catalog hive --schema default --execute "show tables"',
        "hadoop fs -ls /tmp/purchases",
        "hdfs://cloudera:8020/tmp/purchases/part-00000",
    ):
        there = moved(text)
        assert there != text
        assert in_originals(there, names) == text
    assert in_originals("/tmp/kim_1.db", names) == "/tmp.db"


def test_a_prefix_inside_of_a_word_stays() -> None:
    names = replace(THERE, prefix="red").originals
    for text in ("jobs/filtered_writes.py", "HTML transferred", "required", "/tmp/redis", "reduce"):
        assert in_originals(text, names) == text
    assert in_originals("red-events in /tmp/red/purchases, --schema red", names) == (
        "events in /tmp/purchases, --schema default"
    )


def test_a_number_that_only_begins_like_one_stays() -> None:
    assert in_originals("--replication-factor 30", THERE.originals) == "--replication-factor 30"
    assert in_originals("10.1.0.40:80801 110.1.0.40:8080", THERE.originals) == "10.1.0.40:80801 110.1.0.40:8080"


def test_without_names_nothing_is_read_anew() -> None:
    capture = SAMPLE.steps[0].commands[0]
    assert read_capture(capture, {}) is capture
    assert '"names"' not in records.to_json(SAMPLE)


def test_a_record_of_a_cluster_of_others_is_equal_to_one_of_ones_own() -> None:
    def there(capture: Capture) -> Capture:
        command, stdout, stderr = map(moved, (capture.command, capture.stdout, capture.stderr))
        return replace(capture, command=command, stdout=stdout, stderr=stderr, facts=derive(command, stdout, stderr))

    def step(one: StepRecord) -> StepRecord:
        return replace(one, commands=tuple(map(there, one.commands)))

    other = replace(SAMPLE, backend="running", steps=tuple(map(step, SAMPLE.steps)), names=THERE.originals)
    assert other.steps != SAMPLE.steps
    assert compare(SAMPLE, other).differences == ()
    assert compare(other, SAMPLE).differences == ()
    assert records.from_json(records.to_json(other)).names == THERE.originals
    assert compare(SAMPLE, replace(other, names={})).differences != ()
