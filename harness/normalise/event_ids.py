"""Ids of events: each event has one of its own, made from the time and by chance.

How many there are, and where, stays compared; that each is there once is what the steps themselves state.
"""

from __future__ import annotations

import re
from typing import Final

from harness.normalise.rule import Masked, Observation, Pair, replace_strings

name: Final = "event-ids"
why: Final = "each event has an id of its own, made from the time and by chance"

_UUID: Final = re.compile(
    r"(?<![0-9a-fA-F-])[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?![\w-])"
)
_REQUEST: Final = "curl -s -X DELETE http://localhost:5000/players/ada/guild"


def _example(event_id: str, sequence: int) -> Observation:
    body = f'{{"event": {{"event_id": "{event_id}", "sequence": {sequence}}}}}\n'
    return Observation(_REQUEST, {"kind": "curl", "body": body, "body_bytes": len(body)})


example: Final[Pair] = (
    _example("019ac9a6-3f0e-7d53-9f0c-5f4c3a2b1d0e", 2),
    _example("019ac9b1-0012-7aaa-8001-0123456789ab", 2),
)
counter_example: Final[Pair] = (
    _example("019ac9a6-3f0e-7d53-9f0c-5f4c3a2b1d0e", 2),
    _example("019ac9b1-0012-7aaa-8001-0123456789ab", 3),
)


def apply(seen: Observation) -> Masked:
    """Replace each UUID of version 7 by `<event id>`."""
    return replace_strings(seen, lambda text: _UUID.sub("<event id>", text))
