"""A verdict for programs: JSON, and the annotations of GitHub Actions."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from harness.check.facts import ABSENT
from harness.check.findings import Command, Difference
from harness.check.golden import Verdict
from harness.check.show import difference
from harness.render.text import plural, visible

FORMAT_VERSION: Final = 1

_LINES: Final = 12
"""Lines of one annotation; GitHub folds longer ones."""

_ID: Final = re.compile(r'\s+"id": (".*"),?')


@dataclass(frozen=True, slots=True)
class Place:
    """Where a check was made: the files, the pending file if one was written, and the commands that settle it."""

    golden: Path
    record: Path
    project: Path
    pending: Path | None = None
    commands: tuple[str, ...] = ()


def to_json(verdict: Verdict, place: Place) -> str:
    """Give the verdict as JSON. A side that has no value at all is left out; null is a value."""
    found = verdict.comparison
    results = {0: "equal", 1: "differs", 4: "nothing checked"}
    data = {
        "format_version": FORMAT_VERSION,
        "result": results[verdict.exit_code],
        "exit_code": int(verdict.exit_code),
        "why": verdict.nothing,
        "golden": str(place.golden),
        "record": str(place.record),
        "pending": str(place.pending) if place.pending else None,
        "commands": place.commands,
        "compared": {"steps": found.steps, "commands": found.commands, "invariants": found.invariants},
        "equal_steps": verdict.equal,
        "only_in_golden": verdict.lacking,
        "only_in_record": verdict.unknown,
        "sources_changed": found.sources,
        "masks": [
            {"rule": each.rule, "step": each.step, "command": each.command.id, "values": [each.expected, each.actual]}
            for each in found.masks
        ],
        "differences": [_plain(each) for each in found.differences],
    }
    return json.dumps(data, indent=2, default=dict) + "\n"


def to_github(verdict: Verdict, place: Place, text: str) -> str:
    """Give the text, out of reach of the runner, and an annotation for each command, step or invariant that differs.

    Each stands at the line of the golden record that has it, or at the file's first line.
    """
    file = place.golden
    if file.is_relative_to(place.project):
        file = file.relative_to(place.project)
    word = secrets.token_hex(16)  # what was captured could hold a line that the runner takes for a command
    ended = "" if text.endswith("\n") else "\n"
    lines = [f"::stop-commands::{word}\n{text}{ended}::{word}::"]
    if verdict.nothing:
        lines.append(annotation(file, 1, "nothing was checked", verdict.nothing))
    places = _places(place.golden)
    for command, group in _groups(verdict.comparison.differences):
        first = group[0]
        name = command.id if command else first.step or "invariants"
        known = command is None or command.at[0] is not None
        at = (known and places.get(name)) or places.get(first.step or "") or 1
        words = [difference(each) for each in group[:_LINES]]
        if len(group) > _LINES:
            words.append(f"… {plural(len(group) - _LINES, 'more difference')}")
        lines.append(annotation(file, at, f"{first.step or 'invariants'}: {name}", "\n".join(words)))
    lines += [annotation(path, 1, "source changed", path, level="notice") for path in verdict.comparison.sources]
    return "\n".join(lines) + "\n"


def annotation(file: Path | str, line: int, title: str, message: str, level: str = "error") -> str:
    """Give one workflow command; what would end a value or the line is escaped as GitHub reads it."""
    where = f"file={_property(str(file))},line={line},title={_property(visible(title))}"
    return f"::{level} {where}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _groups(differences: Sequence[Difference]) -> Iterator[tuple[Command | None, list[Difference]]]:
    for (_, command), group in groupby(differences, key=lambda each: (each.step, each.command)):
        yield command, list(group)


def _places(golden: Path) -> Mapping[str, int]:
    """Give the line of each id in the golden record's file."""
    try:
        text = golden.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    found: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if matched := _ID.fullmatch(line):
            found.setdefault(json.loads(matched[1]), number)
    return found


def _plain(each: Difference) -> dict[str, object]:
    command = each.command and {"id": each.command.id, "service": each.command.service, "text": each.command.text}
    sides = {"expected": each.expected, "actual": each.actual}
    return {
        "step": each.step,
        "command": command,
        "field": each.field,
        **{name: side for name, side in sides.items() if side is not ABSENT},
        "kind": each.kind.value,
    }
