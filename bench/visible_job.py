"""Sends events at an even pace and asks Presto again and again which of them it shows; prints what each took, in s."""

from __future__ import annotations

import json
import sys
import threading
import time

import prestodb  # type: ignore[import-untyped]
from kafka import KafkaProducer  # type: ignore[import-untyped]

from bench.make_events import of_options

PAUSE, REST = 0.25, 0.4
LONGEST = 120.0
"""Seconds within which everything must be seen."""


def main(kafka: str, presto: str, topic: str, count: int, uncounted: int) -> None:
    """Send so many events, of which the first are not counted. Servers are `host:port`."""
    sent: dict[int, float] = {}
    seen: dict[int, float] = {}
    threading.Thread(target=_send, args=(kafka, topic, count, sent), daemon=True).start()
    host, _, port = presto.rpartition(":")
    connection = prestodb.dbapi.connect(host=host, port=int(port), user="bench", catalog="hive", schema="default")
    cursor = connection.cursor()
    deadline = time.monotonic() + count * PAUSE + LONGEST
    while len(seen) < count:
        if time.monotonic() > deadline:
            sys.exit(f"{len(seen)} of {count} events are seen")
        try:
            cursor.execute(f"select sequence from guild_events where sequence > {max(seen, default=0)}")
            rows = [int(row[0]) for row in cursor.fetchall()]
        except prestodb.exceptions.PrestoUserError:  # there is no such table yet
            rows = []
        now = time.monotonic()
        seen.update(dict.fromkeys(rows, now))
        time.sleep(REST)
    print(json.dumps([round(seen[each] - sent[each], 3) for each in range(uncounted + 1, count + 1)]))


def _send(kafka: str, topic: str, count: int, sent: dict[int, float]) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka, acks="all")
    for sequence in range(1, count + 1):
        sent[sequence] = time.monotonic()
        producer.send(topic, of_options(sequence).encode()).get(timeout=30)
        time.sleep(PAUSE)


if __name__ == "__main__":
    to_kafka, to_presto, named, sends, cold = sys.argv[1:]
    main(to_kafka, to_presto, named, int(sends), int(cold))
