"""Lines that a terminal or an editor has wrapped, joined again. Nothing is repaired: what is missing stays missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.readme.piece import Numbered

_LEAST: Final = 40
"""No terminal is narrower: a shorter line was not wrapped."""


def rejoined(lines: Numbered, form: str) -> Numbered:
    """Join the wrapped lines of an output; each record or row has the number of its first line."""
    if form == "json_lines":
        return list(_records(lines))
    if form == "ab":
        return list(_remarks(lines))
    if form in ("spark", "presto", "hive"):
        return _rows(lines)
    return lines


def _records(lines: Numbered) -> Iterator[tuple[int, str]]:
    """Join JSON records: one goes on while its braces or quotes are open, up to a line that begins the next.

    A first record without its first brace goes on up to the brace that it lacks.
    """
    parts: list[str] = []
    first = 0
    scan = _Scan()
    for number, text in lines:
        starts = text.lstrip().startswith(("{", "%")) or not text.strip() or text.strip() in ("...", "…", ".", "[", "]")
        if parts and (starts or not scan.is_open):
            yield first, "".join(parts)
            parts, scan = [], _Scan()
        if not parts:
            first = number
        parts.append(text)
        scan.read(text, first=len(parts) == 1)
        if len(parts) == 1 and len(text) < _LEAST:
            scan.is_open = False
    if parts:
        yield first, "".join(parts)


class _Scan:
    """Follows the braces and quotes of a record over its lines."""

    def __init__(self) -> None:
        self._depth = 0
        self._quoted = self._escaped = False
        self.is_open = False

    def read(self, text: str, first: bool) -> None:
        if first and text.lstrip().startswith('"'):
            self._depth = 1
        for character in text:
            if self._escaped:
                self._escaped = False
            elif character == "\\":
                self._escaped = self._quoted
            elif character == '"':
                self._quoted = not self._quoted
            elif not self._quoted and character in "{[":
                self._depth += 1
            elif not self._quoted and character in "}]":
                self._depth -= 1
        self.is_open = self._depth > 0 or self._quoted


def _remarks(lines: Numbered) -> Iterator[tuple[int, str]]:
    """Join a line of `ab` whose parenthesis is open with the next one, where that has nothing but its end."""
    at = 0
    while at < len(lines):
        number, text = lines[at]
        after = lines[at + 1][1] if at + 1 < len(lines) else ""
        is_open = text.rfind("(") > text.rfind(")")
        if is_open and ":" in text and after.rstrip().endswith(")") and ":" not in after and "(" not in after:
            text += after.strip()
            at += 1
        yield number, text
        at += 1


def _rows(lines: Numbered) -> Numbered:
    """Join the rows of wrapped tables. Where the border takes several lines, every row takes as many."""
    texts = [text.rstrip() for _, text in lines]
    joined: list[tuple[int, str]] = []
    at = 0
    while at < len(lines):
        parts = _parts(texts, at)
        if parts < 2:
            joined.append(lines[at])
            at += 1
            continue
        presto = texts[at][0] != "+"
        if presto:
            if len(joined) < parts:
                joined.append(lines[at])
                at += 1
                continue
            header = joined[-parts:]
            del joined[-parts:]
            joined.append((header[0][0], "".join(text for _, text in header)))
        width = len(texts[at])
        while at + parts <= len(lines) and _is_row(texts, at, width, presto):
            joined.append((lines[at][0], "".join(text for _, text in lines[at : at + parts])))
            at += parts
    return joined


def _parts(texts: Sequence[str], at: int) -> int:
    """Give how many lines the border that begins at `at` takes: 0 where none begins there."""
    text = texts[at]
    if len(text) < _LEAST or not _is_border(text) or (at and _is_border(texts[at - 1])):
        return 0
    end = at + 1
    while end < len(texts) and end - at < 20 and texts[end] and _is_border(texts[end]):
        if len(texts[end]) > len(text):
            return 1
        end += 1
    if end - at == 2 and texts[at] == texts[at + 1] and text[0] == text[-1] == "+":
        return 1
    return end - at


def _is_border(text: str) -> bool:
    return bool(text) and not text.strip("+-") and "-" in text


def _is_row(texts: Sequence[str], at: int, width: int, presto: bool) -> bool:
    if not presto:
        return texts[at][:1] in ("+", "|") and len(texts[at]) <= width
    return bool(texts[at]) and not texts[at].startswith(("(", "Query 2")) and len(texts[at]) <= width
