"""YAML of a rubric as plain data: numbers exact, every place with its line, and nothing that builds objects."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

import yaml

from harness.errors import UsageError

Plain: TypeAlias = "str | int | Decimal | bool | Sequence[Plain] | Mapping[str, Plain] | None"
"""What a rubric's YAML may hold. A decimal number is a Decimal with the digits that were written."""

Path: TypeAlias = "tuple[str | int, ...]"
"""A place in the data: keys and positions, from the top."""

_LARGEST: Final = 200_000
_DEEPEST: Final = 12
_TAG: Final = "tag:yaml.org,2002:"
_NUMBER: Final = re.compile(r"[+-]?\d{1,9}(?:\.\d{0,9})?")


@dataclass(frozen=True, slots=True)
class Tree:
    """The data of a file, and the line of each place in it."""

    data: Plain
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """Give the line of a place, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(text: str, name: str) -> Tree:
    """Read the YAML of a rubric. Raises UsageError with file, line and remedy for all that it cannot take."""
    if len(text) > _LARGEST:
        raise _error(name, 1, f"at most {_LARGEST:,} characters", f"{len(text):,}", "leave out what is no rubric")
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise _error(name, line, "every value written where it is used", f"*{event.anchor}", "write it out")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise _error(name, line, "YAML", problem.problem or "something else", "mend the line") from problem
    except (yaml.YAMLError, RecursionError) as problem:
        raise _error(name, 1, "YAML", type(problem).__name__, "mend the file") from problem
    lines: dict[Path, int] = {}
    if root is None:
        raise _error(name, 1, "a rubric", "an empty file", "start from one of the project's own: docs/rubrics.md")
    return Tree(_plain(root, (), lines, name), lines)


def _plain(node: yaml.Node, path: Path, lines: dict[Path, int], name: str) -> Plain:
    line = node.start_mark.line + 1
    lines[path] = line
    if len(path) > _DEEPEST:
        raise _error(name, line, f"at most {_DEEPEST} levels", "more", "take levels out")
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Plain] = {}
        for key, value in node.value:
            place = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise _error(name, place, "a word as key", "something else", "give the key a name")
            if key.value in found:
                raise _error(name, place, "each key once", f"{key.value!r} again", "take one of them out")
            found[key.value] = _plain(value, (*path, key.value), lines, name)
            lines[*path, key.value] = place
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, at), lines, name) for at, item in enumerate(node.value)]
    return _scalar(node, name, line)


def _scalar(node: yaml.Node, name: str, line: int) -> Plain:
    kind = node.tag.removeprefix(_TAG)
    value = str(node.value)
    match kind:
        case "str":
            return value
        case "null":
            return None
        case "bool":
            return value.lower() in ("true", "yes", "on")
        case "int" | "float" if _NUMBER.fullmatch(value):
            return int(value) if value.lstrip("+-").isdecimal() else Decimal(value)
    remedy = "write a number like 1 or 0.75, or put the text in quotes"
    raise _error(name, line, "a text, a number, true or false", value[:80], remedy)


def _error(name: str, line: int, wanted: str, seen: str, remedy: str) -> UsageError:
    return UsageError(f"{name}, line {line}: this is no rubric.", wanted=wanted, seen=seen, remedy=remedy)
