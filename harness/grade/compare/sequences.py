"""Where the lines of an output stand among those that a command printed again: all, those since a look, or a part.

A monitor prints on while the report shows it several times: all so far, only what came since, or a part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from enum import Enum
from typing import Final, TypeVar

_MOST_VIEWS: Final = 24

Key = TypeVar("Key", bound=Hashable)


class Fit(Enum):
    """How lines fit: as many of each as at some look, as came between two looks, in a row, some of them, or not."""

    WHOLE = "whole"
    SINCE = "since"
    RUN = "run"
    SOME = "some"
    NONE = "none"


def fit(shown: Sequence[Key], views: Sequence[Sequence[Key]], unread: int = 0) -> Fit:
    """Say how the lines of an output fit in; `unread` counts those of it that nobody can read, which may be any."""
    counted, seen = Counter(shown), [Counter(view) for view in views[-_MOST_VIEWS:]]
    if any(_equal(counted, view, unread) for view in seen):
        return Fit.WHOLE
    for at, later in enumerate(seen):
        for earlier in seen[:at]:
            if not earlier - later and _equal(counted, later - earlier, unread):
                return Fit.SINCE
    if shown and not unread and any(_within(shown, view) for view in views):
        return Fit.RUN
    if any(not counted - view and counted.total() + unread <= view.total() for view in seen):
        return Fit.SOME
    return Fit.NONE


def _equal(shown: Counter[Key], seen: Counter[Key], unread: int) -> bool:
    return shown == seen or (bool(unread) and not shown - seen and shown.total() + unread == seen.total())


def _within(shown: Sequence[Key], view: Sequence[Key]) -> bool:
    """Whether all lines come one after another in a view: each is made a character, and the texts are searched."""
    if len(shown) > len(view):
        return False
    numbers: dict[Key, str] = {}
    texts = ["".join(numbers.setdefault(key, chr(len(numbers) % 50_000 + 1)) for key in keys) for keys in (view, shown)]
    return len(numbers) < 50_000 and texts[1] in texts[0]
