"""Counts that an output states of itself: `Found N items`, `(N rows)`, `only showing top N rows`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from harness.grade.checks.context import cut_once, is_gap, line_of, outputs, text
from harness.grade.checks.saying import agrees, differs, doubts, other
from harness.grade.model import Evidence, Finding, Submission, Verdict
from harness.outputs import hdfs_ls, presto, spark
from harness.outputs.text import integer
from harness.readme.blocks import Block, Kind

_TOP: Final = "only showing top "


def check(submission: Submission) -> Iterable[Finding]:
    """Compare every count that an output states of itself with what it shows."""
    for place, block in outputs(submission):
        if "Found " in block.text:
            yield from _found(submission, place, block)
        if "row" in block.text:
            yield from _rows(submission, place, block)
            if _TOP in block.text:
                yield from _top(submission, place, block)
    for place, block in enumerate(submission.blocks):
        if block.kind is Kind.TABLE and "row" in block.text:
            yield from _markdown(submission, place, block)


def _found(submission: Submission, place: int, block: Block) -> Iterator[Finding]:
    """Compare `Found N items` with the entries below it, up to the next such line."""
    stated: tuple[int, int] | None = None
    entries: list[hdfs_ls.Entry] = []
    strange = False
    cut = cut_once(submission, place)
    for line, printed in [*block.printed(), (block.last_line, "Found 0 items")]:
        number = hdfs_ls.stated_items(printed)
        listed = hdfs_ls.entry(printed) if number is None else None
        if listed is not None:
            entries.append(listed)
        if number is None:
            strange = strange or (listed is None and printed.strip() != "")
            continue
        if stated is not None:
            yield from _items(cut, block, stated, entries, strange)
        stated, entries, strange = (line, number), [], False


def _items(
    cut: Callable[[], bool],
    block: Block,
    stated: tuple[int, int],
    entries: Sequence[hdfs_ls.Entry],
    strange: bool,
) -> Iterator[Finding]:
    """`strange` says that some line is no entry: it may be a part of one that the terminal has wrapped."""
    (line, number), count = stated, len(entries)
    folders = len({one.path.rpartition("/")[0] for one in entries})
    if number == count:
        yield agrees("found-items", block, line, f"Found {number} items, and {count} are listed.", number)
    elif count == 0 or (count < number and (strange or cut())) or (count > number and folders > 1):
        message = f"Found {number} items, of which {count} are shown."
        yield other(Verdict.NOT_CHECKED, "found-items", block, line, message, (number, count))
    else:
        message = f"The listing says {number} items and has {count}."
        yield differs("found-items", block, line, message, (count, number))
    parts = [one for one in entries if one.is_part]
    if len(parts) > 1 and all(one.empty for one in parts):
        message = f"All {len(parts)} part files are empty, so that nothing was written."
        yield doubts("found-empty", block, line, message, ("a part file with data", 0))


def _rows(submission: Submission, place: int, block: Block) -> Iterator[Finding]:
    """Compare `(N rows)` with the rows of its table; rows that a terminal has wrapped are counted by their bars."""
    if block.form not in ("presto", "hive", "sql", "", "shell"):
        return
    printed = [line.replace("\r", " ").rstrip("\n") for _, line in block.printed()]
    cut = cut_once(submission, place)
    for result in presto.aligned(printed):
        if result.stated is None or result.stated_at is None:
            continue
        line = line_of(block, result.stated_at)
        below = printed[result.first + 2 : result.stated_at]
        blank = sum(not row.strip() for row in below)
        if result.stated in (result.rows, result.rows - blank):
            message = f"({_rows_of(result.stated)}), and the table has as many."
            yield agrees("rows-stated", block, line, message, result.stated)
            continue
        gaps = any(map(is_gap, below)) or blank > 0
        if gaps or not result.even or (result.rows < result.stated and cut()):
            message = f"({_rows_of(result.stated)}), of which {result.rows} lines are shown."
            values = (result.stated, result.rows)
            yield other(Verdict.NOT_CHECKED, "rows-stated", block, line, message, values)
            continue
        message = f"The result says {_rows_of(result.stated)} and shows {result.rows}."
        evidence = [Evidence(str(submission.report), line_of(block, result.first), printed[result.first].strip()[:120])]
        yield differs("rows-stated", block, line, message, (result.rows, result.stated), evidence)


def _rows_of(number: int) -> str:
    return f"{number} row" if number == 1 else f"{number} rows"


def _top(submission: Submission, place: int, block: Block) -> Iterator[Finding]:
    lines = [line for _, line in block.printed()]
    cut = cut_once(submission, place)
    for table in spark.read(text(block)).tables:
        last = next((at for at in range(table.after, min(table.after + 3, len(lines))) if lines[at].strip()), None)
        if last is None or not lines[last].strip().startswith(_TOP):
            continue
        number = integer(lines[last].strip().removeprefix(_TOP).partition(" ")[0])
        rows, line = len(table.rows), line_of(block, last)
        if number == rows:
            yield agrees("rows-top", block, line, f"The table shows the top {rows} rows.", rows)
        elif number is not None and (not cut() or rows > number):
            message = f"The table says it shows {number} rows, and has {rows}."
            yield differs("rows-top", block, line, message, (rows, number))


def _markdown(submission: Submission, place: int, block: Block) -> Iterator[Finding]:
    """Compare `(N rows)`, in the line below a result that was made a table of Markdown, with its rows."""
    lines = [(line, row.strip()) for line, row in block.printed() if row.strip()]
    if len(lines) < 3 or not lines[-1][1].startswith("("):
        return
    number = integer(lines[-1][1].strip("()| ").removesuffix("rows").removesuffix("row").strip())
    rows = len(lines) - 3
    if number is None:
        return
    if number == rows:
        yield agrees("rows-stated", block, lines[-1][0], f"({_rows_of(number)}), and the table has as many.", number)
    elif not cut_once(submission, place)():
        message = f"The result says {_rows_of(number)} and shows {rows}."
        yield doubts("rows-stated", block, lines[-1][0], message, (rows, number))
