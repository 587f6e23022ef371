"""What is kept of a run and of the machine that it was measured on."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

PROJECT = Path(__file__).parents[1]


def machine() -> dict[str, int | None]:
    """Give the machine's processors and memory."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"processors": os.cpu_count(), "memory_gigabytes": round(memory / 1e9)}


def figures(record: Mapping[str, Any]) -> dict[str, Any]:
    """Give a record's peak memory, and the seconds of its servers and steps."""
    return {
        "peak_memory_megabytes": round(record["peak_memory_bytes"] / 1e6),
        "services": {s["name"]: s["ready_seconds"] for s in record["services"]},
        "steps": {s["id"]: s["seconds"] for s in record["steps"]},
    }


def harness(*words: str, environment: Mapping[str, str] | None = None) -> str:
    """Run the command line and give what it printed. Ends the benchmark where it fails."""
    ended = subprocess.run(
        [sys.executable, "-m", "harness", *words],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        sys.exit(f"harness {shlex.join(words)} ended with {ended.returncode}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


@contextmanager
def kept_cluster() -> Iterator[None]:
    """Bring the local cluster up, and take it down."""
    harness("up")
    try:
        yield
    finally:
        harness("down")


def execute(service: str, command: str) -> str:
    """Run a shell command in a service of the cluster that is up."""
    return harness("exec", service, "bash", "-c", command)


def fill(topic: str, events: int, partitions: int = 1) -> None:
    """Make a topic in the cluster that is up, with so many events of the original's form."""
    create = f"kafka-topics --create --topic {topic} --partitions {partitions} --bootstrap-server kafka:29092"
    execute("kafka", create)
    execute("mids", f"python bench/make_events.py {events} | kafkacat -P -b kafka:29092 -t {topic}")


def medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Give the median of each figure of several runs that have the same ones."""
    return {name: median(run[name] for run in runs) for name in runs[0]}


def keep(file: Path, **result: Any) -> None:
    """Keep a result, with the machine that it was measured on."""
    file.parent.mkdir(exist_ok=True)
    text = json.dumps({"machine": machine(), **result}, indent=2, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


def say(words: str) -> None:
    """Tell what is done now."""
    print(f"bench: {words}", file=sys.stderr, flush=True)
