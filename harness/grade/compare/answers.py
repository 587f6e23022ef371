"""Answers to `curl`: the same status and text must come again; numbers in them may be of the moment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from harness.grade.checks.context import text
from harness.grade.compare.model import Group
from harness.grade.compare.said import excused, same, unchecked, unlike
from harness.grade.compare.steady import steady
from harness.grade.model import Finding, Weight
from harness.outputs.text import clean

CHECK: Final = "rerun-answer"
_TELLING: Final = 8
"""Characters of an answer that say something when the other one has them in it: a report may show more than it."""

_HEAD: Final = re.compile(r"^(?:HTTP/[\d.]+ (\d{3})|[\w-]+: .*)$", re.MULTILINE)
_TITLE: Final = re.compile(r"<title>(.{1,100}?)</title>", re.IGNORECASE)
_STATUS: Final = re.compile(r"^HTTP/[\d.]+ (\d{3})", re.MULTILINE)
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_METER: Final = re.compile(r"^\s*(?:% Total|Dload|\d+ +\d+ .*--:--:--).*$|^[*<>] .*$", re.MULTILINE)


def compare(group: Group) -> Iterator[Finding]:
    """Compare the text that each answer has with what the rerun's command was answered."""
    ends = [view for view in group.ends() if view.capture.stdout.strip()]
    again = [_bare(view.capture.stdout) for view in ends]
    for one in group.shown:
        line = one.block.printed()[0][0]
        shown = _bare(text(one.block))
        if not shown or not again:
            yield unchecked(CHECK, one.block, line, "There is no answer in the rerun to compare this with.")
            continue
        near = next((at for at, other in enumerate(again) if other == shown), len(again) - 1)
        other, ran = again[near], ends[near].ran
        shorter, longer = sorted((other, shown), key=len)
        if other == shown or (len(shorter) >= _TELLING and shorter in longer):
            yield same(CHECK, one.block, line, "The rerun was answered with the same text.", shown[:120])
        elif _masked(other) == _masked(shown):
            message = "The rerun's answer differs in its numbers only."
            yield excused(CHECK, one.block, line, message, (None, shown[:120]), ran, _masked(other))
        else:
            said = steady(other)[:120]
            message = f"The report shows the answer {shown[:60]!r}, the rerun was answered {said[:60]!r}."
            yield unlike(CHECK, one.block, line, message, (said, shown[:120]), ran, said, Weight.WARNING)


def _bare(printed: str) -> str:
    """Give an answer on one line, without headers and a quotation's marks; of an error page its title."""
    unquoted = "\n".join(line.removeprefix("> ") for line in clean(printed).split("\n"))
    title = _TITLE.search(unquoted)
    if title is not None:
        return " ".join(title[1].split())
    status = _STATUS.search(unquoted)
    body = _HEAD.sub("", _METER.sub("", unquoted)) if status else _METER.sub("", unquoted)
    return " ".join(f"{status[1] if status else ''} {body}".split())


def _masked(answer: str) -> str:
    return _NUMBER.sub("0", answer)
