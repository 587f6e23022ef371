"""Jupyter notebooks of the formats 3 and 4: their cells as the blocks of one flattened text.

The flattened text is that of all cells in their order: what a cell holds, then what it printed, then a blank line. A
notebook's lines are those of the flattened text, for in the file itself they depend on how JSON was written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from harness.errors import UsageError
from harness.outputs.text import clean
from harness.readme.answers import Command, answered
from harness.readme.blocks import Block, Kind, Reading
from harness.readme.forms import is_compose, is_python, printed_form
from harness.readme.guess import guess, shaped
from harness.readme.hidden import revealed
from harness.readme.piece import Numbered
from harness.readme.tokens import parse

_SHELLS: Final = ("%%bash", "%%sh", "%%script bash", "%%!", "%%system")
_IMAGES: Final = ("image/png", "image/jpeg", "image/svg+xml", "png", "jpeg", "svg")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: `kind` is that of the notebook's format (`markdown`, `code`, `raw`, `heading`)."""

    kind: str
    source: str
    outputs: Sequence[str]


def is_notebook(name: str) -> bool:
    """Whether a file of that name is a notebook."""
    return name.lower().endswith(".ipynb")


def cells_of(text: str) -> list[Cell]:
    """Give the cells of a notebook. Raises UsageError where the text is no notebook."""
    wanted = "a Jupyter notebook of format 3 or 4, which is JSON"
    try:
        book: object = json.loads(text.removeprefix("\ufeff"))
    except RecursionError as error:
        raise UsageError("The notebook is nested too deep.", wanted=wanted) from error
    except ValueError as error:
        raise UsageError("The notebook cannot be read.", wanted=wanted, seen=str(error)) from error
    if not isinstance(book, Mapping):
        raise UsageError("The notebook cannot be read.", wanted=wanted, seen=f"JSON of type {type(book).__name__}")
    sheets = _listed(book.get("worksheets"))
    found = _listed(book.get("cells")) or [cell for sheet in sheets for cell in _listed(sheet.get("cells"))]
    if not found and "cells" not in book and not sheets:
        raise UsageError("The notebook cannot be read.", wanted=wanted, seen="JSON without cells")
    return [_cell(cell) for cell in found]


def flatten(text: str) -> str:
    """Give the flattened text of a notebook, which the lines of its blocks count in."""
    return "".join(f"{_flat(cell)}\n\n" for cell in cells_of(text))


def read_notebook(text: str) -> Reading:
    """Read a notebook. Raises UsageError where the text is none."""
    blocks: list[Block] = []
    first = 1
    for number, cell in enumerate(cells_of(text), 1):
        fence = next((block.fence for block in reversed(blocks) if block.fence), 0)
        made = _markdown(cell, first, fence) if cell.kind != "code" else _code(cell, first, fence)
        blocks += (replace(block, cell=number) for block in made)
        first += _flat(cell).count("\n") + 2
    return Reading(answered(blocks), [], [] if blocks else ["The report is empty."], 0)


def _flat(cell: Cell) -> str:
    return "\n".join([cell.source, *cell.outputs])


def _markdown(cell: Cell, first: int, fence: int) -> Iterator[Block]:
    """Read a cell of Markdown; its lines are moved to where the cell stands."""
    source = f"{'#' * 2} {cell.source}" if cell.kind == "heading" else cell.source
    for element in guess(revealed(parse(source)), fence + 1):
        lines = tuple(line + first - 1 for line in element.lines)
        yield replace(
            element, first_line=element.first_line + first - 1, last_line=element.last_line + first - 1, lines=lines
        )


def _code(cell: Cell, first: int, fence: int) -> Iterator[Block]:
    """Read a cell of code: what was typed, then what each output holds."""
    lines: Numbered = list(enumerate(cell.source.split("\n"), first))
    typed = None
    for form, part in _typed(lines):
        if not any(text.strip() for _, text in part):
            continue
        kind = Kind.LISTING if form == "file" else Kind.COMMAND
        reason = f"a cell of code for {form}" if kind is Kind.COMMAND else "a cell that writes a file"
        name = cell.source.split("\n")[0].partition(" ")[2].strip() if kind is Kind.LISTING else ""
        typed = shaped(Block(kind, "", part[0][0], part[-1][0], name, 0.95, reason, fence=fence + 1), part, form)
        yield replace(typed, text=typed.content)
    at = lines[-1][0] + 1
    for output in cell.outputs:
        printed = output.split("\n")
        form, _ = printed_form(printed)
        shows = is_python(printed) or is_compose(printed)
        last = at + len(printed) - 1
        block = Block(
            Kind.LISTING if shows and not form else Kind.OUTPUT, output, at, last, "", 0.95, "a cell's output"
        )
        block = shaped(replace(block, fence=fence + 1), list(enumerate(printed, at)), form)
        if typed is not None and typed.kind is Kind.COMMAND:
            own = Command(typed).prints_alone if typed.form == "shell" else typed.form
            block = replace(block, answers=typed.first_line, service=typed.service, form=form or own)
        yield block
        at = last + 1


def _typed(lines: Numbered) -> Iterator[tuple[str, Numbered]]:
    """Split a cell into what goes to a shell, to a database and to Python, without the marks that say so."""
    first = next((at for at, (_, text) in enumerate(lines) if text.strip()), 0)
    magic = lines[first][1].strip()
    if magic.startswith("%%"):
        form = "shell" if magic.startswith(_SHELLS) else "sql" if magic.startswith(("%%sql", "%%presto")) else "python"
        yield "file" if magic.startswith(("%%writefile", "%%file")) else form, lines[first + 1 :]
        return
    form, part = "", list[tuple[int, str]]()
    at = first
    while at < len(lines):
        number, text = lines[at]
        bare = text.lstrip()
        here = "shell" if bare.startswith("!") else "sql" if bare.startswith("%sql ") else "python"
        if here != form and text.strip():
            if part:
                yield form, part
            form, part = here, []
        part.append((number, bare.removeprefix("!").removeprefix("%sql ") if here != "python" else text))
        at += 1
        while here == "shell" and text.rstrip().endswith("\\") and at < len(lines):
            number, text = lines[at]
            part.append((number, text))
            at += 1
    if part:
        yield form, part


def _listed(value: object) -> list[Mapping[str, object]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _text(value: object) -> str:
    """Give a text that may be written as the list of its lines; line ends are LF."""
    text = "".join(part for part in value if isinstance(part, str)) if isinstance(value, list) else value
    return text.replace("\r\n", "\n").replace("\r", "\n") if isinstance(text, str) else ""


def _cell(cell: Mapping[str, object]) -> Cell:
    kind = cell.get("cell_type")
    source = _text(cell.get("source", cell.get("input")))
    outputs = [text for text in map(_output, _listed(cell.get("outputs"))) if text is not None]
    return Cell(kind if isinstance(kind, str) else "raw", source.rstrip("\n"), outputs)


def _output(output: Mapping[str, object]) -> str | None:
    """Give an output as text: pictures are left out, an error is its traceback without colours."""
    data = output.get("data")
    shown = data if isinstance(data, Mapping) else output
    if output.get("output_type") in ("error", "pyerr"):
        lines = output.get("traceback")
        text = "\n".join(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ""
        return clean(text).rstrip("\n") or None
    if any(kind in shown for kind in _IMAGES):
        return None
    text = _text(shown.get("text/plain", shown.get("text")))
    return clean(text).rstrip("\n") or None
