"""Streams that print: how far they are is in their checkpoints, which stand in the sandbox' own folder /tmp.

A query without a place for its checkpoint has one of its own there. What a batch prints is printed before it is noted
as finished.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import PurePosixPath
from typing import Final

from harness.grade.rerun import asks
from harness.grade.rerun.confined import Confined, Failed
from harness.grade.rerun.streams import Offsets

_FOLDERS: Final = "/tmp/temporary-*"  # noqa: S108
_MOST: Final = 2_000
_LONGEST: Final = 20_000


class Consoles:
    """The streaming queries of a sandbox that keep their checkpoints there."""

    def __init__(self, confined: Confined) -> None:
        self._confined = confined

    def offsets(self) -> list[Offsets]:
        """Give the next offset of each query by topic and partition; none of one that has finished no batch.

        A first batch is printed though it is empty. A stranger wrote what is read here: what makes no sense is nothing.
        """
        folders: dict[str, dict[str, set[int]]] = {}
        for path in self._listed():
            folder, kind, name = _parts(path)
            if kind in ("offsets", "commits") and name.isascii() and name.isdigit() and len(name) < 10:
                folders.setdefault(folder, {"offsets": set(), "commits": set()})[kind].add(int(name))
        return [self._offsets(folder, numbers["commits"] & numbers["offsets"]) for folder, numbers in folders.items()]

    def _offsets(self, folder: str, finished: Collection[int]) -> Offsets:
        if not finished:
            return {}
        found = asks.offsets(partial(self._read, folder), max(finished), finished)
        return found if all(isinstance(parts, dict) for parts in found.values()) else {}

    def _listed(self) -> list[str]:
        try:
            return list(map(str, self._confined.ask("list", folders=_FOLDERS, limit=_MOST).get("paths", ())))
        except (Failed, TypeError):
            return []

    def _read(self, folder: str, name: str) -> str:
        return str(self._confined.ask("read", path=f"{folder}/{name}", limit=_LONGEST).get("text", ""))


def _parts(path: str) -> tuple[str, str, str]:
    """Give the folder of a checkpoint, the kind of a file in it and its name."""
    whole = PurePosixPath(path)
    return str(whole.parents[1] if len(whole.parents) > 1 else whole), whole.parent.name, whole.name
