"""Print events, one a line: of the original's form as `ab` makes them, or with `options` of the options' form."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator

ORIGINAL = {
    "Host": "user1.comcast.com",
    "Accept": "*/*",
    "User-Agent": "ApacheBench/2.3",
    "event_type": "purchase_sword",
}


def of_options(sequence: int) -> str:
    """Give an event of the options, with an id of its own."""
    digits = uuid.uuid4().hex
    event = {
        "event_id": f"{digits[:8]}-{digits[8:12]}-7{digits[13:16]}-8{digits[17:20]}-{digits[20:]}",
        "event_type": "join_guild",
        "schema_version": 1,
        "source": "/game-api",
        "event_time": "2026-01-01T12:00:00.000Z",
        "received_at": "2026-01-01T12:00:00.000Z",
        "player_id": f"p{sequence % 100:02}",
        "sequence": sequence,
        "client": {},
        "data": {"guild_name": "knights", "role": "member"},
    }
    return json.dumps(event)


def events(count: int, form: str) -> Iterator[str]:
    """Give so many events."""
    if form == "options":
        return map(of_options, range(1, count + 1))
    line = json.dumps(ORIGINAL)
    return (line for _ in range(count))


if __name__ == "__main__":
    for event in events(int(sys.argv[1]), *sys.argv[2:] or ["original"]):
        sys.stdout.write(event + "\n")
