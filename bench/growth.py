"""How the cost grows: each stage of the pipeline with ten times the events of the time before, and its memory.

Each stage is a command as a user has it, with the start of its driver: messages into Kafka (`kafkacat`), from Kafka to
Parquet in batch, through the stream of the options until Presto shows all, and a query by Presto.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from bench import charts, measured
from harness.cluster import probes
from harness.cluster.addresses import ORIGINAL

RESULT = Path(__file__).parent / "results" / "growth.json"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
STAGES = {
    "send": "into Kafka, by kafkacat",
    "batch": "Kafka to Parquet, in batch",
    "stream": "Kafka to Presto, by the stream",
    "query": "a count by Presto",
}
MOST_STREAMED = 1_000_000
"""The most events of the stream, which remembers the id of each one."""

JAVA = "export _JAVA_OPTIONS='-XX:TieredStopAtLevel=4 -Xmx3g'"
"""For long jobs: the whole compiler and a larger heap. The harness starts its JVMs for short ones."""

PARTITIONS = 2
TABLES = ("guild_events", "item_events", "cart_events", "order_lines", "quarantine", "player_states")
LONGEST = 900.0
"""Seconds within which the stream must show all."""


def measure() -> None:
    """Run each stage with each size, and keep seconds and memory."""
    found: dict[str, dict[str, Any]] = {}
    with measured.kept_cluster():
        for size in SIZES:
            found[str(size)] = dict(_stages(size))
            measured.say(f"{size} events: {found[str(size)]}")
    measured.keep(RESULT, sizes=found)


def _stages(size: int) -> Iterator[tuple[str, dict[str, float]]]:
    yield "send", {"seconds": _send(size, "original")}
    with _memory_of("write_hive_table.py") as peak:
        seconds = _timed(
            "spark", f"{JAVA} EVENTS_TOPIC=bench-original-{size}; exec spark-submit jobs/write_hive_table.py"
        )
    yield "batch", {"seconds": seconds, "megabytes": peak()}
    sql = "select event_type, count(*) from purchases group by event_type"
    query = f'exec presto --server presto:8080 --catalog hive --schema default --execute "{sql}"'
    yield "query", {"seconds": _timed("presto", query, shows=str(size))}
    if size <= MOST_STREAMED:
        _send(size, "options")
        yield "stream", _stream(size)


def _send(size: int, form: str) -> float:
    """Fill a topic; what making the events takes is not counted."""
    topic, file = f"bench-{form}-{size}", f"/tmp/bench-events-{size}"
    measured.execute(
        "kafka", f"kafka-topics --create --topic {topic} --partitions {PARTITIONS} --bootstrap-server kafka:29092"
    )
    measured.execute("mids", f"python bench/make_events.py {size} {form} > {file}")
    seconds = _timed("mids", f"kafkacat -P -b kafka:29092 -t {topic} -l {file}")
    measured.execute("mids", f"rm {file}")
    return seconds


def _stream(size: int) -> dict[str, float]:
    """Start the stream, and wait until Presto shows all."""
    variables = f"GAME_TOPIC=bench-options-{size} HDFS_ROOT=/tmp/bench-{size}"
    command = f"{JAVA} {variables}; exec spark-submit jobs/stream_players.py"
    words = [sys.executable, "-m", "harness", "exec", "spark", "bash", "-c", command]
    presto = "127.0.0.1:{}".format(ORIGINAL["presto"][1])
    clock = time.monotonic()
    with (
        _memory_of("stream_players.py") as peak,
        subprocess.Popen(words, cwd=measured.PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) as driver,
    ):
        try:
            while _shown(presto) < size:
                if time.monotonic() - clock > LONGEST or driver.poll() is not None:
                    sys.exit(f"the stream shows {_shown(presto)} of {size} events")
                time.sleep(0.5)
            seconds = time.monotonic() - clock
        finally:
            driver.send_signal(signal.SIGINT)
    dropped = "; ".join(f"drop table if exists {table}" for table in TABLES)
    measured.execute("cloudera", f'hive -e "{dropped}"')
    return {"seconds": round(seconds, 2), "megabytes": peak()}


def _shown(presto: str) -> int:
    try:
        (rows,) = probes.presto_query(presto, "select count(*) from guild_events")
    except probes.NotReady:  # there is no such table yet
        return 0
    return int(str(rows))


def _timed(service: str, command: str, shows: str = "") -> float:
    """Give what a command took, whose output must have some words."""
    clock = time.monotonic()
    told = measured.execute(service, command)
    seconds = time.monotonic() - clock
    if shows not in told:
        sys.exit(f"no {shows} in the output of {command}:\n{told}")
    return round(seconds, 2)


@contextmanager
def _memory_of(script: str) -> Iterator[Callable[[], float]]:
    """Look at the JVM that runs a script as long as it lives; gives a function that says its peak, in MB."""
    peaks = [0.0]
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.5):
            for process in psutil.process_iter(["name", "cmdline"]):
                if process.info["name"] == "java" and any(script in word for word in process.info["cmdline"] or ()):
                    peaks.append(_peak(process.pid))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield lambda: max(peaks)
    finally:
        ended.set()
        watcher.join()


def _peak(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:  # it has ended
        return 0.0
    match = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return round(int(match[1]) / 1000) if match else 0.0


def page(result: Mapping[str, Any]) -> Iterable[str]:
    """Give this benchmark's part of docs/performance.md."""
    sizes = result["sizes"]
    yield "## Ten times the events"
    yield ""
    yield (
        "Measured by `./run bench growth` on one kept cluster of the local backend, one run each: what a stage takes "
        "as a command, with the start of its driver. *Grows* is how many times more it takes than with a tenth of the "
        f"events. The jobs have `{JAVA.partition('=')[2]}`; the batch job writes, shows and counts its rows, and the "
        "stream checks each message by its schema and remembers the id of each event."
    )
    for stage, words in STAGES.items():
        yield ""
        yield f"**{words[0].upper()}{words[1:]}**"
        yield ""
        yield "| events | s | grows | events/s | driver's peak memory, MB |"
        yield "| ---: | ---: | ---: | ---: | ---: |"
        before = None
        for size, stages in sizes.items():
            if stage in stages:
                seconds, memory = stages[stage]["seconds"], stages[stage].get("megabytes")
                grows = "" if before is None else f"{seconds / before:.1f}"
                rate = int(size) / seconds
                peak = "" if memory is None else round(memory)
                yield f"| {int(size):,} | {seconds:.1f} | {grows} | {rate:,.0f} | {peak} |"
                before = seconds
    yield ""
    rows = {
        f"{int(size):,}": [stages[stage]["seconds"] if stage in stages else 0.0 for stage in STAGES]
        for size, stages in sizes.items()
    }
    yield charts.write("growth", "Seconds of each stage", tuple(STAGES), rows)
