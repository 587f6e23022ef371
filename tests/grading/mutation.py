"""What a mutation is: a change to a submission, and the places where the mistake may be found."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from document import Part, Role, Submission


@dataclass(frozen=True)
class Mutated:
    """A submission with one mistake. `lines` are (part, line), `parts` whole parts, `files` any line of a file."""

    submission: Submission
    lines: set[tuple[int, int]] = field(default_factory=set)
    parts: set[int] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    note: str = ""


Mutate = Callable[[random.Random, Submission], Mutated | None]
MUTATIONS: dict[str, Mutate] = {}


def mutation(kind: str) -> Callable[[Mutate], Mutate]:
    """Register a mutation under its kind."""

    def register(function: Mutate) -> Mutate:
        MUTATIONS[kind] = function
        return function

    return register


@dataclass(frozen=True)
class Site:
    """A line that can be changed."""

    part: int
    line: int
    match: re.Match[str]

    @property
    def place(self) -> tuple[int, int]:
        return self.part, self.line


def sites(submission: Submission, pattern: str, *roles: Role) -> list[Site]:
    """Find the lines that match a pattern, in the parts of some roles (raw parts are searched always)."""
    found = re.compile(pattern)
    wanted = (*(roles or (Role.OUTPUT,)), Role.RAW)
    return [
        Site(number, index, match)
        for number, part in enumerate(submission.parts)
        if part.role in wanted
        for index, line in enumerate(part.lines)
        if (match := found.search(line))
    ]


def change(submission: Submission, site: Site, new: str, group: int = 1) -> Submission:
    """Put a text in the place of a group of a site's match."""
    line = submission.parts[site.part].lines[site.line]
    changed = line[: site.match.start(group)] + new + line[site.match.end(group) :]
    return submission.with_part(site.part, submission.parts[site.part].with_line(site.line, changed))


def value(part: Part, pattern: str) -> re.Match[str] | None:
    """Find the first line of a part that matches."""
    return next((match for line in part.lines if (match := re.search(pattern, line))), None)


def replace_in_part(submission: Submission, number: int, pattern: str, new: str) -> Submission:
    """Replace a pattern in every line of a part."""
    part = submission.parts[number]
    return submission.with_part(number, part.with_lines([re.sub(pattern, new, line) for line in part.lines]))


def edit_code(submission: Submission, path: str, old: str, new: str) -> Mutated | None:
    """Replace a text once in a file, and in the listings that show it. None where it is not there."""
    text = submission.files.get(path)
    if text is not None and old not in text:
        return None
    changed = submission if text is None else submission.with_file(path, text.replace(old, new, 1))
    parts = set()
    for number, part in listings(submission, path):
        shown = "\n".join(part.lines)
        if old in shown:
            changed = changed.with_part(number, part.with_lines(shown.replace(old, new, 1).split("\n")))
            parts.add(number)
    return Mutated(changed, parts=parts, files={path}) if parts or text is not None else None


def listings(submission: Submission, path: str) -> Iterator[tuple[int, Part]]:
    """Give the parts that show a file."""
    return ((number, part) for number, part in enumerate(submission.parts) if part.file == path)


def other(rng: random.Random, number: int, low: int = 1, high: int = 9) -> int:
    """Give a number that is not far from another, and above zero."""
    step = rng.randint(low, high)
    return number + step if number - step < 1 or rng.random() < 0.5 else number - step


def is_cut(part: Part) -> bool:
    """Whether the author left lines out."""
    return any(line.strip() in ("...", "…") for line in part.lines)


def aligned(part: Part) -> tuple[list[str], list[int]] | None:
    """Give the columns of an aligned table, and the lines of its rows."""
    for index, line in enumerate(part.lines[1:], 1):
        if re.fullmatch(r"\s*-+(\+-+)*\s*", line) and "(" not in part.lines[index - 1]:
            rows = []
            for number in range(index + 1, len(part.lines)):
                if re.match(r"\s*\(\d+ rows?\)", part.lines[number]):
                    return [name.strip() for name in part.lines[index - 1].split("|")], rows
                rows.append(number)
    return None
