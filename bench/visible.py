"""From the sending of an event until Presto shows it, through the stream of the options, `jobs/stream_players.py`."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench import measured
from bench.targets import Target

RESULT = Path(__file__).parent / "results" / "visible.json"
COUNT, UNCOUNTED = 400, 80
"""Events, and how many of the first are not counted: the driver starts, and the JVMs are cold."""

BEYOND = 3.0
"""Seconds beyond the trigger that are the goal for the slowest of a hundred."""


def measure() -> None:
    """Start the stream, send events, and keep what each took."""
    with measured.kept_cluster():
        measured.execute("kafka", "kafka-topics --create --topic bench-visible --bootstrap-server kafka:29092")
        command = "GAME_TOPIC=bench-visible HDFS_ROOT=/tmp/bench_visible exec spark-submit jobs/stream_players.py"
        words = [sys.executable, "-m", "harness", "exec", "spark", "bash", "-c", command]
        with subprocess.Popen(
            words, cwd=measured.PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        ) as driver:
            try:
                job = f"python -m bench.visible_job kafka:29092 presto:8080 bench-visible {COUNT} {UNCOUNTED}"
                told = measured.execute("mids", job)
            finally:
                driver.send_signal(signal.SIGINT)
    source = (measured.PROJECT / "jobs" / "stream_players.py").read_text(encoding="utf-8")
    trigger = re.search(r'^TRIGGER = "(\d+) seconds"$', source, re.MULTILINE)
    measured.keep(
        RESULT,
        trigger_seconds=int(trigger[1]) if trigger else None,
        seconds=json.loads(told.splitlines()[-1]),
    )


def p99(seconds: Iterable[float]) -> float:
    """Give the time within which 99 of a hundred were seen."""
    return quantiles(seconds, n=100)[-1]


def targets(result: Mapping[str, Any]) -> Iterable[Target]:
    """Give the target that this result decides."""
    trigger = result["trigger_seconds"]
    yield Target("P8", "event sent until Presto shows it, p99", p99(result["seconds"]), "s", trigger + BEYOND)


def page(result: Mapping[str, Any]) -> Iterable[str]:
    """Give this benchmark's part of docs/performance.md."""
    seconds, trigger = result["seconds"], result["trigger_seconds"]
    yield "## From an event to Presto"
    yield ""
    yield (
        f"Measured by `./run bench visible` on the local backend: {len(seconds)} events, four a second, from the "
        f"sending until a query of Presto's shows it, through `jobs/stream_players.py` with a trigger of {trigger} s. "
        f"Median {median(seconds):.1f} s, p99 **{p99(seconds):.1f} s** (goal {trigger + BEYOND:.0f} s), longest "
        f"{max(seconds):.1f} s."
    )
    yield ""
    yield (
        "An event waits for the batch under way, then for its own: about a second each, in which the messages are "
        "checked and held against all that came before, and each table gets its file. What made it faster is there: "
        "the tables get their files side by side; many files become one beside the batches; and compiled code is kept, "
        "by the JVM and by Spark, which else throw it away and compile it again after a minute "
        "([decisions.md](decisions.md))."
    )
