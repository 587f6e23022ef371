"""The plan: what a rerun of a report would type where, in its order, and which output each would be compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.readme.blocks import Block, Kind, Reading
from harness.readme.typed import Loop, Typed, commands
from harness.render.text import plural, visible

_WIDEST: Final = 100
_TITLES: Final = ("no.", "line", "where", "sure", "command")
_BY_HAND: Final = {
    **dict.fromkeys(("emacs", "less", "man", "more", "nano", "top", "vi", "vim"), "needs a person at the keyboard"),
    **dict.fromkeys(("clear", "exit", "history", "logout"), "belongs to the terminal it was typed in"),
    **dict.fromkeys(("gcloud", "git", "scp", "ssh", "tmux", "screen"), "is about the author's own machine"),
    **dict.fromkeys(("jupyter", "jupyter-notebook"), "serves a browser"),
}
_DOUBTFUL: Final = 0.5


def plan(reading: Reading, first: Sequence[Typed] = ()) -> str:
    """Give the plan of a reading for people: commands with their outputs, then what is left out and why.

    `first` are commands of another text, which are typed before; they have no line.
    """
    rows = [_row(at, "", typed, "") for at, typed in enumerate(first, 1)]
    left: list[tuple[int, str]] = []
    number = len(rows)
    compared: dict[int, list[Block]] = {}
    for block in reading.blocks:
        if block.answers is not None:
            compared.setdefault(block.answers, []).append(block)
        elif block.kind is Kind.OUTPUT:
            left.append((block.first_line, f"{block.form or 'an output'}: no command is known that printed it"))
    for block in reading.blocks:
        if block.kind is not Kind.COMMAND:
            continue
        for typed in commands(block):
            why = left_out(block, typed)
            if why:
                left.append((typed.line, f"{_short(typed.text)}: {why}"))
            else:
                number += 1
                rows.append(_row(number, str(typed.line), typed, f"{block.confidence:.2f}"))
        rows += [("", "", "", "", f"  {_compared(output)}") for output in compared.get(block.first_line, ())]
    return "\n".join([*_table(rows), *_rest(left), _result(rows, left), ""])


def left_out(block: Block, typed: Typed) -> str:
    """Say why a rerun does not type a command; nothing where it does."""
    if block.confidence < _DOUBTFUL:
        return f"it may be no command: {block.reason}"
    names = {program.name for program in typed.programs}
    return next((why for name, why in _BY_HAND.items() if name in names), "")


def _row(number: int, line: str, typed: Typed, sure: str) -> tuple[str, ...]:
    marks = ["in the background"] * typed.background
    marks += {Loop.ENDLESS: ["endless loop"], Loop.FINITE: ["loop"], Loop.NONE: []}[typed.loop]
    said = f"  ({', '.join(marks)})" if marks else ""
    where = typed.service or "host"
    if typed.form not in ("shell", typed.service):
        where = f"{where} {typed.form}" if typed.service else typed.form
    return (
        str(number),
        line,
        _short(where),
        sure,
        _short(typed.inner or typed.text) + said,
    )


def _compared(output: Block) -> str:
    what = output.form or ("a file" if output.kind is Kind.LISTING else "text")
    return f"compared with line {output.first_line}: {what}, {output.confidence:.2f} sure"


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    whole = [_TITLES, *rows]
    widths = [max(len(row[column]) for row in whole) for column in range(len(_TITLES) - 1)]
    for number, line, *cells, last in whole:
        padded = [number.rjust(widths[0]), line.rjust(widths[1])]
        padded += [cell.ljust(width) for cell, width in zip(cells, widths[2:], strict=True)]
        yield "  ".join([*padded, last]).rstrip()
    yield ""


def _rest(left: Sequence[tuple[int, str]]) -> Iterator[str]:
    if left:
        yield "Left out:"
        yield from (f"line {line}: {why}" for line, why in sorted(left))
        yield ""


def _result(rows: Sequence[tuple[str, ...]], left: Sequence[tuple[int, str]]) -> str:
    typed = sum(bool(row[0]) for row in rows)
    outputs = len(rows) - typed
    return f"{plural(typed, 'command')}, {plural(outputs, 'output')} to compare, {len(left) or 'nothing'} left out."


def _short(text: str) -> str:
    """Give a text on one line, safe for a terminal."""
    words = " ".join(visible(text[: 8 * _WIDEST].replace("\\\n", " ").replace("\x1b", "\\x1b")).split())
    return words if len(words) <= _WIDEST else f"{words[: _WIDEST - 1]}…"
