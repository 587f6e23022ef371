"""Events as JSON, one a line: `kafkacat`, `kcat`, `kafka-console-consumer`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Final, NoReturn

from harness.model import Fact
from harness.outputs.text import Output, counts, label, lines

_NONE: Final = "(none)"
_DEPTH_LIMIT: Final = 100
"""Deeper objects are malformed: how deep `json` can go depends on the caller's stack."""

_STATUS: Final = ("% ", "Processed a total of ")


def facts(output: Output) -> dict[str, Fact]:
    """Count the messages, by event type, and by host and event type. `kcat -L` prints no messages: `{}`."""
    if "-L" in output.args:
        return {}
    messages = malformed = 0
    keys: set[str] = set()
    types: Counter[str] = Counter()
    hosts_and_types: Counter[str] = Counter()
    for line in map(str.strip, lines(output.stdout)):
        if is_status(line):
            continue
        messages += 1
        event = read_event(line)
        if event is None:
            malformed += 1
            continue
        keys.update(map(label, event))
        host, event_type = _name(event.get("Host")), _name(event.get("event_type"))
        types[event_type] += 1
        hosts_and_types[f"{host} {event_type}"] += 1
    return {
        "kind": "json_lines",
        "messages": messages,
        "malformed": malformed,
        "by_event_type": counts(types),
        "by_host_and_event_type": counts(hosts_and_types),
        "keys": sorted(keys),
    }


def is_status(line: str) -> bool:
    """Whether a stripped line is what the consumer itself says, or nothing at all."""
    return not line or line == "%" or line.startswith(_STATUS)


def read_event(line: str) -> Mapping[str, object] | None:
    """Give the JSON object that a line is, or None. Numbers stay text: nobody reads them, and they may be huge."""
    if not line.startswith("{") or _is_deep(line):
        return None
    try:
        value: object = json.loads(line, parse_int=str, parse_float=str, parse_constant=_refuse)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _is_deep(line: str) -> bool:
    if line.count("{") + line.count("[") <= _DEPTH_LIMIT:
        return False
    depth = 0
    for character in line:
        if character in "{[":
            depth += 1
            if depth > _DEPTH_LIMIT:
                return True
        elif character in "}]":
            depth -= 1
    return False


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _name(value: object) -> str:
    return label(value) if isinstance(value, str) else _NONE
