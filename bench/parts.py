"""Where the time goes: what the processors do while a cluster starts, and the parts of a Spark batch step."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from bench import measured, tables

RESULT = Path(__file__).parent / "results" / "parts.json"
ROUNDS = 3
TOPIC, EVENTS = "bench-parts", 40
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
        down = time.monotonic() - clock
        took = {"cluster": {"up": boot, "down": down}, "processors": processors, "step": driver}
        measured.say(f"parts, round {number}: {took}")
        if number:  # in the first, class-data archives may be written
            rounds.append(took)
    measured.keep(RESULT, rounds=rounds)


def _processors() -> dict[str, float]:
    """Give the seconds that processors have worked for each server that runs."""
    found = {}
    for process in psutil.process_iter(["name", "cmdline", "cpu_times"]):
        arguments = next((Path(word) for word in process.info["cmdline"] or () if word.startswith("@")), None)
        if process.info["name"] == "java" and arguments:
            times = process.info["cpu_times"]
            found[arguments.stem] = times.user + times.system
    return found


def _driver() -> dict[str, float]:
    """Run the step, and give the seconds of each of its parts."""
    measured.fill(TOPIC, EVENTS)
    submit = f"EVENTS_TOPIC={TOPIC} spark-submit bench/parts_job.py 2>/dev/null"
    told = measured.execute("spark", f"echo begun: $EPOCHREALTIME; {submit}; echo ended: $EPOCHREALTIME")
    moments = re.findall(r"^(\w+): ([\d.]+)$", told, re.MULTILINE)
    return {name: float(moment) - float(before) for (_, before), (name, moment) in pairwise(moments)}


def page(result: Mapping[str, Any]) -> Iterable[str]:
    """Give this benchmark's part of docs/performance.md."""
    kinds = ("cluster", "processors", "step")
    cluster, processors, step = (measured.medians([each[kind] for each in result["rounds"]]) for kind in kinds)
    count, worked = result["machine"]["processors"], sum(processors.values())
    yield "## Where the time goes"
    yield ""
    yield f"Measured by `./run bench parts` on the local backend, medians of {len(result['rounds'])} rounds."
    yield ""
    yield (
        f"**The start** (P1, P3) takes {cluster['up']:.1f} s by `harness up`. In it the servers' JVMs work for "
        f"{worked:.1f} s, which {count} processors can do in {worked / count:.1f} s at the best: it is the processors "
        f"that bound it, not the waiting. `harness down` takes {cluster['down']:.1f} s."
    )
    yield ""
    rows = sorted(processors.items(), key=lambda row: -row[1])
    yield from tables.table(("", "processors' seconds until all are useful"), [(name, [took]) for name, took in rows])
    yield ""
    yield (
        "Presto comes last: it wires its parts and writes classes of its own at each start, in code that is cold. What "
        "made the start faster is there: class-data archives, which hold the classes of Presto's plugin too; the first "
        "compiler alone, the serial collector, a metastore and a NameNode that are prepared, all servers side by side."
    )
    yield ""
    yield "**A Spark batch step** (P5, P3) of 40 events, by its parts:"
    yield ""
    yield from tables.table(("", "s"), [(words, [step[name]]) for name, words in PARTS.items()])
    yield ""
    yield (
        f"The work takes {step['work']:.1f} s where it comes first, and {step['again']:.1f} s once more: the "
        "difference is what the JVM loads, links and compiles, the classes of lambdas and of generated code above all, "
        "which archives of Java 17 do not hold. Spark without generated code, and without adaptive execution, was "
        "tried, and gained less than a tenth. A driver that is warm before its step was not built: the command would "
        "not be the process that runs the job, so its signals, its exit code and its death would be those of another; "
        "and a spare driver's memory would stand beside that of the one that works (P4)."
    )
