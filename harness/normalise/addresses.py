"""Addresses: the commands of an open cluster name loopback, and other ports where the original's are taken.

When one of the two runs was open, each address of the pipeline in a command's text is replaced, in both runs. The
placeholders are numbered within a command: two addresses of it are equal or not in both runs. Facts stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from harness.cluster.addresses import ORIGINAL
from harness.normalise.rule import Masked, Observation, Pair

name: Final = "addresses"
why: Final = "an open cluster's commands name loopback and its own ports"

_HDFS: Final = "cloudera"
_ADDRESS: Final = re.compile(
    r"(?<![\w.\-])(?:127\.0\.0\.1:\d+|[a-z][a-z0-9-]{0,30}:\d{2,5})\b"
    rf"|(?<=hdfs://){_HDFS}(?![\w.:\-])"
)


def _example(command: str) -> Observation:
    return Observation(command, {"kind": "json_lines", "messages": 40}, open=True)


example: Final[Pair] = (
    _example("kafkacat -C -b kafka:29092 -t events"),
    _example("kafkacat -C -b 127.0.0.1:21000 -t events"),
)
counter_example: Final[Pair] = (
    _example("kafkacat -C -b kafka:29092 -t events"),
    _example("kafkacat -C -b 127.0.0.1:29092 -t other"),
)


def apply(seen: Observation) -> Masked:
    """Replace the addresses in the command by `<address-1>` and so on."""
    if not seen.open:
        return Masked(seen)
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        address = "{}:{}".format(*ORIGINAL["namenode"]) if found[0] == _HDFS else found[0]
        return f"<address-{numbers.setdefault(address, len(numbers) + 1)}>"

    command, values = _ADDRESS.subn(number, seen.command)
    return Masked(replace(seen, command=command), values)
