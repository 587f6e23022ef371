"""Two texts of one file held against each other, whatever their comments, blanks and quotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Final

_TRIPLES: Final = ('"""', "'''")
_SLASHES: Final = ('r"""', "u'''", 'u"""', "r'''")
_GAPS: Final = frozenset({"...", "…", "#...", "[...]", "<...>", "etc", "//...", "pass"})
_SEARCH_LIMIT: Final = 40
"""Lines that are looked for inside others, at most: a whole search for each would be quadratic."""

_PLACE_LIMIT: Final = 8
_ESCAPES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&"), ("\\_", "_"), ("\\*", "*"))
_QUOTES: Final = str.maketrans({"'": '"', "\u2018": '"', "\u2019": '"', "\u201c": '"', "\u201d": '"', "\u00a0": " "})


class Likeness(StrEnum):
    """How a shown text relates to a file: all of it, a part in one piece, lines of it in their order, or another."""

    WHOLE = "whole"
    PART = "part"
    EXCERPT = "excerpt"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Difference:
    """The outcome. `first` is the index of the first shown line that the file lacks, `shared` the share it has."""

    likeness: Likeness
    first: int | None = None
    shared: float = 1.0
    count: int = 0


def normal(text: str, *, python: bool) -> list[tuple[int, str]]:
    """Give the lines that matter, each with its index: no comments, docstrings, blanks, and one kind of quotes."""
    kept: list[tuple[int, str]] = []
    inside = ""
    for at, line in enumerate(text.split("\n")):
        bare = line.strip()
        if inside:
            if inside in bare:
                inside = ""
            continue
        mark = next((mark for mark in (*_TRIPLES, *_SLASHES) if bare.startswith(mark)), "")
        if python and mark and (not kept or kept[-1][1].endswith(":")):
            closing = mark[-3:]
            inside = "" if closing in bare[len(mark) :] else closing
            continue
        bare = _normal(bare)
        if bare:
            kept.append((at, bare))
    return kept


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that listings are held against: its normal lines in one piece, where they
    end in it, the same as a set, and what it defines."""

    text: str
    whole: str
    ends: frozenset[int]
    known: frozenset[str]
    defines: frozenset[str]

    @classmethod
    def of(cls, text: str, *, python: bool) -> Prepared:
        """Read a file once for all its listings."""
        lines = normal(text, python=python)
        joined = "".join(line for _, line in lines)
        ends = frozenset(accumulate((len(line) for _, line in lines), initial=0))
        known = frozenset(line for _, line in lines)
        return cls(text, joined, ends, known, frozenset(definitions(lines) if python else ()))

    def has(self, part: str) -> bool:
        """Whether a text stands in the file in one piece, and begins and ends where a word or a line does."""
        at = self.whole.find(part)
        for _ in range(_PLACE_LIMIT):
            if at < 0:
                return False
            if self._is_edge(at) and self._is_edge(at + len(part)):
                return True
            at = self.whole.find(part, at + 1)
        return False

    def _is_edge(self, at: int) -> bool:
        return at in self.ends or not (_is_word(self.whole[at - 1]) and _is_word(self.whole[at]))


def compare(ours: Sequence[tuple[int, str]], file: Prepared) -> Difference:
    """Say how normal lines relate to a file."""
    lines = [line for _, line in ours if line not in _GAPS]
    if not lines:
        return Difference(Likeness.EXCERPT, count=0)
    joined = "".join(lines)
    if joined == file.whole:
        return Difference(Likeness.WHOLE, count=len(lines))
    if file.has(joined):
        return Difference(Likeness.PART, count=len(lines))
    missing = [(at, line) for at, line in ours if line not in file.known and line not in _GAPS]
    really = [(at, line) for at, line in missing[:_SEARCH_LIMIT] if not file.has(line)] + missing[_SEARCH_LIMIT:]
    if really:
        return Difference(Likeness.OTHER, really[0][0], 1 - len(really) / len(lines), len(lines))
    return Difference(Likeness.EXCERPT, count=len(lines))


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _normal(line: str) -> str:
    """Give a line without its comment and blanks."""
    if "&" in line or "\\" in line:
        for escaped, plain in _ESCAPES:
            line = line.replace(escaped, plain)
    return "".join(_without_comment(line).translate(_QUOTES).split()).rstrip("\\").rstrip(",;")


def _without_comment(line: str) -> str:
    if "#" not in line:
        return line
    quote = ""
    for at, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "#" and (at == 0 or line[at - 1] in " \t\\,()[]{}:;\"'"):
            return line[:at]
    return line


def definitions(lines: Sequence[tuple[int, str]]) -> set[str]:
    """Give the heads of functions and classes, and the rules of routes, among normal lines."""
    return {
        line.partition("(")[0] if line.startswith("def") else line.partition(")")[0]
        for _, line in lines
        if line.startswith(("def", "class")) or (line.startswith("@") and "route(" in line)
    }
