"""A report in parts, before it is dressed: what a mutation changes, and what is told of where a line went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Role(StrEnum):
    HEADING = "heading"
    PROSE = "prose"
    COMMAND = "command"
    OUTPUT = "output"
    LISTING = "listing"
    RAW = "raw"


@dataclass(frozen=True)
class Claim:
    """A number in prose that the outputs prove: which line of the part, its words, and what kind of claim it is."""

    line: int
    written: str
    value: int
    about: str


@dataclass(frozen=True)
class Part:
    """One part of a report. `form` says what typed or printed it; `tags` name it for a mutation."""

    role: Role
    lines: Sequence[str]
    form: str = ""
    tags: Sequence[str] = ()
    claims: Sequence[Claim] = ()
    file: str = ""
    uid: int = 0
    """What the dress of a part is drawn by, so that a change to another part leaves it alone."""

    def with_lines(self, lines: Sequence[str]) -> Part:
        return replace(self, lines=list(lines))

    def with_line(self, number: int, text: str) -> Part:
        return self.with_lines([*self.lines[:number], text, *self.lines[number + 1 :]])


@dataclass(frozen=True)
class Submission:
    """Files beside the report, and the report's parts. `facts` is what the author knew."""

    name: str
    parts: Sequence[Part]
    files: dict[str, str]
    report: str = "README.md"
    dress: dict[str, object] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)

    def with_part(self, number: int, part: Part) -> Submission:
        return replace(self, parts=[*self.parts[:number], part, *self.parts[number + 1 :]])

    def without_part(self, *numbers: int) -> Submission:
        return replace(self, parts=[part for i, part in enumerate(self.parts) if i not in numbers])

    def with_file(self, path: str, text: str) -> Submission:
        return replace(self, files={**self.files, path: text})

    def tagged(self, tag: str) -> list[int]:
        return [number for number, part in enumerate(self.parts) if tag in part.tags]
