"""Python of any age as a syntax tree, or the reason why there is none."""

from __future__ import annotations

import ast
import textwrap
import warnings
from dataclasses import dataclass
from typing import Final

_SIZE_LIMIT: Final = 262_144
_BRACKET_LIMIT: Final = 40
"""Deeper brackets are not parsed: on wrong code the parser's time doubles with each level."""

_MAGICS: Final = ("%", "!", "?")
_PROMPTS: Final = (">>> ", "... ")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A module's tree, or None and why. `exact` is false where the text was mended before it could be parsed."""

    tree: ast.Module | None
    exact: bool = True
    reason: str = ""


def parse(text: str) -> Parsed:
    """Parse as it is, else with print statements, tabs, prompts and comments after a backslash mended.

    Never raises. A text that stays wrong has the parser's message as the reason, with its line.
    """
    if len(text) > _SIZE_LIMIT:
        return Parsed(None, reason="over 256 KiB long")
    if _depth(text) > _BRACKET_LIMIT:
        return Parsed(None, reason=f"over {_BRACKET_LIMIT} brackets deep")
    tree, reason = _parse(text)
    if tree is not None:
        return Parsed(tree)
    tree, _ = _parse(_mended(text))
    return Parsed(tree, exact=False, reason=reason)


def _parse(text: str) -> tuple[ast.Module | None, str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text), ""
    except SyntaxError as error:
        return None, f"{error.msg} (line {error.lineno})"
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return None, str(error) or type(error).__name__


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth = max(0, depth - 1)
    return deepest


def _mended(text: str) -> str:
    """Give the text with each line mended on its own, so that every statement keeps its line."""
    lines = textwrap.dedent(text.expandtabs(8)).split("\n")
    return "\n".join(_mended_line(line) for line in lines)


def _mended_line(line: str) -> str:
    for prompt in _PROMPTS:
        line = line.removeprefix(prompt)
    bare = line.lstrip()
    indent = line[: len(line) - len(bare)]
    if bare.startswith(_MAGICS):
        return f"{indent}pass"
    if bare.startswith("print ") and not bare[6:].lstrip().startswith(("=", "(")):
        return f"{indent}print({bare[6:].partition('#')[0].strip()})"
    if bare.startswith("except ") and ", " in bare and "(" not in bare:
        return line.replace(", ", " as ", 1)
    code, mark, rest = line.rpartition("\\")
    if (mark and rest.strip().startswith("#")) or (mark and not rest.strip()):
        return f"{code}\\"
    return line
