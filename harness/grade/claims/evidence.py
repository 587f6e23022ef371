"""What the outputs of a report count, by the parsers of outputs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from harness.grade.claims.code import composed, defined
from harness.grade.claims.model import Group, Shown, Unit, bounded
from harness.outputs import ab, access_log, hdfs_ls, json_lines, presto, ps, spark
from harness.outputs.text import Output, integer
from harness.readme.blocks import Block, Kind

_OUTPUTS: Final = frozenset({Kind.OUTPUT, Kind.LISTING, Kind.EXCERPT})
_ELIDED: Final = ("only showing top", "truncated", "omitted", "snip", "lines left out", "and so on")
_BATCH: Final = re.compile(r"(?m)^\s*Batch: \d{1,9}\s*$")
_DOTS: Final = frozenset({"...", "…", "....", ". . .", ".", "..", "[...]", "(...)", "<...>", "# ..."})


def shown(block: Block) -> list[Shown]:
    """Give what a block shows, one for each table and each kind of lines in it."""
    if block.kind not in _OUTPUTS:
        return []
    found = [
        one
        for reader in (_tables, _log, _events, _benchmarks, _listings, _services, _code)
        for one in reader(block, block.content or block.text)
    ]
    return [replace(one, groups=bounded(one.groups)) for one in found if one.groups or one.counts]


def _tables(block: Block, text: str) -> Iterator[Shown]:
    if "--" not in text or block.form == "compose_ps":
        return
    whole = _is_whole(text)
    lines = block.printed()
    if "+-" in text:
        printed = spark.read(text)
        borders = [line for line, each in lines if each.lstrip().startswith("+-") and not each.strip().strip("+-")]
        closed = len(borders) == 3 * len(printed.tables)
        for at, table in enumerate(printed.tables):
            line = borders[3 * at] if closed else block.first_line
            yield _table(line, table.columns, table.rows, len(table.rows), whole and closed, None)
        if batches := len(_BATCH.findall(text)):
            yield Shown("batches", block.first_line, f"{batches} batches", counts={Unit.BATCH: [batches]})
        if printed.tables:
            return
    for result in presto.aligned([line for _, line in lines]):
        if result.columns is not None:
            yield _table(
                block.first_line, result.columns, result.values or (), result.rows,
                whole and result.stated is not None, result.stated,
            )  # fmt: skip


def _table(
    line: int, columns: Sequence[str], values: Sequence[Sequence[str]], rows: int, whole: bool, stated: int | None
) -> Shown:
    names = [name.lower() for name in columns]
    host_at = next((names.index(name) for name in ("host", "user") if name in names), -1)
    type_at = names.index("event_type") if "event_type" in names else -1
    cells: Counter[tuple[str | None, str | None]] = Counter()
    for row in values:
        if len(row) == len(names):
            cells[row[host_at] if host_at >= 0 else None, row[type_at] if type_at >= 0 else None] += 1
    groups = [Group(host, label, count) for (host, label), count in cells.items()]
    if sum(group.count for group in groups) != rows:
        groups = [Group(None, None, rows)]
    counts = {Unit.COLUMN: [len(columns)], Unit.ROW: [rows, *([stated] if stated is not None else [])]}
    what = "table"
    if names[:2] == ["column", "type"]:
        counts[Unit.COLUMN], what, groups = [rows], "schema", []
    elif names == ["table"]:
        counts[Unit.TABLE], what, groups = [rows], "tables", []
    elif any(name.startswith("_col") for name in names) or (0 < rows <= 50 and _numeric(values)):
        what = "result"
    numbers = (integer(cell.replace(",", "")) for row in values for cell in row)
    loose = frozenset(number for number in numbers if number is not None)
    text = f"{rows} row{'s' * (rows != 1)} of {len(columns)} column{'s' * (len(columns) != 1)}"
    return Shown(what, line, text, groups, counts, whole=whole, loose=loose)


def _numeric(values: Sequence[Sequence[str]]) -> bool:
    return bool(values) and all(integer(row[-1]) is not None for row in values if row)


def _log(block: Block, text: str) -> Iterator[Shown]:
    if '] "' not in text:
        return
    paths: Counter[str] = Counter()
    first = 0
    for line, each in block.printed():
        asked = access_log.request(each)
        if asked is not None:
            paths[asked.path] += 1
            first = first or line
    if paths:
        groups = [Group(None, path, count) for path, count in paths.items()]
        yield Shown("log", first, f"{paths.total()} lines of requests", groups, whole=_is_whole(text))


def _events(block: Block, text: str) -> Iterator[Shown]:
    if '":' not in text or ("--" in text and "-+-" in text) or block.form in ("python", "yaml", "access_log"):
        return
    facts = json_lines.facts(Output((), "\n".join(each for _, each in block.printed() if '":' in each), ""))
    by, malformed, messages = facts["by_host_and_event_type"], facts["malformed"], facts["messages"]
    if not isinstance(by, dict) or not isinstance(malformed, int) or not isinstance(messages, int) or not by:
        return
    groups = [_group(key, count) for key, count in by.items() if isinstance(count, int)]
    if malformed:
        groups.append(Group(None, None, malformed))
    keys = facts["keys"]
    counts = {Unit.KEY: [len(keys)], Unit.COLUMN: [len(keys)]} if isinstance(keys, list) else {}
    yield Shown("events", block.first_line, f"{messages} events", groups, counts, malformed, _is_whole(text))


def _group(key: str, count: int) -> Group:
    host, _, label = key.rpartition(" ")
    return Group(None if host == "(none)" else host, None if label == "(none)" else label, count)


def _benchmarks(block: Block, text: str) -> Iterator[Shown]:
    if "Complete requests" in text:
        reports = ab.reports(text)
        groups = [Group(None, report.document_path, report.complete) for report in reports]
        total = sum(report.complete for report in reports)
        yield Shown("ab", block.first_line, f"Complete requests: {total}", groups)


def _listings(block: Block, text: str) -> Iterator[Shown]:
    if " /" not in text or "rw" not in text:
        return
    facts = hdfs_ls.facts(Output(("-ls",), text, ""))
    numbers = {name: value for name, value in facts.items() if isinstance(value, int) and not isinstance(value, bool)}
    if numbers.get("entries"):
        files = [numbers["files"], numbers["part_files"], numbers["entries"]]
        counts = {Unit.ITEM: [numbers["entries"], numbers.get("found", numbers["entries"]), *files], Unit.FILE: files}
        counts[Unit.TABLE] = [numbers["directories"]]
        yield Shown("listing", block.first_line, f"{numbers['entries']} items", counts=counts, whole=_is_whole(text))


def _services(block: Block, text: str) -> Iterator[Shown]:
    if block.form == "compose_ps":
        services = ps.facts(Output(("ps",), text, "")).get("services")
        if isinstance(services, dict) and services:
            counts = {Unit.SERVICE: [len(services)]}
            yield Shown("services", block.first_line, f"{len(services)} services", counts=counts)
    elif "services:" in text:
        yield from composed(text, block.first_line)


def _code(block: Block, text: str) -> Iterator[Shown]:
    if block.kind is Kind.LISTING:
        yield from defined(text, block.first_line)


def _is_whole(text: str) -> bool:
    lowered = text.lower()
    if any(words in lowered for words in _ELIDED):
        return False
    return not any(line.strip() in _DOTS for line in text.split("\n"))
