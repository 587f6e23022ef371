"""Extracting events from Kafka to Parquet: rows a second, in our way and the original's, and how the cost grows.

Both ways run by turns in one driver, on one kept cluster of the local backend, so the ratio is that of the code alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from bench import measured, tables

RESULT = Path(__file__).parent / "results" / "extract.json"
SIZES = (10_000, 100_000, 1_000_000)
PAIRED = 1_000_000
"""The size at which the original's way runs too."""

ROUNDS = 5
PARTITIONS = 2
GOAL, TIMES = 300_000, 5
THROUGHPUT = "_JAVA_OPTIONS=-XX:TieredStopAtLevel=4"
"""For a long job: the JVM compiles all that it can. The harness starts its JVMs for short ones."""


def measure() -> None:
    """Fill a topic of each size, extract each, and keep the seconds."""
    with measured.kept_cluster():
        seconds = {str(size): _extract(size) for size in SIZES}
    result = {"machine": measured.machine(), "seconds": seconds}
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _extract(size: int) -> dict[str, list[float]]:
    topic = f"bench-{size}"
    create = f"kafka-topics --create --topic {topic} --partitions {PARTITIONS} --bootstrap-server kafka:29092"
    measured.execute("kafka", create)
    measured.say(f"extract: {size} events")
    measured.execute("mids", f"python bench/make_events.py {size} | kafkacat -P -b kafka:29092 -t {topic}")
    ways = "ours original" if size == PAIRED else "ours"
    told = measured.execute(
        "spark", f"{THROUGHPUT} EVENTS_TOPIC={topic} spark-submit bench/extract_job.py {ROUNDS} {ways}"
    )
    found: dict[str, list[float]] = {}
    for way, rows, seconds in re.findall(r"^(\w+): (\d+) rows in ([\d.]+) s$", told, re.MULTILINE):
        if int(rows) != size:
            raise SystemExit(f"{way}: {rows} rows of {size}")
        found.setdefault(way, []).append(float(seconds))
    return found


def page(result: Mapping[str, Any]) -> Iterable[str]:
    """Give this benchmark's part of docs/performance.md."""
    seconds = result["seconds"]
    ours, original = (median(seconds[str(PAIRED)][way]) for way in ("ours", "original"))
    yield "## From Kafka to Parquet"
    yield ""
    yield (
        f"Measured by `./run bench extract` on the local backend: the purchases of a topic of {PARTITIONS} partitions, "
        f"read, checked and written to HDFS in one running driver, with `{THROUGHPUT}`; medians of {ROUNDS} rounds, "
        f"by turns. At {PAIRED:,} events our job takes **{PAIRED / ours:,.0f} rows/s** (goal {GOAL:,}), the original's "
        f"`rdd.map(Row)` {PAIRED / original:,.0f}: **{original / ours:.1f} times** (goal {TIMES})."
    )
    yield ""
    rows = [(f"{int(size):,}", [median(of["ours"]), int(size) / median(of["ours"])]) for size, of in seconds.items()]
    yield from tables.table(("events", "median, s", "rows/s"), rows)
