"""When it is pointless to wait any longer: what needs a dead or silent server would wait for its own time limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

LONG = 8.0
"""Seconds that something may wait before the servers are asked: most commands have ended by then."""

ASK_EVERY = 3.0
"""Seconds from an answer to the next question."""

SILENCE = 10.0
"""Seconds without an answer that are too many. A question may wait for five, so a busy server gets two of them."""


class Silence:
    """How long each server has not answered. `sick` names those that are dead or do not answer their probe now."""

    def __init__(self, sick: Callable[[], Iterable[str]]) -> None:
        self._sick = sick
        self._since: dict[str, float] = {}
        self._asked = 0.0

    def too_long(self, waited: float) -> bool:
        """Say whether a server has been silent for too long, for something that has `waited` so many seconds.

        Asks when it is time to; a question to a silent server takes a probe's whole time.
        """
        if waited < LONG:
            self._since.clear()
            return False
        if time.monotonic() - self._asked >= ASK_EVERY:
            begun = time.monotonic()
            self._since = {name: self._since.get(name, begun) for name in self._sick()}
            self._asked = time.monotonic()
        return any(time.monotonic() - since >= SILENCE for since in self._since.values())
