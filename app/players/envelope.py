"""The envelope that every event of the options has; its names follow CloudEvents where it has them."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from players.rules import Decision
from players.schemas import Json, event_validator

SCHEMA_VERSION = 1
SOURCE = "/game-api"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an event takes from its request."""

    received_at: str
    client: dict[str, str]
    session_id: str | None = None
    idempotency_key: str | None = None


def enveloped(decision: Decision, player_id: str, sequence: int, asked: Asked) -> Json:
    """Give the event of a decision. Raises jsonschema's ValidationError, our own fault, where its schema forbids it."""
    event: Json = {
        "event_id": uuid7(),
        "event_type": decision.event_type,
        "schema_version": SCHEMA_VERSION,
        "source": SOURCE,
        "event_time": now(),
        "received_at": asked.received_at,
        "player_id": player_id,
        "sequence": sequence,
        "client": asked.client,
        "data": decision.data,
    }
    for name in ("session_id", "idempotency_key"):
        if value := getattr(asked, name):
            event[name] = value
    event_validator(decision.event_type).validate(event)
    return event


def now() -> str:
    """Give this moment in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def uuid7() -> str:
    """Make a UUID of version 7 (RFC 9562, 5.7): 48 bits of milliseconds since 1970, then 74 random ones."""
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=number))
