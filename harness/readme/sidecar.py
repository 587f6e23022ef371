"""Corrections to the reading of a report, in a file beside it that a person writes: the report itself stays as it is.

In `reading.toml`, each entry names a block by any of its lines, and what is to be read otherwise:

    [[block]]
    line = 238
    kind = "output"
    form = "ab"
    answers = 231
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from harness.errors import UsageError
from harness.readme.blocks import Block, Kind, Reading
from harness.readme.forms import FORMS

NAME: Final = "reading.toml"
"""The file's usual name."""

_KEYS: Final = ("line", "kind", "form", "answers", "service")


def corrected(reading: Reading, text: str, name: str = NAME) -> Reading:
    """Give a reading with the corrections that a text makes. Raises UsageError where one cannot be made."""
    try:
        given = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{name} cannot be read.", wanted="TOML with entries [[block]]", seen=str(error)) from error
    entries = given.get("block", [])
    unknown = [key for key in given if key != "block"]
    if unknown or not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        seen = unknown[0] if unknown else "block that is no list of entries"
        raise UsageError(f"{name} holds what is no correction.", wanted="entries [[block]]", seen=seen)
    blocks = list(reading.blocks)
    for number, entry in enumerate(entries, 1):
        place = f"{name}, entry {number}"
        at = _block_at(blocks, _number(entry, "line", place), f"{place}, line")
        blocks[at] = _changed(blocks, blocks[at], entry, place)
    return replace(reading, blocks=blocks)


def _changed(blocks: Sequence[Block], block: Block, entry: Mapping[str, object], place: str) -> Block:
    for key in entry:
        if key not in _KEYS:
            raise UsageError(
                f"{place}: there is no {key!r}.", wanted="one of " + ", ".join(_KEYS), remedy="removing it"
            )
    kind, form, service = block.kind, block.form, block.service
    if "kind" in entry:
        kind = Kind(_word(entry, "kind", [str(each) for each in Kind], place))
    if "form" in entry:
        form = _word(entry, "form", ["", *sorted(FORMS)], place)
    if "service" in entry:
        service = _word(entry, "service", None, place) or None
    answers = block.answers if kind in (Kind.OUTPUT, Kind.LISTING, Kind.EXCERPT) else None
    if "answers" in entry:
        command = blocks[_block_at(blocks, _number(entry, "answers", place), f"{place}, answers")]
        if command.kind is not Kind.COMMAND:
            seen = f"{command.kind} in line {command.first_line}"
            remedy = f"an entry before it that makes line {command.first_line} a command"
            raise UsageError(f"{place}: answers names no command.", wanted="a command's line", seen=seen, remedy=remedy)
        answers = command.first_line
    reason = f"corrected by {place}"
    return replace(block, kind=kind, form=form, service=service, answers=answers, confidence=1.0, reason=reason)


def _block_at(blocks: Sequence[Block], line: int, place: str) -> int:
    """Give the index of the block that holds a line."""
    at = bisect_right([block.first_line for block in blocks], line) - 1
    if at >= 0 and blocks[at].first_line <= line <= blocks[at].last_line:
        return at
    near = min((block.first_line for block in blocks), key=lambda first: abs(first - line), default=0)
    remedy = f"a block's line; the nearest block begins in line {near}" if near else None
    raise UsageError(f"{place}: no block stands there.", wanted="a line of a block", seen=str(line), remedy=remedy)


def _number(entry: Mapping[str, object], key: str, place: str) -> int:
    value = entry.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    seen = "nothing" if value is None else repr(value)
    raise UsageError(f"{place}: {key} is no line.", wanted="a line of the report, such as 238", seen=seen)


def _word(entry: Mapping[str, object], key: str, known: Sequence[str] | None, place: str) -> str:
    value = entry[key]
    if isinstance(value, str) and (known is None or value in known):
        return value
    wanted = "one of " + ", ".join(each or '""' for each in known) if known else "a service's name"
    raise UsageError(f"{place}: {key} is unknown.", wanted=wanted, seen=repr(value), remedy="another value or none")
