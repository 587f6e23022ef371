"""Part files: Spark names each file that it writes with a random UUID.

Only the form of Snappy-compressed Parquet is masked, so that another format or compression shows.
"""

from __future__ import annotations

import re
from typing import Final

from harness.normalise.rule import Masked, Observation, Pair, replace_strings

name: Final = "part-files"
why: Final = "Spark puts a random UUID into each file's name"

PLACEHOLDER: Final = "<part-file>"

PART_FILE: Final = re.compile(
    r"part-[0-9]{5}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-c[0-9]{3}\.snappy\.parquet"
)


def _example(file: str, host: str = "user1.comcast.com") -> Observation:
    query = r'presto --execute "select \"\$path\", host from purchases limit 1"'
    return Observation(query, {"kind": "presto", "values": [[f"hdfs://cloudera/tmp/purchases/{file}", host]]})


example: Final[Pair] = (
    _example("part-00000-ccdb982c-99a6-44c9-bc25-e91b5f3813c6-c000.snappy.parquet"),
    _example("part-00000-01e7d1d0-4f93-4e91-b0d3-a57400bfd66a-c000.snappy.parquet"),
)
counter_example: Final[Pair] = (
    _example("part-00000-ccdb982c-99a6-44c9-bc25-e91b5f3813c6-c000.snappy.parquet"),
    _example("part-00000-01e7d1d0-4f93-4e91-b0d3-a57400bfd66a-c000.csv"),
)


def is_part_file(text: str) -> bool:
    """Whether a text is the name of one of Spark's files, without its folder."""
    return PART_FILE.fullmatch(text) is not None


def apply(seen: Observation) -> Masked:
    """Replace each string that is the name or the path of a part file; the folder stays."""
    return replace_strings(seen, _masked)


def _masked(text: str) -> str:
    folder, slash, file = text.rpartition("/")
    return f"{folder}{slash}{PLACEHOLDER}" if is_part_file(file) else text
