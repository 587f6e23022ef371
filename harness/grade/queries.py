"""The queries of a report with the results that they printed: just enough SQL to know what was counted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from harness.grade.checks.context import command, is_gap, line_of, outputs
from harness.grade.model import Submission
from harness.outputs import presto, shell
from harness.readme.blocks import Block, Kind

_FORMS: Final = frozenset({"presto", "hive", "sql", "spark-sql"})
_CLIENTS: Final = frozenset({"beeline", "hive", "presto", "spark-sql", "trino"})
_CLAUSES: Final = (" where ", " group by ", " order by ", " limit ")
_BEYOND: Final = (" join ", " union ", " over ", " over(", " having ", " intersect ", " except ", " tablesample ")
QUERY_ID: Final = re.compile(r"\bQuery (20\d{6})_(\d{6})_(\d{5})_([a-z0-9]{5})\b")
_WORD: Final = re.compile(r"\w+")
_STATEMENT_LIMIT: Final = 4_000


@dataclass(frozen=True, slots=True)
class Select:
    """A plain query of one table, in lower case: its select list, filter, group keys and limit."""

    items: tuple[str, ...]
    table: str
    where: str
    group: tuple[str, ...]
    limited: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A query and the result that belongs to it. `whole` says that no row of the result was left out.

    `made` is the date and time in the query's id, and `coordinator` its end, where the output has one id.
    """

    place: int
    block: Block
    line: int
    statement: str
    select: Select | None
    result: presto.Result
    whole: bool
    made: str | None = None
    coordinator: str | None = None

    def values(self) -> list[list[str]]:
        """Give the cells of the rows; none where the result is too large to keep."""
        return self.result.values or []


def statements(block: Block) -> list[str]:
    """Give the statements of a command's block, on one line each, without prompts and comments.

    A shell command gives those of its options `--execute` and `-e`.
    """
    if block.form == "shell":
        typed = list(_executed("\n".join(line for _, line in block.printed())))
        return [" ".join(one.split()) for one in " ; ".join(typed).split(";") if one.strip()]
    typed = []
    for _, line in block.printed():
        bare = line.strip()
        if bare.startswith("presto") and ">" in bare[:40]:
            bare = bare.partition(">")[2].strip()
        bare = bare.removeprefix("->").partition("--")[0]
        typed.append(bare)
    return [" ".join(one.split()) for one in " ".join(typed).split(";") if one.strip()]


def _executed(text: str) -> Iterator[str]:
    for program in shell.parse(text).programs:
        if program.name not in _CLIENTS:
            continue
        for at, arg in enumerate(program.args):
            if arg in ("--execute", "-e") and at + 1 < len(program.args):
                yield program.args[at + 1]
            elif arg.startswith("--execute="):
                yield arg.partition("=")[2]


def parse(statement: str) -> Select | None:
    """Read a query of one table, or give None for whatever is more than that."""
    text = f" {' '.join(statement[:_STATEMENT_LIMIT].lower().split())} "
    if not text.startswith(" select ") or text.count("select ") > 1 or any(word in text for word in _BEYOND):
        return None
    listed, found, rest = text.removeprefix(" select ").partition(" from ")
    if not found or listed.startswith("distinct "):
        items = tuple(_split(listed.removeprefix("distinct ")))
    else:
        items = tuple(_split(listed))
    parts = {}
    for clause in reversed(_CLAUSES):
        rest, mark, value = rest.partition(clause)
        parts[clause] = value.strip() if mark else ""
    table = rest.strip().partition(" ")[0]
    if not table or "," in rest or "(" in rest:
        return None
    group = tuple(_split(parts[" group by "].removeprefix("distinct ")))
    where = _tidy(parts[" where "])
    distinct = listed.startswith("distinct ") and not group
    return Select(items, table.rpartition(".")[2].strip('"`'), where, group, bool(parts[" limit "]) or distinct)


def answers(submission: Submission) -> Iterator[Answer]:
    """Give the results in the outputs that belong to one statement for sure, in the order of the report."""
    printed: defaultdict[int, list[tuple[int, Block, presto.Result]]] = defaultdict(list)
    typed: dict[int, Block] = {}
    for place, block in outputs(submission):
        if block.form not in _FORMS or (asked := command(submission, place)) is None:
            continue
        if asked.form not in _FORMS and asked.form != "shell":
            continue
        typed[asked.first_line] = asked
        lines = [line.replace("\r", " ") for _, line in block.printed()]
        for result in presto.aligned(lines):
            printed[asked.first_line].append((place, block, result))
    for first, results in printed.items():
        asked_for = [one for one in statements(typed[first]) if not one.lower().startswith(("use ", "set "))]
        if len(asked_for) != len(results):
            continue
        for statement, (place, block, result) in zip(asked_for, results, strict=True):
            line = line_of(block, result.first + 2)
            ids = QUERY_ID.findall(block.text[-1000:])
            made, coordinator = (ids[0][0] + ids[0][1], ids[0][3]) if len(ids) == 1 else (None, None)
            whole = _is_whole(block, result)
            yield Answer(place, block, line, statement, parse(statement), result, whole, made, coordinator)


class Writers:
    """The texts that may write a table: the submission's files, and what the report lists or types."""

    def __init__(self, submission: Submission) -> None:
        listed = [block.text for block in submission.blocks if block.kind in (Kind.LISTING, Kind.COMMAND)]
        texts = [text for path, text in submission.files.items() if not path.endswith((".md", ".ipynb", ".txt"))]
        self._streams: set[str] = set()
        self._batches: set[str] = set()
        for text in (*texts, *listed):
            if "Stream" in text:
                self._streams.update(map(str.lower, _WORD.findall(text)))
            elif ".write" in text:
                self._batches.update(map(str.lower, _WORD.findall(text)))

    def fills_at_once(self, table: str) -> bool:
        """Whether a batch writes a table and no stream does, so that it stays as it is while it is queried."""
        return table in self._batches and table not in self._streams


def _is_whole(block: Block, result: presto.Result) -> bool:
    if result.values is None or not result.even:
        return False
    if result.stated is not None:
        return result.stated == result.rows
    return block.kind is Kind.OUTPUT and not any(is_gap(line) for _, line in block.printed())


def _split(text: str) -> list[str]:
    """Split at commas outside of parentheses."""
    parts: list[str] = []
    depth = start = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def _tidy(where: str) -> str:
    for operator in ("!=", "<>", ">=", "<=", "=", ">", "<"):
        where = f" {operator} ".join(where.split(operator)) if f"{operator}" in where else where
    return " ".join(where.replace('"', "'").split()).replace("< >", "<>").replace("> =", ">=").replace("< =", "<=")


def numbers(values: Sequence[Sequence[str]], column: int) -> list[float] | None:
    """Give a column's numbers, or None where a cell is none. Commas between digits are a locale's."""
    found = []
    for row in values:
        text = row[column].replace(",", "") if column < len(row) else ""
        try:
            found.append(float(text))
        except ValueError:
            return None
    return found if all(abs(one) < 1e15 for one in found) else None
