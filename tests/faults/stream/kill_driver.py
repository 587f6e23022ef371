"""Run the stream, kill its driver again and again by SIGKILL, each time in another phase of a batch, and let it finish.

What HDFS holds tells the phase: the checkpoint's offsets and commits, and the files of the batch under way. The phase
that is printed is the one found after the kill, not the one that was waited for. Needs a source of messages that does
not run dry before the last kill. In the end the stream runs until every message that the topic holds was taken.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from functools import partial

from kafka import KafkaConsumer, TopicPartition  # type: ignore[import-untyped]

WEB = "http://cloudera:50070/webhdfs/v1"
TABLES = ("guild_events", "item_events", "cart_events", "order_lines", "quarantine")
IDLE, PLANNED, WRITING, COMPACTING = "between batches", "planned", "rows being written", "files becoming one"
MOVED = "tables done: {}"
PHASES = (IDLE, PLANNED, WRITING, COMPACTING, *(MOVED.format(count) for count in (1, 2, 3, 4)))
PATIENCE = 45.0
"""Seconds to wait for a phase; then the driver is killed in whichever it is."""

FIRST, WHOLE = 120.0, 600.0
"""Seconds within which a driver must take part of the work, and the last one all of it."""


class Stream:
    """The driver, and what it left in HDFS."""

    def __init__(self, folder: str, group: int) -> None:
        self._folder, self._group = folder, group
        self.driver: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start a driver, in a process group of its own, which writes to this command's log."""
        words = ["spark-submit", "jobs/stream_players.py"]
        self.driver = subprocess.Popen(words, stdout=sys.stderr, stdin=subprocess.DEVNULL, start_new_session=True)

    def end(self, number: int) -> None:
        """Send a signal to the driver and all its processes, and wait for their end."""
        assert self.driver
        os.killpg(self.driver.pid, number)
        self.driver.wait()

    def batch(self, kind: str, query: str = "families") -> int:
        """Give the number of the last batch that was planned (`offsets`), or done (`commits`); -1 before the first."""
        names = self._names(f"checkpoints/{query}/{kind}")
        return max((int(name) for name in names if name.isdigit()), default=-1)

    def phase(self) -> str:
        """Say how far the last batch has come."""
        planned = self.batch("offsets")
        group = planned // self._group
        if any("_temporary" in self._names(f"{table}/batches={group - 1}-whole") for table in TABLES):
            return COMPACTING  # beside a batch or between two
        if planned == self.batch("commits"):
            return IDLE
        done = sum(f"batch-{planned}.parquet" in self._names(f"{table}/batches={group}") for table in TABLES)
        if done:
            return MOVED.format(min(done, 4))
        return WRITING if any("_temporary" in self._names(f"{table}/_aside") for table in TABLES) else PLANNED

    def taken(self) -> dict[str, int]:
        """Give the offset up to which each partition's messages were taken by both queries."""
        ends: list[dict[str, int]] = []
        for query in ("families", "player_states"):
            if (done := self.batch("commits", query)) < 0:
                return {}
            text = self._ask(f"checkpoints/{query}/offsets/{done}", "OPEN").decode()
            (topic,) = json.loads(text.splitlines()[-1]).values()
            ends.append(topic)
        return {partition: min(each.get(partition, 0) for each in ends) for partition in ends[0]}

    def _names(self, path: str) -> set[str]:
        listed = self._ask(path, "LISTSTATUS")
        return {each["pathSuffix"] for each in json.loads(listed)["FileStatuses"]["FileStatus"]} if listed else set()

    def _ask(self, path: str, operation: str) -> bytes:
        try:
            with urllib.request.urlopen(f"{WEB}{self._folder}/{path}?op={operation}", timeout=10) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as refused:
            if refused.code == 404:
                return b""
            raise


def main() -> None:
    """Kill as often as is asked for, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--group", type=int, required=True)
    parser.add_argument("--kills", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    stream, found = Stream(given.folder, given.group), Counter[str]()
    wanted: list[str] = []
    for number in range(given.kills):
        wanted = wanted or chance.sample(PHASES, len(PHASES))
        stream.start()
        _await(partial(_goes_on, stream, stream.batch("commits")), FIRST, "a batch")
        phase, deadline = wanted.pop(), time.monotonic() + PATIENCE
        while stream.phase() != phase and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.05))
        stream.end(signal.SIGKILL)
        found[stream.phase()] += 1
        print(f"kill {number + 1}: waited for {phase}, was {stream.phase()}", file=sys.stderr, flush=True)
    stream.start()
    started = time.monotonic()
    _await(lambda: stream.taken() == _ends(given.topic), WHOLE, "all messages")
    print(f"caught up in {time.monotonic() - started:.1f} s", file=sys.stderr)
    stream.end(signal.SIGTERM)
    for phase in PHASES:
        print(f"{phase:20} {found[phase]:3} {'#' * found[phase]}")


def _goes_on(stream: Stream, before: int) -> bool:
    return stream.batch("commits") > before


def _ends(topic: str) -> dict[str, int]:
    """Give the offset behind the last message of each partition."""
    consumer = KafkaConsumer(bootstrap_servers="kafka:29092")
    try:
        partitions = consumer.partitions_for_topic(topic) or set()
        ends = consumer.end_offsets([TopicPartition(topic, each) for each in partitions])
    finally:
        consumer.close()
    return {str(each.partition): offset for each, offset in ends.items()}


def _await(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
