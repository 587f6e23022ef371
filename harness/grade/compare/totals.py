"""Whether a total can be compared: what was sent before it is counted, unsure, or without an end."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from functools import reduce
from itertools import pairwise
from math import gcd
from typing import Final

from harness.grade.model import Submission
from harness.grade.rerun.model import Ending, Ran
from harness.grade.traffic import Load, loads
from harness.readme.typed import Loop

_RANDOM: Final = re.compile(r"\$RANDOM|\bshuf\b|\brandom\b|\buuid\b|\bnp\.random\b|\bfaker\b", re.IGNORECASE)
_NEAR: Final = 0.03
"""Shares of a total that differ by less are the same: a load is caught in the middle of one of its turns."""


class Sent(IntEnum):
    """How much is known of what was sent: every number, no end but not all numbers, or a load that has no end."""

    COUNTED = 0
    UNSURE = 1
    ENDLESS = 2


class Totals:
    """What a submission sends, with the places from which on its totals differ from run to run."""

    def __init__(self, submission: Submission, commands: Sequence[Ran]) -> None:
        self._loads = loads(submission)
        self._places = [load.place for load in self._loads]
        first = {block.first_line: place for place, block in reversed(list(enumerate(submission.blocks)))}
        endless = [first[ran.block] for ran in commands if ran.block in first and _goes_on(ran)]
        if any(_RANDOM.search(text) for path, text in submission.files.items() if path.endswith((".sh", ".py"))):
            endless += [load.place for load in self._loads if load.tool != "prose"][:1]
        self._endless = min(endless, default=None)
        unsure = (load.place for load in self._loads if not load.certain)
        self._unsure = min(unsure, default=None)

    def before(self, place: int) -> Sent:
        """Say what is known of the requests that were sent before a block."""
        if self._endless is not None and self._endless < place:
            return Sent.ENDLESS
        return Sent.UNSURE if self._unsure is not None and self._unsure < place else Sent.COUNTED

    def loads(self, place: int) -> Sequence[Load]:
        """Give the loads whose commands stand before a block."""
        return self._loads[: bisect_left(self._places, place)]

    def step(self, place: int, words: Iterable[str] = ()) -> int:
        """Give the number that all counts before a block are multiples of; 1 where none is known.

        Of the loads, those count whose path has one of the words in it, or all where none has.
        """
        sent = self.loads(place)
        stems = [word[:4] for word in words if len(word) > 2]
        alike = [load for load in sent if any(stem in (load.path or "") for stem in stems)] or list(sent)
        counts = [load.count for load in alike if load.tool != "prose"]
        if not counts or None in counts:
            return 1
        return reduce(gcd, (count or 0 for count in counts))


def _goes_on(ran: Ran) -> bool:
    """Whether a command sends without an end: a loop that says so, or a sender that the rerun had to stop."""
    if ran.typed.loop is Loop.ENDLESS:
        return True
    sends = any(each.name in ("ab", "curl", "bash", "sh") or each.name.endswith(".sh") for each in ran.typed.programs)
    return sends and ran.ending in (Ending.STOPPED, Ending.TIMED_OUT)


def relation(report: Mapping[str, float], rerun: Mapping[str, float], step: int = 1) -> str | None:
    """Say which relation holds between totals of two runs of a load that has no end, or None where none does.

    Both map the names of groups to their totals; a total without groups has the one name "".
    """
    if set(report) != set(rerun) or not report:
        return None
    if len(report) == 1:
        both = (*report.values(), *rerun.values())
        if step > 1 and all(value and value % step == 0 for value in both):
            return f"both are multiples of {step}, as the load sends so many at a time"
        return None
    sums = sum(report.values()), sum(rerun.values())
    if 0 in sums:
        return None
    if all(abs(report[name] / sums[0] - rerun[name] / sums[1]) <= _NEAR for name in report):
        return "the groups have the same shares of it, or nearly"
    if _order(report, rerun):
        return "the groups have the same order of size"
    return None


def _order(report: Mapping[str, float], rerun: Mapping[str, float]) -> bool:
    """Whether no two groups stand the other way round."""
    names = sorted(report, key=lambda name: (report[name], rerun[name], name))
    return all(rerun[one] <= rerun[other] for one, other in pairwise(names))
