"""Where the time goes: what the processors do while a cluster starts, and the parts of a Spark batch step."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from bench import measured, tables

RESULT = Path(__file__).parent / "results" / "profile.json"
ROUNDS = 5
TOPIC, EVENTS = "bench-profile", 40
PARTS = {
    "jvm": "the JVM, until it starts Python",
    "imports": "Python, until all is imported",
    "session": "the Spark session",
    "work": "read, show, write and count",
    "again": "the same work once more in this driver",
    "ended": "the end of the driver",
}
"""The parts of a Spark batch step in their order, and the work once more, which no step has."""


def measure() -> None:
    """Start a cluster so often, with a batch step in each, and keep what each part took."""
    rounds = []
    for number in range(ROUNDS + 1):
        clock = time.monotonic()
        with measured.kept_cluster():
            boot, processors = time.monotonic() - clock, _processors()
            driver = _driver()
            clock = time.monotonic()
        took = {"boot": boot, "processors": processors, "down": time.monotonic() - clock, **driver}
        measured.say(f"profile, round {number}: {took}")
        if number:  # in the first, class-data archives may be written
            rounds.append({name: round(seconds, 3) for name, seconds in took.items()})
    measured.keep(RESULT, rounds=rounds)


def _processors() -> float:
    """Give the seconds that processors have worked for the servers that run."""
    found = [process.info for process in psutil.process_iter(["name", "cpu_times"])]
    times = [info["cpu_times"] for info in found if info["name"] == "java"]
    return float(sum(each.user + each.system for each in times))


def _driver() -> dict[str, float]:
    """Run the step, and give the seconds of each of its parts."""
    measured.execute("kafka", f"kafka-topics --create --topic {TOPIC} --bootstrap-server kafka:29092")
    measured.execute("mids", f"python bench/make_events.py {EVENTS} | kafkacat -P -b kafka:29092 -t {TOPIC}")
    submit = f"EVENTS_TOPIC={TOPIC} spark-submit bench/profile_job.py 2>/dev/null"
    told = measured.execute("spark", f"echo begun: $EPOCHREALTIME; {submit}; echo ended: $EPOCHREALTIME")
    moments = re.findall(r"^(\w+): ([\d.]+)$", told, re.MULTILINE)
    return {name: float(moment) - float(before) for (_, before), (name, moment) in pairwise(moments)}


def page(result: Mapping[str, Any]) -> Iterable[str]:
    """Give this benchmark's part of docs/performance.md."""
    middle = {name: median(each[name] for each in result["rounds"]) for name in result["rounds"][0]}
    processors = result["machine"]["processors"]
    busy = middle["processors"] / (middle["boot"] * processors)
    yield "## Where the time goes"
    yield ""
    yield (
        f"Measured by `./run bench profile` on the local backend, medians of {len(result['rounds'])} rounds. "
        f"`harness up` takes {middle['boot']:.1f} s, in which the servers' JVMs keep the {processors} processors busy "
        f"for {middle['processors']:.1f} s: {busy:.0%} of what there is. `harness down` takes {middle['down']:.1f} s."
    )
    yield ""
    yield "A Spark batch step of 40 events, by its parts:"
    yield ""
    yield from tables.table(("", "s"), [(words, [middle[name]]) for name, words in PARTS.items()])
