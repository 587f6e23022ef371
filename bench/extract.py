"""Extracting events from Kafka to Parquet: rows a second, in our way and in the original's.

Both ways run by turns in one driver, on one kept cluster of the local backend, so the ratio is that of the code alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from bench import measured
from bench.targets import Target

RESULT = Path(__file__).parent / "results" / "extract.json"
SIZE = 1_000_000
ROUNDS = 5
TOPIC = "bench-extract"
PARTITIONS = 2
WAYS = {
    "read": "messages that are only read",
    "checked": "read, and checked by the schema",
    "ours": "read, checked and written: our job",
    "original": "the original's `rdd.map(Row)`, written too",
}
WRITTEN = ("ours", "original")
"""The ways that write Parquet; the others are parts of ours, whose rows go nowhere."""

GOAL, TIMES = 300_000, 5
THROUGHPUT = "_JAVA_OPTIONS='-XX:TieredStopAtLevel=4 -XX:-UseSerialGC -XX:+UseParallelGC'"
"""For a long job: the JVM compiles all that it can. The harness starts its JVMs for short ones."""


def measure() -> None:
    """Fill a topic, extract it in both ways, and keep the seconds."""
    with measured.kept_cluster():
        seconds = extract(SIZE, ROUNDS)
    measured.keep(RESULT, seconds=seconds)


def extract(size: int, rounds: int) -> dict[str, list[float]]:
    """Fill a topic of the cluster that is up, and give the seconds of each way of extracting it."""
    measured.say(f"extract: {size} events")
    measured.fill(TOPIC, size, PARTITIONS)
    job = f"spark-submit bench/extract_job.py {rounds} {','.join(WRITTEN)} {' '.join(WAYS)}"
    told = measured.execute("spark", f"{THROUGHPUT} EVENTS_TOPIC={TOPIC} {job}")
    counted = re.findall(r"^rows of (\w+): (\d+)$", told, re.MULTILINE)
    if sorted(counted) != sorted([(way, str(size)) for way in WRITTEN] * rounds):
        raise SystemExit(f"not {size} rows in each round: {counted}")
    found = re.findall(r"^(\w+): ([\d.]+) s$", told, re.MULTILINE)
    return {way: [float(seconds) for name, seconds in found if name == way] for way in WAYS}


def _rates(result: Mapping[str, Any]) -> dict[str, float]:
    """Give the rows a second of each way."""
    return {way: SIZE / median(seconds) for way, seconds in result["seconds"].items()}


def targets(result: Mapping[str, Any]) -> Iterable[Target]:
    """Give the target that this result decides."""
    rates = _rates(result)
    ratio = rates["ours"] / rates["original"]
    what = f"from Kafka to Parquet, {SIZE:,} events"
    by = "the original's rdd.map(Row)"
    yield Target("P6", what, rates["ours"], "rows/s", GOAL, ratio, by, TIMES, more_is_better=True)


def page(result: Mapping[str, Any]) -> Iterable[str]:
    """Give this benchmark's part of docs/performance.md."""
    rates = _rates(result)
    yield "## From Kafka to Parquet"
    yield ""
    yield (
        f"Measured by `./run bench extract` on the local backend: the purchases of a topic of {PARTITIONS} partitions, "
        f"read, checked and written to HDFS in one running driver, with `{THROUGHPUT}`; medians of {ROUNDS} rounds, "
        f"by turns. At {SIZE:,} events our job takes **{rates['ours']:,.0f} rows/s**, "
        f"**{rates['ours'] / rates['original']:.1f} times** the original's."
    )
    yield ""
    yield "| | rows/s | s |"
    yield "| --- | ---: | ---: |"
    for way, words in WAYS.items():
        yield f"| {words} | {rates[way]:,.0f} | {SIZE / rates[way]:.2f} |"
    yield ""
    yield (
        "Broker, NameNode, DataNode and driver share the processors. Checking and writing are the most of it; the "
        "goal would leave less for all than reading and checking take alone. What made it faster is there: each "
        "message is read by the schema once, not for the filter and for the columns (`inline` in "
        "`jobs/game_events.py`). What gained less than a tenth is not: `json_tuple` in place of `from_json`, larger "
        "answers of the broker (`max.poll.records`, `max.partition.fetch.bytes`)."
    )
