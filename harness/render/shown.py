"""Captured text for a page: escapes made visible, secrets masked, what is too long cut in its middle.

All of it takes time linear in the text, and a text of any length is cut before it is looked at closely. Escaping for
HTML or Markdown is left to the renderer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.model import Fact
from harness.render.secrets import masked, spans
from harness.render.text import MAX_CHARACTERS, MAX_LINES, lines_of, plain_value, plural, visible

_MARGIN = 8_000
"""Characters beyond a cut that are looked at, so that no secret is cut in two and slips through."""

_LONGEST_LINE = 300


@dataclass(frozen=True, slots=True)
class Shown:
    """A text, or its head and tail with a note of what is left out between them. `lines` counts the whole text."""

    head: str
    note: str
    tail: str
    lines: int

    @property
    def widest(self) -> int:
        """The characters of the longest line."""
        return max(map(len, f"{self.head}\n{self.tail}".split("\n")))


def shown(text: str, *, most_lines: int = MAX_LINES, most_characters: int = MAX_CHARACTERS) -> Shown:
    """Give a text for a box of its own, with its lines as they are; of a long one head and tail, half of each."""
    lines = lines_of(text)
    text = text.removesuffix("\n")
    if lines <= most_lines and len(text) <= most_characters:
        return Shown(masked(visible(text)), "", "", lines)
    half = most_characters // 2
    head = _head(visible(text[: half + _MARGIN]), half, most_lines // 2)
    tail = _tail(visible(text[-half - _MARGIN :]), half, most_lines // 2)
    left_out = lines - lines_of(head) - lines_of(tail)
    size = len(text.encode("utf-8", "surrogatepass")) - len(f"{head}{tail}".encode("utf-8", "surrogatepass"))
    what = [plural(left_out, "line")] * (left_out > 0) + [f"about {_size(size)}"] * (size > 0)
    note = f"… {', '.join(what) or 'something'} left out here; the record has all …"
    return Shown(masked(head), note, masked(tail), lines)


def line(text: str, most: int = _LONGEST_LINE) -> str:
    """Give a text on one line, cut after `most` characters."""
    text = " ".join(masked(visible(text[: 4 * most + _MARGIN])).split())
    return text if len(text) <= most else f"{text[:most]}…"


def fact(value: Fact) -> str:
    """Give a fact as JSON on one line. Its texts are masked before JSON's own escapes stand between their words."""
    return line(plain_value(_masked(value)))


def _masked(value: Fact) -> Fact:
    match value:
        case str():
            seen = visible(value)
            return value if masked(seen) == seen else masked(seen)
        case Mapping():
            return {name: _masked(item) for name, item in value.items()}
        case Sequence():
            return [_masked(item) for item in value]
    return value


def _head(text: str, room: int, most_lines: int) -> str:
    end = min(room, _nth_line(text, most_lines))
    end = text.rfind("\n", 0, end) if "\n" in text[:end] else end
    return text[: next((start for start, stop in spans(text) if start < end < stop), end)]


def _tail(text: str, room: int, most_lines: int) -> str:
    text = text[::-1]
    end = min(room, _nth_line(text, most_lines))
    end = text.rfind("\n", 0, end) if "\n" in text[:end] else end
    text, begin = text[::-1], len(text) - end
    return text[next((stop for start, stop in spans(text, is_tail=True) if start < begin < stop), begin) :]


def _nth_line(text: str, number: int) -> int:
    """Give where a line of this number ends, or the end of the text."""
    at = -1
    for _ in range(number):
        at = text.find("\n", at + 1)
        if at < 0:
            return len(text)
    return at + 1


def _size(size: int) -> str:
    for unit, scale in (("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:,.1f} {unit}"
    return plural(size, "byte")
