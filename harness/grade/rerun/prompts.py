"""What the prompts of Presto and Hive remember: `use` and `set` hold for what is typed there later.

Each statement of a report gets a client of its own, so the earlier ones that set something are typed there before it.
What they print is cut off.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_SETS: Final = re.compile(r"(?:\s|--.*\n)*(?:use|set|reset)\b", re.IGNORECASE)
_KEY: Final = re.compile(r"\bset\s+([^\s=;]+)\s*=", re.IGNORECASE)
_PROMPT: Final = r"(?:[\w.:-]+(?: \([\w.]+\))?> )*"
_SAID: Final = ("USE", "(?:RE)?SET SESSION")
"""How Presto confirms such a statement; Hive repeats a setting, and says nothing to `use`."""


def sets(statement: str) -> bool:
    """Say whether a statement sets something for those after it."""
    return _SETS.match(statement) is not None


def fed(before: Sequence[str], statement: str) -> str:
    """Give what a client reads: the earlier statements, then this one, each with its semicolon."""
    return "".join(f"{each.rstrip().rstrip(';')};\n" for each in (*before, statement))


def without(before: Sequence[str], printed: str) -> str:
    """Give what a client printed without what it said to the earlier statements."""
    if not before:
        return printed
    keys = [rf"{re.escape(key)}\t.*" for each in before for key in _KEY.findall(each)]
    return re.sub(rf"\A(?:{_PROMPT}(?:{'|'.join((*_SAID, *keys))})\n)+", "", printed)
