"""Running text in which a program says what went wrong, without what differs from run to run.

The rules of `harness.normalise` take whole facts and keep every total; this takes words, for messages and evidence
that must come again as they are. A time of 1970 stays, as it does in facts: it is what a missing time becomes.
"""

from __future__ import annotations

import re
from typing import Final

from harness.model import Fact
from harness.normalise.part_files import PART_FILE, PLACEHOLDER
from harness.normalise.rule import replaced

_LONGEST: Final = 4_000
"""Characters that are looked at: no message and no evidence has so many."""

_DAY: Final = (
    r"2[0-9]{3}-[0-9]{2}-[0-9]{2}[ T]|[0-9]{2}/[0-9]{2}/[0-9]{2}(?:[0-9]{2})?,? |[0-9]{2}/[A-Z][a-z]{2}/2[0-9]{3}[ :]"
    r"|(?:[A-Z][a-z]{2},? )?(?:[A-Z][a-z]{2} {1,2}[0-9]{1,2}|[0-9]{1,2} [A-Z][a-z]{2}) "
)
_CLOCK: Final = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.,][0-9]{1,9})?(?![0-9:])"
_ZONE: Final = r"(?:Z\b| ?[+-][0-9]{2}:?[0-9]{2}\b| (?:UTC|GMT)\b)?(?: 2[0-9]{3}\b)?"

_MASKS: Final = (
    (PART_FILE, PLACEHOLDER),
    (re.compile(r"(?<![0-9a-z])2[0-9]{7}_[0-9]{6}_[0-9]{5}_[0-9a-z]{5}(?![0-9a-z])"), "<query>"),
    (re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{8}(?:[-_][0-9a-fA-F]{4}){3}[-_][0-9a-fA-F]{12}"), "<uuid>"),
    (re.compile(rf"(?:(?<![0-9-])(?:{_DAY})|(?<![0-9:])(?<!1970-01-01[ T])){_CLOCK}{_ZONE}"), "<timestamp>"),
    (re.compile(r"(?<![0-9])[12][0-9]{12}(?![0-9])"), "<timestamp>"),
    (re.compile(r"(?<=/tmp/)(?:tmp[._]?\w{6,12}|harness-grade-[0-9]+-\w+|hive_[0-9]{4}-[0-9]{2}-\S+)"), "<temporary>"),
    (re.compile(r"(?:\b0x|(?<=[\w$])@)[0-9a-f]{6,16}\b(?![.\w])"), "<address>"),
    (re.compile(r"\b(?:pid|PID|TID|tid)[ =:]{1,2}[0-9]+"), "<process>"),
    (re.compile(r"\b[0-9]+\.[0-9]+ ?(?:s|sec|secs|second|seconds)\b|\b[0-9]+(?:\.[0-9]+)? ?ms\b"), "<seconds>"),
)


def steady(text: str) -> str:
    """Give a text in which placeholders stand for what differs from run to run; of a long one the beginning."""
    text = text[:_LONGEST]
    for pattern, placeholder in _MASKS:
        text = pattern.sub(placeholder, text)
    return text


def steady_fact(fact: Fact) -> Fact:
    """Give a fact with every string of it, at any depth, made steady."""
    return replaced(fact, steady)
