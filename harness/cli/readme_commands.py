"""`harness readme`: a report read back, without a cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from harness.errors import ExitCode
from harness.readme import Block, Finding, Reading, read_file
from harness.render.text import plural, visible

_WIDEST = 60
_TITLES = ("line", "kind", "service", "sure", "begins with")


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Give the whole reading as JSON, for programs.")
def readme(path: Path, as_json: bool) -> ExitCode:
    """Read a report back: its blocks, how sure each is, and the outputs that are not what their digests say.

    A report of this project is read with certainty, also where its comments were removed; then there is no digest to
    check an output by. The blocks of any other report are guessed, and say why.
    Exit codes: 0 all is well, 1 a digest differs, a block is not certain or a part is missing, 2 it cannot be read.

    \b
    Examples:
      harness readme README.md
      harness readme reports/latest/README.md --json | jq '.blocks[] | select(.confidence < 1)'
    """
    reading = read_file(path)
    click.echo(_json(reading) if as_json else "\n".join(_lines(reading)))
    return ExitCode.OK if reading.certain else ExitCode.DISAGREES


def _json(reading: Reading) -> str:
    """Give the reading as JSON; a byte that was not UTF-8 becomes an escape of its surrogate."""
    return json.dumps(asdict(reading) | {"certain": reading.certain}, indent=2)


def _lines(reading: Reading) -> Iterator[str]:
    rows = [_TITLES, *map(_row, reading.blocks)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_TITLES) - 1)]
    for line, *cells, words in rows:
        padded = [line.rjust(widths[0]), *(cell.ljust(width) for cell, width in zip(cells, widths[1:], strict=True))]
        yield "  ".join([*padded, words]).rstrip()
    yield ""
    doubtful = [block for block in reading.blocks if block.confidence < 1]
    yield from (
        f"line {block.first_line}: {block.kind} at {block.confidence:.2f}: {block.reason}" for block in doubtful
    )
    yield from map(_finding, reading.findings)
    yield from reading.problems
    yield _result(reading, len(doubtful))


def _row(block: Block) -> tuple[str, ...]:
    sure = f"{block.confidence:.2f}"
    return str(block.first_line), str(block.kind), _short(block.service or ""), sure, _short(block.text)


def _short(text: str) -> str:
    """Give the first words of a text on one line, safe for a terminal."""
    words = " ".join(visible(text[: 4 * _WIDEST].replace("\x1b", "\\x1b")).split())
    return words if len(words) <= _WIDEST else f"{words[: _WIDEST - 1]}…"


def _finding(found: Finding) -> str:
    origin = ", ".join(visible(part) for part in (found.step, found.command, found.stream) if part)
    return f"line {found.line}: {origin}: sha256 expected {found.expected}, got {found.actual}"


def _result(reading: Reading, doubtful: int) -> str:
    differ = len(reading.findings)
    shown = sum(bool(block.comment and block.comment.sha256 and block.unproven) for block in reading.blocks)
    words = [plural(len(reading.blocks), "block"), f"{doubtful or 'none'} of them uncertain"]
    words.append(
        f"{plural(reading.digests, 'digest')} checked" if reading.digests else "no digest to check an output by"
    )
    words += [f"{differ} {'differs' if differ == 1 else 'differ'}"] * (differ > 0)
    only_shown = shown - sum(found.stream is not None for found in reading.findings)
    words += [f"{plural(only_shown, 'output')} checked only as shown"] * (only_shown > 0)
    return ", ".join(words) + "."
