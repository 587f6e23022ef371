"""Facts side by side: typed, field by field, in time linear in their size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Final, TypeAlias, TypeGuard

from harness.model import Fact


class Absent(Enum):
    """What stands where one side has no value at all; null is a value."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT

DEEPEST: Final = 8
"""Levels of lists and mappings that a path leads into; what lies deeper is compared as one value."""

Side: TypeAlias = "Fact | Absent"

Unequal: TypeAlias = tuple[str, Side, Side]
"""A path such as `.values[3][4]` or `.by_host["user1.comcast.com"]`, what was expected there, and what is there."""


def unequal(expected: Side, actual: Side, depth: int = DEEPEST) -> Iterator[Unequal]:
    """Give each place where two facts differ. Types count: 20 is not "20", True is not 1, 1 is not 1.0."""
    if depth and isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for key in {**expected, **actual}:
            for path, left, right in unequal(expected.get(key, ABSENT), actual.get(key, ABSENT), depth - 1):
                yield _entry(key) + path, left, right
    elif depth and _is_list(expected) and _is_list(actual):
        for at, one, other in _items(expected, actual):
            for path, left, right in unequal(one, other, depth - 1):
                yield f"[{at}]{path}", left, right
    elif typed(expected) != typed(actual):
        yield "", expected, actual


def typed(side: Side) -> str:
    """Give a fact as text that is equal only for equal facts of equal types; keys are in no order."""
    return "" if side is ABSENT else json.dumps(side, sort_keys=True, default=dict)


def _items(expected: Sequence[Fact], actual: Sequence[Fact]) -> Iterator[tuple[int, Side, Side]]:
    """Pair what lies between the equal items at both ends, so that an item more or less shows as that one."""
    lefts, rights = [typed(item) for item in expected], [typed(item) for item in actual]
    shorter = min(len(lefts), len(rights))
    start = next((at for at in range(shorter) if lefts[at] != rights[at]), shorter)
    room = shorter - start
    end = next((at for at in range(room) if lefts[-1 - at] != rights[-1 - at]), room)
    for at in range(start, max(len(lefts), len(rights)) - end):
        left = expected[at] if at < len(lefts) - end else ABSENT
        right = actual[at] if at < len(rights) - end else ABSENT
        yield at, left, right


def _is_list(side: Side) -> TypeGuard[Sequence[Fact]]:
    return isinstance(side, Sequence) and not isinstance(side, str)


def _entry(key: str) -> str:
    """Give one step of a path; a row that is counted (see the rule row-order) is its own key, in braces."""
    if key.isidentifier():
        return f".{key}"
    return f"{{{key}}}" if key.startswith("[") else f"[{json.dumps(key, ensure_ascii=False)}]"
