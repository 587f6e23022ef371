"""Markdown as a flat list of elements with their lines, by markdown-it-py.

Only the structure of blocks is read: what stands inside a paragraph is left to those who know what to look for. HTML
is off, so a comment or a tag is a paragraph like any other, and no element hides another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

_LINE_END = re.compile("\r\n?")
_CONTAINERS: Final = {"bullet_list_open": "list", "ordered_list_open": "list", "blockquote_open": "quote"}
_LEAVES: Final = {
    "code_block": "code",
    "fence": "fence",
    "heading_open": "heading",
    "hr": "rule",
    "paragraph_open": "paragraph",
    "table_open": "table",
}


class Shape(StrEnum):
    """What an element is to Markdown."""

    CODE = "code"
    FENCE = "fence"
    HEADING = "heading"
    LIST = "list"
    PARAGRAPH = "paragraph"
    QUOTE = "quote"
    RULE = "rule"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Element:
    """One element: `text` is what a fence holds or a heading says, of anything else its source.

    Lines count from 1 and include those of the fence itself. `level` is a heading's. A fence is not `closed` when the
    text, or what it stands in, ends before it does.
    """

    shape: Shape
    text: str
    first_line: int
    last_line: int
    info: str = ""
    level: int = 0
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """A Markdown text: its lines, and its elements in their order. Lists and quotes that hold a fence are opened."""

    lines: Sequence[str]
    elements: Sequence[Element]

    def between(self, first: int, last: int) -> str:
        """Give the text of some lines, both included."""
        return "\n".join(self.lines[first - 1 : last])


def parse(text: str) -> Source:
    """Read a text in time linear in its length. Any line end is taken for LF; a byte order mark is dropped."""
    text = _LINE_END.sub("\n", text.removeprefix("\ufeff"))
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["inline", "text_join", "reference"])
    lines = text.split("\n")
    return Source(lines, list(_elements(parser.parse(text), lines)))


def _elements(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[Element]:
    ends, fences = _ends(tokens), _fences_before(tokens)
    at = 0
    while at < len(tokens):
        token, end = tokens[at], ends.get(at, at)
        if token.type in _LEAVES:
            yield _element(Shape(_LEAVES[token.type]), token, tokens[min(at + 1, len(tokens) - 1)], lines)
            at = end
        elif token.type in _CONTAINERS and fences[at] == fences[end]:
            yield _element(Shape(_CONTAINERS[token.type]), token, token, lines)
            at = end
        at += 1


def _ends(tokens: Sequence[Token]) -> dict[int, int]:
    """Give for each token that opens something the one that closes it."""
    ends, opened = {}, []
    for at, token in enumerate(tokens):
        if token.nesting == 1:
            opened.append(at)
        elif token.nesting == -1:
            ends[opened.pop()] = at
    return ends


def _fences_before(tokens: Sequence[Token]) -> list[int]:
    count, counts = 0, []
    for token in tokens:
        counts.append(count)
        count += token.type in ("fence", "code_block")
    return counts


def _element(shape: Shape, token: Token, inner: Token, lines: Sequence[str]) -> Element:
    first, end = token.map or (0, 0)
    if shape is Shape.FENCE:
        last = lines[end - 1].strip(" \t>") if end - first > 1 else ""
        closed = len(last) >= len(token.markup) and not last.strip(token.markup[0])
        text = token.content.removesuffix("\n")
        return Element(shape, text, first + 1, end, token.info.strip(), closed=closed)
    while end > first + 1 and not lines[end - 1].strip():
        end -= 1
    if shape is Shape.HEADING:
        return Element(shape, inner.content, first + 1, end, level=int(token.tag[1:]))
    if shape is Shape.CODE:
        return Element(shape, token.content.removesuffix("\n"), first + 1, end)
    return Element(shape, "\n".join(lines[first:end]), first + 1, end)
