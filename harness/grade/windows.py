"""Which loads of a report add up to what an output shows: all so far, or the last ones."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from harness.grade.traffic import Load


class Windows:
    """The loads of a report in their order, with their sums.

    A monitor shows all requests since it was started, and a reader may copy only the end of it. So an output fits if
    its total is that of the last loads before it, from some load on. As every load sends something, there is at most
    one such window, and finding it takes logarithmic time.
    """

    def __init__(self, loads: Sequence[Load]) -> None:
        self._loads = loads
        self._places = [load.place for load in loads]
        self._sums = [0]
        self._since = [0]
        for at, load in enumerate(loads, 1):
            known = load.count is not None and load.certain
            self._sums.append(self._sums[-1] + ((load.count or 0) if known else 0))
            self._since.append(self._since[-1] if known else at)

    @property
    def all(self) -> Sequence[Load]:
        """All loads of the report."""
        return self._loads

    def before(self, place: int) -> Sequence[Load]:
        """Give the loads whose commands stand before a block."""
        return self._loads[: bisect_left(self._places, place)]

    def certain(self, place: int) -> bool:
        """Whether something was sent before a block, and every number of it is known."""
        end = bisect_left(self._places, place)
        return end > 0 and self._since[end] == 0

    def ending(self, place: int, total: int) -> Sequence[Load] | None:
        """Give the last loads before a block that sent so many requests together, or None."""
        end = bisect_left(self._places, place)
        wanted = self._sums[end] - total
        start = bisect_left(self._sums, wanted, 0, end + 1)
        if total <= 0 or start >= end or self._sums[start] != wanted:
            return None
        while start < end and self._sums[start + 1] == wanted:
            start += 1
        return self._loads[start:end] if start >= self._since[end] else None
