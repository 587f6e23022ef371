"""What `kafka-topics` says of topics it made, describes or lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from harness.model import Fact
from harness.outputs.text import Output, integer, label, lines

_CREATED: Final = "Created topic "


def facts(output: Output) -> dict[str, Fact]:
    """Give the topic that was created, the partitions and replicas of the first one described, the topics listed.

    Each is None where the command did not say it; `topics` is a list with `--list` only.
    """
    printed = lines(output.stdout)
    return {
        "kind": "kafka_topics",
        "created": next((_created(line) for line in printed if line.startswith(_CREATED)), None),
        "partitions": _number(printed, "PartitionCount:"),
        "replication_factor": _number(printed, "ReplicationFactor:"),
        "topics": [line.strip() for line in printed if _is_topic(line.strip())] if "--list" in output.args else None,
    }


def _created(line: str) -> str:
    return label(line.removeprefix(_CREATED).strip().removesuffix(".").strip('"'))


def _number(printed: Sequence[str], name: str) -> int | None:
    for line in printed:
        _, found, rest = line.partition(name)
        if found:
            return integer(rest.strip().replace("\t", " ").partition(" ")[0])
    return None


def _is_topic(word: str) -> bool:
    """Kafka's own rule for a topic's name: up to 249 letters, digits, dots, hyphens and underscores."""
    bare = word.replace(".", "").replace("_", "").replace("-", "")
    return 0 < len(word) <= 249 and word.isascii() and (bare.isalnum() or not bare)
