"""What the words before a fence announce: a command, what it printed, or a file."""

from __future__ import annotations

import re
from typing import Final

from harness.readme.blocks import Kind

_WINDOW: Final = 400
"""Characters before the fence that count."""

_SCRIPT: Final = re.compile(r"\.(?:hql|sh|sql)\b|\bscripts?\b", re.IGNORECASE)

_NAMED: Final = re.compile(r"\.(?:bash|hql|sh|sql)[`*]{0,3}\s*:?\s*$", re.IGNORECASE)

_LISTED: Final = (
    r"\b(?:contents?|source code|the code|code (?:below|snippet|is)|script (?:below|contains|is|looks)|contains"
    r"|containing|file (?:below|is|looks)|copy of|written as)\b"
)
_PRINTED: Final = (
    r"\b(?:out ?puts?|ou[tp]{1,2}ut|results?|returns?|returned|prints?|printed|respon(?:ses?|ds?)|messages?|shows?"
    r"|showing|(?:we|I|you)(?:'ll| will| should| can)? (?:then |now )?(?:see|get|got|receive|obtain)|looks? like|sample"
    r"|examples?|confirmation|similar to)\b"
)
_TYPED: Final = (
    r"\b(?:commands?|runs?|running|ran|execut(?:e[sd]?|ing)|typ(?:ed?|ing)|enter(?:ed|ing)?|invoke[sd]?|us(?:e[sd]?|ing)"
    r"|start(?:ed|ing)?|launch(?:ed|ing)?|quer(?:y|ies)|spin(?:ning)? up|tak(?:e|ing) down|shut(?:ting)? down"
    r"|creat(?:ed?|ing)|install(?:ed|ing)?)\b"
)
_WORDS: Final = tuple(
    (kind, re.compile(words, re.IGNORECASE))
    for kind, words in ((Kind.LISTING, _LISTED), (Kind.OUTPUT, _PRINTED), (Kind.COMMAND, _TYPED))
)


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
    """Whether the text before a fence announces the contents of a script: by its words, or as it ends in its name."""
    text = before[-_WINDOW:]
    said = announced(text)
    if said is Kind.LISTING:
        return _SCRIPT.search(text) is not None
    return said is None and _NAMED.search(text) is not None
