"""Requests that the report itself shows as refused: a server's log may hold their statuses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from harness.grade.checks.context import prose_near
from harness.grade.model import Submission
from harness.grade.traffic import of_block
from harness.readme.blocks import Block, Kind

_STATUS: Final = re.compile(r"(?<![\w.:/-])[45]\d\d(?![\w/-]|[.:]\d)")
_PORT: Final = re.compile(r"\bports? ")
_EXPECTED: Final = (
    "does not exist",
    "doesn't exist",
    "must fail",
    "no route",
    "no such",
    "non-existent",
    "nonexistent",
    "not found",
    "should fail",
    "will fail",
)

_CALLS: Final = ("ab ", "curl ", "http ", "wget ")


class Refusals:
    """The single requests of a report beside which it shows, or says, that the server refused them."""

    def __init__(self, submission: Submission) -> None:
        self._submission = submission
        self._calls: dict[str, list[tuple[int, int]]] | None = None

    def shown(self, path: str, status: int, before: int) -> bool:
        """Whether a command above a block asks for a path, and its answer or the prose beside it explains a status."""
        if self._calls is None:
            self._calls = self._read()
        calls = self._calls.get(path, ())
        return any(self._explains(place, last, status) for place, last in calls[:8] if place < before)

    def _read(self) -> dict[str, list[tuple[int, int]]]:
        """Give for each path the commands that do nothing else than ask for it: the place, and that after it."""
        blocks = self._submission.blocks
        found: dict[str, list[tuple[int, int]]] = {}
        for place, block in enumerate(blocks):
            if block.kind is not Kind.COMMAND or not any(call in block.text for call in _CALLS):
                continue
            paths = {load.path for load in of_block(block, place, {})}
            if len(paths) == 1 and (path := paths.pop()):
                found.setdefault(path, []).append((place, _after(blocks, place)))
        return found

    def _explains(self, place: int, last: int, status: int) -> bool:
        blocks = self._submission.blocks
        answers = [block for block in blocks[place + 1 : last] if block.kind in (Kind.OUTPUT, Kind.EXCERPT)]
        if any(names_status(block.text[:4000], status) for block in answers if " - - [" not in block.text[:4000]):
            return True
        near = prose_near(self._submission, place)
        return names_status(near, status) or (status == 404 and any(word in near for word in _EXPECTED))


def names_status(text: str, status: int) -> bool:
    """Whether a text has a status as a number of its own: the 500 of `port 5000` is none."""
    return any(
        found[0] == str(status) and not _PORT.search(text, max(0, found.start() - 6), found.start())
        for found in _STATUS.finditer(text)
    )


def _after(blocks: Sequence[Block], place: int) -> int:
    """Give the place after the outputs of a command."""
    first = blocks[place].first_line
    last = place + 1
    while last < len(blocks) and last - place < 8 and blocks[last].answers == first:
        last += 1
    return last
