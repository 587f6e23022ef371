"""Rows as the `hive` command prints them: one a line, cells between tabs."""

from __future__ import annotations

from typing import Final

from harness.model import Fact
from harness.outputs.text import Output, lines

_NOISE: Final = (
    "Hive Session ID",
    "Logging initialized",
    "SLF4J:",
    "Setting default log level",
    "Spark ",
    "Time taken:",
    "To adjust logging level",
    "Using Spark's",
    "WARN ",
    "WARNING:",
    "hive>",
    "spark-sql",
)
_LEVELS: Final = frozenset({"DEBUG", "ERROR", "FATAL", "INFO", "WARN"})


def facts(output: Output) -> dict[str, Fact]:
    """Give the rows as lists of stripped cells, without blank lines and what the shell itself says."""
    rows: list[Fact] = [
        [cell.strip() for cell in line.split("\t")] for line in lines(output.stdout) if not _is_noise(line)
    ]
    return {"kind": "hive", "values": rows, "rows": len(rows)}


def _is_noise(line: str) -> bool:
    text = line.strip()
    return text in ("", "OK") or text.startswith(_NOISE) or _is_logged(text)


def _is_logged(text: str) -> bool:
    """Whether a line starts as log4j's do: `18/12/17 11:04:00 WARN` or `2018-12-17 11:04:00,123 INFO`."""
    words = text[:100].split(None, 3)
    return len(words) > 2 and words[2] in _LEVELS and words[0][0].isdigit() and ":" in words[1]
