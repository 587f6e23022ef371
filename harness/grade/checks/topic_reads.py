"""Readings of a whole topic, one after another: what came between two of them, and records that are shown again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from harness.grade.checks.context import command
from harness.grade.model import Submission
from harness.grade.traffic import Load
from harness.readme.blocks import Block, Kind

_FROM_START: Final = ("-o beginning", "-o earliest", "-obeginning", "--from-beginning")
_EMPTIED: Final = ("delete-records", "--delete", " down", " rm ", " restart", " stop", " kill")


class TopicReads:
    """What a report showed of its topic so far."""

    def __init__(self, submission: Submission, sent: Sequence[Load]) -> None:
        self._submission = submission
        self._sent = sent
        self._asked = ""
        self._place = -1
        self._records: Counter[str] = Counter()
        self._line = 0

    def repeats(self, records: Sequence[str]) -> int | None:
        """Give the line of the last whole reading if it has all of these records, else None."""
        return self._line if self._line and not Counter(records) - self._records else None

    def since(self, place: int, records: Sequence[str]) -> tuple[int, list[str], list[Load]] | None:
        """Give the line of the last reading with the same command, the records that came since, and what sent them.

        A loop between them counts as many turns as the number of the records makes; None where nothing is certain.
        """
        asked = self._command(place)
        if not asked or asked != self._asked or any(self._records - Counter(records)):
            return None
        if any(map(_empties, self._submission.blocks[self._place : place])):
            return None
        came = list((Counter(records) - self._records).elements())
        loads = [load for load in self._sent if self._place < load.place < place]
        turned = _turned(loads, len(came))
        return None if turned is None else (self._line, came, turned)

    def remember(self, place: int, block: Block, records: Sequence[str]) -> None:
        """Keep a reading of the whole topic."""
        asked = self._command(place)
        if asked:
            self._asked, self._place, self._line = asked, place, block.first_line
            self._records = Counter(records)

    def _command(self, place: int) -> str:
        asked = command(self._submission, place)
        text = "" if asked is None else " ".join((asked.content or asked.text).split())
        return text if any(word in text for word in _FROM_START) else ""


def _turned(loads: Sequence[Load], total: int) -> list[Load] | None:
    """Give the loads with the turns of their only loop counted, or None."""
    if any(load.count is None or load.target is None or load.host is None for load in loads):
        return None
    known = sum(load.count or 0 for load in loads if not load.repeated)
    turn = sum(load.count or 0 for load in loads if load.repeated)
    if not turn:
        return list(loads)
    turns, rest = divmod(total - known, turn)
    if rest or turns < 1 or len({load.place for load in loads if load.repeated}) != 1:
        return None
    return list(_counted(loads, turns))


def _counted(loads: Sequence[Load], turns: int) -> Iterator[Load]:
    for load in loads:
        yield replace(load, count=(load.count or 0) * turns, repeated=False) if load.repeated else load


def _empties(block: Block) -> bool:
    return block.kind is Kind.COMMAND and any(word in block.text for word in _EMPTIED)
