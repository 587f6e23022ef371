"""A stream's folder: each micro-batch leaves a part file, so their number depends on when Spark looks.

The other numbers of the listing are given as what they are beyond the number of part files, so that one that does
not agree with the rest still shows. A folder without any part file is left alone: none is not some.
"""

from __future__ import annotations

from typing import Final

from harness.model import Fact
from harness.normalise.rule import Masked, Observation, Pair, items, whole, with_facts
from harness.outputs import shell

name: Final = "stream-folder"
why: Final = "a stream's number of part files is chance; that there are some is compared"

_METADATA: Final = "_spark_metadata"
_COUNTS: Final = ("entries", "files", "found")


def _example(parts: int, files: int) -> Observation:
    folder = "/tmp/sword_purchases"  # noqa: S108 - a path in HDFS
    counts: dict[str, Fact] = {"found": files + 1, "entries": files + 1, "files": files, "part_files": parts}
    facts = {"kind": "hdfs_ls", "directories": 1, "paths": [f"{folder}/{_METADATA}"], **counts}
    return Observation(f"hadoop fs -ls {folder}", facts)


example: Final[Pair] = (_example(4, 4), _example(7, 7))
counter_example: Final[Pair] = (_example(4, 4), _example(4, 5))


def apply(seen: Observation) -> Masked:
    """Replace the counts in the listing of one folder that is a stream's sink."""
    parts = whole([seen.facts.get("part_files")])
    counts = {key: number for key in _COUNTS if (number := whole([seen.facts.get(key)]))}
    if seen.facts.get("kind") != "hdfs_ls" or not parts or parts[0] < 1 or not _is_sink(seen):
        return Masked(seen)
    masks = {key: f"<part files> {number[0] - parts[0]:+d}" for key, number in counts.items()}
    return with_facts(seen, {"part_files": "<part files>", **masks}, len(masks) + 1)


def _is_sink(seen: Observation) -> bool:
    """Whether the command lists one folder, and Spark's list of the files that count lies in it."""
    programs = [program for program in shell.parse(seen.command).programs if "-ls" in program.args]
    if len(programs) != 1:
        return False
    listed = [arg for arg in programs[0].args[1:] if not arg.startswith("-")]
    return len(listed) == 1 and f"{listed[0].rstrip('/')}/{_METADATA}" in items(seen.facts.get("paths"))
