"""Histories of a shell: one command a line, with or without numbers and times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from harness.readme.blocks import Block, Kind, Reading
from harness.readme.guess import shaped

_NUMBER: Final = re.compile(r" {0,8}\d{1,7}\*?[ \t]{1,4}(?=\S)")
_TIME: Final = re.compile(
    r"(?:\[?\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?\]?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4} \d\d:\d\d(?::\d\d)?)[ \t]+(?=\S)"
)
_STAMP: Final = re.compile(r"#\d{9,11}$")
_ZSH: Final = re.compile(r": \d{9,11}:\d+;")


def is_history_file(name: str) -> bool:
    """Whether a file of that name holds a history."""
    bare = name.lower()
    return "history" in bare and not bare.endswith((".md", ".ipynb", ".markdown", ".rst", ".html"))


def read_history(text: str) -> Reading:
    """Read a history: each line that holds a command is a block, in the order they were typed."""
    blocks = list(_blocks(text.replace("\r\n", "\n").replace("\r", "\n")))
    return Reading(blocks, [], [] if blocks else ["The report is empty."], 0)


def _blocks(text: str) -> Iterator[Block]:
    lines = text.split("\n")
    numbered = sum(_NUMBER.match(line) is not None for line in lines) > len(lines) / 2
    for number, line in enumerate(lines, 1):
        typed = line.strip()
        if not typed or _STAMP.match(typed):
            continue
        found = (_NUMBER.match(line) if numbered else None) or _ZSH.match(line)
        if found:
            typed = line[found.end() :].strip()
            time = _TIME.match(typed)
            typed = typed[time.end() :] if time else typed
        block = Block(Kind.COMMAND, line, number, number, "", 0.9, "a line of a shell's history")
        yield shaped(block, [(number, typed)], "shell")
