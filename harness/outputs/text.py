"""What every parser needs from hostile text: clean lines, bounded labels, small integers."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

LABEL_LIMIT: Final = 256
"""Most characters of a name in the facts: a column, a path, an event type."""

_ESCAPE: Final = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*+[ -/]*+[@-~]?"  # control sequences: colours, cursor moves
    "|\x1b[\\]PX^_][^\x07\x1b\n]*+(?:\x07|\x1b\\\\)?"  # strings: window titles, links
    "|\x1b[ -/]*+[0-~]?"
)
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Output:
    """The arguments of the program that was run, and what it printed."""

    args: tuple[str, ...]
    stdout: str
    stderr: str


def clean(text: str) -> str:
    """Give `text` without terminal escapes and control characters, but for tabs and line ends.

    Surrogates that stand alone, which no UTF-8 file can hold, become U+FFFD.
    """
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", _ESCAPE.sub("", text)))


def lines(text: str) -> list[str]:
    r"""Give the clean lines of `text`. A lone `\r` ends a line too, so that a progress bar hides nothing."""
    return clean(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")


def label(text: str) -> str:
    """Give `text` as a name for the facts: clean, on one line, at most `LABEL_LIMIT` characters."""
    short = clean(text[: 4 * LABEL_LIMIT]).replace("\r", " ").replace("\n", " ").strip()
    return short if len(short) <= LABEL_LIMIT else short[: LABEL_LIMIT - 1] + "…"


def integer(text: str) -> int | None:
    """Give the whole number that `text` is, or None. ASCII digits only, at most 18 of them."""
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= 18:
        return int(text)
    return None


def decimal(text: str) -> float | None:
    """Give the decimal number that `text` is, with a point or a comma, or None. ASCII digits only."""
    whole, _, fraction = text.replace(",", ".", 1).partition(".")
    if integer(whole) is None or (fraction and (fraction.startswith("-") or integer(fraction) is None)):
        return None
    return float(f"{whole}.{fraction or 0}")


def encoded(text: str) -> bytes:
    """Give the UTF-8 bytes of `text`, whatever it holds: different texts have different bytes."""
    return text.encode("utf-8", "surrogatepass")


def counts(names: Counter[str]) -> dict[str, int]:
    """Give a counter as a plain dictionary in the order of its names."""
    return dict(sorted(names.items()))
