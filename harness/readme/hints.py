"""What the words before a fence announce: a command, what it printed, or a file."""

from __future__ import annotations

import re
from typing import Final

from harness.readme.blocks import Kind

_WINDOW: Final = 400
"""Characters before the fence that count."""

_SCRIPT: Final = re.compile(r"\.sh\b|\bscripts?\b", re.IGNORECASE)

_WORDS: Final = (
    (Kind.LISTING, re.compile(
        r"\b(?:contents?|source code|the code|code (?:below|snippet|is)|script (?:below|contains|is|looks)|file (?:below|contains|is|looks)"
        r"|(?:contains|containing)|copy of|written as|looks? like this file)\b", re.IGNORECASE)),
    (Kind.OUTPUT, re.compile(
        r"\b(?:out ?puts?|outpt|ouptut|results?|returns?|returned|prints?|printed|responses?|responds?|messages?|(?:we|I|you)(?:'ll| will| should| can)?"
        r" (?:then |now )?(?:see|get|got|receive|obtain)|shows?|showing|looks? like|sample|examples?|confirmation|similar to)\b",
        re.IGNORECASE)),
    (Kind.COMMAND, re.compile(
        r"\b(?:commands?|runs?|running|ran|execute[sd]?|executing|typ(?:e|ed|ing)|enter(?:ed|ing)?|invoke[sd]?|using|use[sd]?|start(?:ed|ing)?|launch(?:ed|ing)?"
        r"|quer(?:y|ies)|spin(?:ning)? up|tak(?:e|ing) down|shut(?:ting)? down|creat(?:e|ed|ing)|install(?:ed|ing)?)\b",
        re.IGNORECASE)),
)  # fmt: skip


def announced(before: str) -> Kind | None:
    """Give what the text before a fence announces, by the last word in it that announces anything."""
    text = before[-_WINDOW:]
    best: tuple[int, Kind] | None = None
    for kind, pattern in _WORDS:
        last = -1
        for found in pattern.finditer(text):
            last = found.start()
        if last >= 0 and (best is None or last > best[0]):
            best = last, kind
    return best[1] if best else None


def shows_script(before: str) -> bool:
    """Whether the text before a fence announces the contents of a script."""
    text = before[-_WINDOW:]
    return announced(text) is Kind.LISTING and _SCRIPT.search(text) is not None
