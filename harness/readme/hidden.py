"""Fences that Markdown does not see: indented too far, inside a paragraph, in HTML; and lines that are a command."""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from harness.readme.statements import Start, starts_shell, starts_sql
from harness.readme.tokens import Element, Shape, Source

_MARK: Final = re.compile(r"\s*(`{3,}|~{3,})\s*([\w+-]{0,40})\s*$")
_ITEM: Final = re.compile(r"\s*(?:(?:[-*+]|\d{1,9}[.)])\s+)?")
_TAG: Final = re.compile(r"<[^<>\n]{0,2000}>")
_TAGS: Final = ("pre", "code", "samp")
_PRE: Final = re.compile(rf"<({'|'.join(_TAGS)})\b", re.IGNORECASE)
_SPLIT: Final = (Shape.LIST, Shape.PARAGRAPH)


def revealed(source: Source) -> list[Element]:
    """Give the elements of a text with hidden fences and commands as elements of their own, in their order."""
    ends = {tag: [at for at, line in enumerate(source.lines, 1) if f"</{tag}" in line.lower()] for tag in _TAGS}
    found: list[Element] = []
    last = 0
    for element in source.elements:
        if element.first_line <= last:
            continue
        if element.shape is Shape.CODE:
            found.append(_unfenced(element))
        elif element.shape is Shape.PARAGRAPH and _PRE.match(element.text.lstrip()):
            block = _preformatted(source, element, ends)
            found.append(block)
            last = block.last_line
        elif element.shape in _SPLIT and ("`" in element.text or "~~~" in element.text):
            found += _opened(element)
        else:
            found.append(element)
    return found


def _unfenced(element: Element) -> Element:
    """Take the marks off a fence that is indented as code is."""
    lines = element.text.split("\n")
    mark = _MARK.match(lines[0])
    if not mark:
        return element
    closed = len(lines) > 1 and lines[-1].strip() == mark[1]
    text = "\n".join(_dedented(lines[1 : len(lines) - closed]))
    return replace(element, shape=Shape.FENCE, text=text, info=mark[2])


def _preformatted(source: Source, element: Element, ends: Mapping[str, Sequence[int]]) -> Element:
    """Give the text of an HTML element for code, up to the line with its end, without tags and entities."""
    found = _PRE.match(element.text.lstrip())
    where = ends[found[1].lower()] if found else ()
    at = bisect_left(where, element.first_line)
    if at == len(where):
        return element
    lines = source.lines[element.first_line - 1 : where[at]]
    text = html.unescape(_TAG.sub("", "\n".join(lines)))
    return Element(Shape.CODE, text, element.first_line, where[at])


def _opened(element: Element) -> Iterator[Element]:
    """Split a paragraph or a list at the fences in it, and at the lines that are a command in back quotes."""
    lines = element.text.split("\n")
    kept = at = 0
    while at < len(lines):
        mark = _MARK.match(lines[at])
        if mark and "`" in mark[1]:
            end = next((end for end in range(at + 1, len(lines)) if lines[end].strip() == mark[1]), None)
            if end is not None:
                yield from _part(element, lines, kept, at)
                text = "\n".join(_dedented(lines[at + 1 : end]))
                first = element.first_line + at
                yield Element(Shape.FENCE, text, first, element.first_line + end, mark[2])
                kept = at = end + 1
                continue
            yield from _part(element, lines, kept, len(lines))
            return
        if len(lines) > 1 or element.shape is Shape.LIST:
            inner = _quoted(lines[at])
            if inner is not None:
                yield from _part(element, lines, kept, at)
                first = element.first_line + at
                yield Element(Shape.PARAGRAPH, f"`{inner}`", first, first)
                kept = at + 1
        at += 1
    yield from _part(element, lines, kept, len(lines))


def _part(element: Element, lines: Sequence[str], first: int, end: int) -> Iterator[Element]:
    text = "\n".join(lines[first:end])
    if text.strip():
        yield replace(element, text=text, first_line=element.first_line + first, last_line=element.first_line + end - 1)


def _quoted(line: str) -> str | None:
    """Give the command that is all of a line, in back quotes, after the mark of a list's item or none."""
    text = line.strip()
    if not text.endswith("`") or len(text) > 4000:
        return None
    found = _ITEM.match(line)
    text = line[found.end() if found else 0 :].strip()
    inner = text.strip("`")
    if not text.startswith("`") or "`" in inner or not inner.strip():
        return None
    return inner.strip() if starts_shell(inner) is Start.SURE or starts_sql(inner) else None


def _dedented(lines: Sequence[str]) -> list[str]:
    """Take off the blanks that all lines begin with."""
    filled = [line for line in lines if line.strip()]
    margin = min((len(line) - len(line.lstrip(" ")) for line in filled), default=0)
    return [line[margin:] if line.strip() else "" for line in lines]
