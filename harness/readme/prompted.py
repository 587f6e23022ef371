"""A fence with prompts in it: what was typed at them, and what was printed between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from harness.readme.blocks import Kind
from harness.readme.forms import printed_form
from harness.readme.piece import Numbered, Piece, trimmed
from harness.readme.prompts import Prompt, continued
from harness.readme.statements import end_of_shell, end_of_sql

AT: Final = "typed at a prompt"
"""How the reason of such a command begins."""


AS_ROOT: Final = ", as root"
"""How the reason of such a command ends where it is the prompt of a container."""


def prompted(lines: Numbered, prompts: Sequence[Prompt | None]) -> list[Piece]:
    """Take a fence apart of which some lines begin with a prompt. There is at least one piece."""
    found = list(_prompted(_outdented(lines, prompts), prompts))
    form = next(each.form for each in prompts if each)
    return found or [Piece(Kind.OUTPUT, form, lines, 0.6, "a prompt at which nothing is typed")]


def _prompted(lines: Numbered, prompts: Sequence[Prompt | None]) -> Iterator[Piece]:
    """Take a fence with prompts apart: what follows a prompt was typed, all the rest was printed."""
    typed: list[tuple[int, str]] = []
    printed: list[tuple[int, str]] = []
    form, root = "", False
    marks = [at for at, found in enumerate(prompts) if found]
    for at, stop in pairwise([0, *marks, len(lines)] if marks[0] else [*marks, len(lines)]):
        found = prompts[at]
        if found is None:
            printed += lines[at:stop]
            continue
        shown = any(text.strip() for _, text in printed)
        if typed and (shown or form != found.form or root != found.root):
            yield _typed(typed, form, root)
            typed = []
        if shown:
            yield _printed(printed)
        form, root = found.form, found.root
        end = at + 1
        if found.typed.strip():
            end = at + _length(lines[at:stop], found)
            typed.append((lines[at][0], found.typed))
            typed += [(number, _rest(text, form)) for number, text in lines[at + 1 : end]]
        printed = list(lines[end:stop])
    if typed:
        yield _typed(typed, form, root)
    if any(text.strip() for _, text in printed):
        yield _printed(printed)


def _rest(line: str, form: str) -> str:
    rest = continued(line, form)
    return line if rest is None else rest


def _length(lines: Numbered, found: Prompt) -> int:
    """Give how many of the lines from a prompt to the next were typed at it."""
    end = 1
    while end < len(lines) and continued(lines[end][1], found.form) is not None:
        end += 1
    if end > 1:
        return end
    texts = [found.typed, *(text for _, text in lines[1:])]
    if found.form == "shell":
        return end_of_shell(texts, 0)
    if found.form in ("presto", "hive", "sql") and not found.typed.rstrip().endswith(";"):
        stop = end_of_sql(texts, 0)
        return stop if texts[stop - 1].rstrip().endswith(";") else 1
    return 1


def _typed(lines: Numbered, form: str, root: bool = False) -> Piece:
    return Piece(Kind.COMMAND, form, lines, 0.95, f"{AT} of {form}{AS_ROOT * root}")


def _printed(lines: Numbered) -> Piece:
    form, _ = printed_form([text for _, text in lines])
    return Piece(Kind.OUTPUT, form, trimmed(lines), 0.9, "printed between prompts")


def _outdented(lines: Numbered, prompts: Sequence[Prompt | None]) -> Numbered:
    """Take off the blanks before the first prompt from all lines that have them."""
    first = next(text for (_, text), found in zip(lines, prompts, strict=True) if found)
    margin = len(first) - len(first.lstrip(" "))
    return [(number, text[margin:] if not text[:margin].strip() else text) for number, text in lines]
