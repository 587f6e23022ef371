"""Prose as sentences of words: without code, links, quotations of others, list numbers and Markdown's own signs."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from harness.grade.claims.model import Sentence, Token
from harness.readme.blocks import Block

_LENGTH_LIMIT: Final = 40_000
"""Prose beyond it is not read: no paragraph is as long."""

_SENTENCE_LIMIT: Final = 250
"""A sentence of more words is taken for several."""

_TICKS: Final = re.compile("(`++)")
_BLANK: Final = re.compile(r"\s")
_CHUNK: Final = re.compile(r"\S++")
_TARGET: Final = re.compile(r"\]\([^()\s]{0,500}+\)")
_TAG: Final = re.compile(r"<[/a-zA-Z][^<>\n]{0,200}+>")
_MARKER: Final = re.compile(r"(?m)^[ \t]*+(?:[-*+•]|\d{1,9}+[.)])[ \t]+")
_HIDDEN: Final = "\0"
_OPENING: Final = "([{\"'*_~“‘«<|"
_CLOSING: Final = ".,;:!?)]}\"'*_~”’»>|"
_ABBREVIATIONS: Final = frozenset({"e.g", "i.e", "etc", "vs", "approx", "ex", "fig", "eg", "ie", "incl", "no"})


def sentences(block: Block) -> list[Sentence]:
    """Give the sentences of a block of prose; none for a quotation, a comment or a row of a table."""
    if len(block.text) > _LENGTH_LIMIT or block.text.lstrip().startswith((">", "<!--", "|", "$$")):
        return []
    groups = [group for group in _grouped(block) if group]
    return [
        Sentence(tuple(group), at == 0, at == len(groups) - 1, ":" in group[-1].tail)
        for at, group in enumerate(groups)
    ]  # fmt: skip


def _grouped(block: Block) -> Iterator[list[Token]]:
    text = _masked(block.text)
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    breaks = sorted({*(found.start() for found in _MARKER.finditer(text)), *_blank_lines(text)})
    text = _MARKER.sub(lambda found: " " * len(found[0]), text)
    group: list[Token] = []
    quoted, at_break = False, 0
    for found in _CHUNK.finditer(text):
        passed = at_break
        while at_break < len(breaks) and breaks[at_break] <= found.start():
            at_break += 1
        if at_break > passed:
            yield group
            group, quoted = [], False
        token, quoted = _token(found[0], block.first_line + bisect_right(starts, found.start()) - 1, quoted)
        group.append(token)
        ends = any(mark in token.tail for mark in ".!?:") and token.lower not in _ABBREVIATIONS
        if ends or len(group) == _SENTENCE_LIMIT:
            yield group
            group, quoted = [], False
    yield group


def _masked(text: str) -> str:
    """Hide the spaces inside code, so that a piece of code is one word; nothing changes its place."""
    parts = _TICKS.split(text)
    for at in range(2, len(parts), 4):
        parts[at] = _BLANK.sub(_HIDDEN, parts[at])
    text = "".join(parts)
    text = _TARGET.sub(lambda found: "]" + " " * (len(found[0]) - 1), text)
    return _TAG.sub(lambda found: " " * len(found[0]), text)


def _blank_lines(text: str) -> Iterator[int]:
    at = 0
    for line in text.split("\n"):
        if not line.strip():
            yield at
        at += len(line) + 1


def _token(chunk: str, line: int, quoted: bool) -> tuple[Token, bool]:
    """Give the word, and whether a quotation is open after it."""
    if "`" in chunk:
        head, _, rest = chunk.partition("`")
        inside, _, tail = rest.strip("`").partition("`")
        return Token(inside.replace(_HIDDEN, " "), line, tail.strip("`") if not head else "", code=True), quoted
    marks = sum(chunk.count(mark) for mark in '"“”')
    core = chunk.lstrip(_OPENING)
    if not core:
        return Token(chunk, line, quoted=quoted or marks > 0), quoted ^ (marks % 2 == 1)
    word = core.removesuffix("(s)").rstrip(_CLOSING)
    if "(s)" in core:
        word = word.removesuffix("(s").replace("(s)", "") + "s"
    tail = core[len(core.rstrip(_CLOSING)) :]
    return Token(word, line, tail, quoted=quoted or marks > 0), quoted ^ (marks % 2 == 1)
