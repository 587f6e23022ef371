"""The helps that a rerun gives because versions differ: commands note each in a file, wherever they run."""

from __future__ import annotations

from typing import Final

from harness.grade.rerun.model import Help

HELPS: Final = ".w205-helps"
"""The file in which helps note that they were used; where it is, differs."""


def noted(text: str) -> list[Help]:
    """Give the helps that were noted in a file of this text, each once."""
    counted: dict[tuple[str, str], int] = {}
    for line in text.splitlines():
        name, tab, said = line.partition("\t")
        if tab:
            counted[name[:60], said[:300]] = counted.get((name[:60], said[:300]), 0) + 1
    return [Help(name, said, times) for (name, said), times in sorted(counted.items())]
