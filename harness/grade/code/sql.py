"""What SQL and HQL say of tables: created, with their columns and location, and queried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from harness.grade.model import Evidence, Submission
from harness.readme.blocks import Kind

_TOKEN: Final = re.compile(r"'[^'\n]*+'|\"[^\"\n]*+\"|`[^`\n]*+`|--[^\n]*+|[\w$./:{}-]++|\S")
_TOKEN_LIMIT: Final = 20_000


_NO_NAMES: Final = frozenset({"as", "like", "select"})
_SYSTEM: Final = frozenset({"information_schema", "system"})
_FORMS: Final = frozenset({"", "hive", "presto", "shell", "sql"})


@dataclass(frozen=True, slots=True)
class Table:
    """A table that a statement creates. `columns` is empty where the statement lists none; `location` None likewise.

    `filled` says that the statement itself puts rows in (CREATE TABLE … AS SELECT).
    """

    name: str
    columns: tuple[str, ...]
    location: str | None
    filled: bool
    external: bool
    evidence: Evidence


def statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Give the statements of a text as parts, each with the line it starts in, from 1."""
    line = 1
    last = 0
    first = 0
    kept: list[str] = []
    for count, found in enumerate(_TOKEN.finditer(text)):
        if count > _TOKEN_LIMIT:
            return
        line += text.count("\n", last, found.start())
        last = found.start()
        part = found[0]
        if part.startswith("--"):
            continue
        if part == ";":
            if kept:
                yield first, kept
            kept = []
            continue
        if not kept:
            first = line
        kept.append(part)
    if kept:
        yield first, kept


def created(text: str, evidence: Evidence | None = None, file: str = "", first_line: int = 1) -> Iterator[Table]:
    """Give the tables that the statements of a text create."""
    for line, parts in statements(text):
        words = [part.lower() for part in parts]
        if words[:1] != ["create"] or "table" not in words[:4]:
            continue
        place = evidence or Evidence(file, first_line + line - 1, " ".join(parts)[:160])
        table = _table(parts, words, words.index("table") + 1, place)
        if table is not None:
            yield table


def queried(text: str) -> Iterator[tuple[int, str]]:
    """Give each table that a query reads, with the line of its statement; names that the query makes are left out."""
    for line, parts in statements(text):
        words = [part.lower() for part in parts]
        if words[0] not in ("select", "with", "describe", "desc"):
            continue
        if words[0] in ("describe", "desc"):
            names = [word for word in parts[1:3] if word.lower() not in ("formatted", "extended")]
            if names and len(parts) <= 3 and _is_name(names[0]):
                yield line, bare(names[0])
            continue
        own = {words[at - 1] for at, word in enumerate(words) if word == "as" and words[at + 1 : at + 2] == ["("]}
        for at, word in enumerate(words[:-1]):
            if word not in ("from", "join") or not _is_name(parts[at + 1]) or words[at + 1] in own:
                continue
            if (words[at - 2 : at - 1] == ["("] and word == "from") or "extract" in words[max(0, at - 3) : at]:
                continue  # extract(year from x), trim(both from x)
            if words[at + 2 : at + 3] == ["("] or _SYSTEM & set(words[at + 1].replace('"', "").split(".")):
                continue
            yield line, bare(parts[at + 1])


def bare(name: str) -> str:
    """Give a table's name without quotes, catalog and schema, in small letters."""
    return name.replace("`", "").replace('"', "").rstrip(".").rpartition(".")[2].lower()


def report_tables(submission: Submission) -> Iterator[Table]:
    """Give the tables that the report's commands and listings of SQL create."""
    for block in submission.blocks:
        if block.kind in (Kind.COMMAND, Kind.LISTING) and block.form in _FORMS and "create" in block.text.lower():
            rows = block.printed()
            text = "\n".join(row for _, row in rows)
            start = text.lower().find("create ")
            if start >= 0:
                line = rows[text.count("\n", 0, start)][0]
                quoted = text[start:].replace('"', " ") if block.form == "shell" else text[start:]
                yield from created(quoted, file=str(submission.report), first_line=line)


def file_tables(submission: Submission) -> Iterator[Table]:
    """Give the tables of the folder's SQL files, and of `hive -e` in its scripts."""
    for path, text in submission.files.items():
        if path.endswith((".sql", ".hql", ".ddl")):
            yield from created(text, file=path)
        elif path.endswith(".sh"):
            for number, row in enumerate(text.split("\n"), 1):
                at = row.lower().find("create ")
                if at >= 0 and " table" in row.lower():
                    yield from created(row[at:].replace('"', " "), file=path, first_line=number)


def _table(parts: list[str], words: list[str], at: int, evidence: Evidence) -> Table | None:
    if words[at : at + 3] == ["if", "not", "exists"]:
        at += 3
    if at >= len(parts) or not _is_name(parts[at]) or words[at] in _NO_NAMES:
        return None
    name = bare(parts[at])
    columns, at = _columns(parts, at + 1)
    location = None
    filled = False
    for position in range(at, len(words)):
        if words[position : position + 1] == ["create"]:
            break
        if words[position] == "location" and location is None and parts[position + 1 : position + 2]:
            if parts[position + 1][0] not in "'\"":
                continue  # a word of prose, no statement's
            location = parts[position + 1].strip("'\"")
        if words[position] == "as" and words[position + 1 : position + 2] in (["select"], ["with"], ["("]):
            filled = True
    external = "external" in words[:4]
    return Table(name, columns, location, filled, external, evidence)


def _columns(parts: list[str], at: int) -> tuple[tuple[str, ...], int]:
    if parts[at : at + 1] != ["("]:
        return (), at
    depth = 1
    names: list[str] = []
    fresh = True
    at += 1
    while at < len(parts) and depth:
        part = parts[at]
        if part in "(<":
            depth += 1
        elif part in ")>":
            depth -= 1
        elif part == "," and depth == 1:
            fresh = True
        elif fresh:
            names.append(part.strip('`"').lower())
            fresh = False
        at += 1
    return tuple(names), at


def _is_name(part: str) -> bool:
    name = part.replace("`", "").replace('"', "").replace(".", "")
    return bool(name) and name.replace("_", "").replace("-", "").isalnum() and not name.isdigit()
