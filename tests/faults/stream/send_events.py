"""Send events and poison to the topic of the game, and note in a ledger what the broker acknowledged.

Made from a seed. One event in a hundred is sent twice, as by a client that did not hear the answer; one in ten carries
headers that nobody asked for. The ledger has a line for each acknowledged message: its event's id, or `poison`.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kafka import KafkaProducer  # type: ignore[import-untyped]

TWICE, HEADERS = 100, 10
BURST = 0.1
"""Seconds between bursts."""


def main() -> None:
    """Send all, at an even pace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--poison", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    producer = KafkaProducer(
        bootstrap_servers="kafka:29092", acks="all", retries=0, enable_idempotence=False, max_request_size=2**20
    )
    messages = list(_messages(given.events, given.poison, chance))
    bursts = max(1, round(given.seconds / BURST))
    with given.ledger.open("w", encoding="utf-8") as ledger:
        for burst in range(bursts):
            clock = time.monotonic()
            part = messages[burst * len(messages) // bursts : (burst + 1) * len(messages) // bursts]
            sent = [(name, producer.send(given.topic, value, key, headers)) for name, key, value, headers in part]
            for name, answer in sent:
                answer.get(timeout=30)
                ledger.write(f"{name}\n")
            time.sleep(max(0.0, clock + BURST - time.monotonic()))
    producer.close()


def _messages(events: int, poison: int, chance: random.Random) -> Iterator[tuple[str, bytes, bytes | None, Any]]:
    """Give name, key, value and headers of each message."""
    kinds = ["event"] * events + ["poison"] * poison
    chance.shuffle(kinds)
    made = sequence = 0
    for kind in kinds:
        sequence += 1
        event = _event(sequence, chance)
        key = str(event["player_id"]).encode()
        if kind == "poison":
            made += 1
            yield kind, key, _poison(made, event), []
            continue
        headers = [("x-odd", b"\xff\x00"), ("x-odd", b"twice")] if chance.random() < 1 / HEADERS else []
        for _ in range(2 if chance.random() < 1 / TWICE else 1):
            yield str(event["event_id"]), key, json.dumps(event).encode(), headers


def _event(sequence: int, chance: random.Random) -> dict[str, Any]:
    digits = f"{chance.getrandbits(128):032x}"
    item = {"item_type": "sword", "item_id": "iron-sword", "quantity": chance.randint(1, 99), "unit_price": 100}
    event_type, data = chance.choice(
        (
            ("join_guild", {"guild_name": "knights", "role": "member"}),
            ("purchase_item", {"order_id": f"o-{sequence}", "currency": "gold", **item}),
            ("cart_item_added", {"cart_id": f"c-{sequence}", **item}),
        )
    )
    return {
        "event_id": f"{digits[:8]}-{digits[8:12]}-7{digits[13:16]}-8{digits[17:20]}-{digits[20:]}",
        "event_type": event_type,
        "schema_version": 1,
        "source": "/game-api",
        "event_time": "2026-01-01T12:00:00.000Z",
        "received_at": "2026-01-01T12:00:00.000Z",
        "player_id": f"p{chance.randint(1, 50):02}",
        "sequence": sequence,
        "client": {"host": "localhost"},
        "data": data,
    }


def _poison(number: int, event: dict[str, Any]) -> bytes | None:
    """Give a message that is no event; the kinds take turns."""
    whole = json.dumps(event)
    kinds: tuple[bytes | None, ...] = (
        None,
        b"",
        b"sword",
        b"\xff\xfe\x00",
        whole[: len(whole) // 2].encode(),
        (whole + whole).encode(),
        whole.replace('"sequence":', '"sequence": 1, "sequence":').encode(),
        json.dumps({name: each for name, each in event.items() if name != "event_type"}).encode(),
        json.dumps({**event, "event_type": "dragon"}).encode(),
        json.dumps({**event, "event_type": None}).encode(),
        json.dumps({**event, "sequence": str(event["sequence"])}).encode(),
        json.dumps({**event, "data": [event["data"]]}).encode(),
        json.dumps({**event, "client": {"host": "x" * 500_000}}).encode(),
        b"[" * 3000,
    )
    return kinds[number % len(kinds)]


if __name__ == "__main__":
    main()
