"""Where the jobs write against where the tables look, and which tables the queries ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from harness.grade.code import sql
from harness.grade.code.facts import Code, code, whole_text
from harness.grade.code.jobs import Sink
from harness.grade.code.sources import Source, base_name
from harness.grade.code.undefined import undefined
from harness.grade.model import Evidence, Finding, Submission, Verdict, Weight
from harness.readme.blocks import Kind

LOCATION: Final = "table-location"
COLUMNS: Final = "table-columns"
QUERIED: Final = "table-queried"
UNQUERIED: Final = "stream-without-table"
_FILLERS: Final = (
    "-put",
    "-copyFromLocal",
    "-cp ",
    "-mv ",
    "distcp",
    "insert into",
    "insert overwrite",
    "load data",
    "sqoop",
)
_PATH_LIMIT: Final = 100
_READERS: Final = ("load(", "parquet(", "parquet.")
_VIEWS: Final = ("registerTempTable(", "createOrReplaceTempView(", "createTempView(", "createGlobalTempView(")
_UNKNOWN: Final = ("{", "$", "%", "<")


@dataclass(frozen=True, slots=True)
class Printed:
    """The columns of the tables that Spark prints in the report, and the frames that a job prints, by its file."""

    headers: Sequence[tuple[str, ...]]
    frames: set[tuple[str, str]]

    def columns(self, sinks: Sequence[Sink], wanted: Sequence[str]) -> set[tuple[str, ...] | None]:
        """Give the printed columns of these sinks' frames: tables that have just the wanted columns, in any order."""
        if not all((sink.source.path, sink.name) in self.frames for sink in sinks):
            return set()
        plain = sorted(map(_plain, wanted))
        found = {header for header in self.headers if sorted(map(_plain, header)) == plain}
        right = {header for header in found if list(map(_plain, header)) == list(map(_plain, wanted))}
        return {*(right or found)}


def check(submission: Submission) -> Iterator[Finding]:
    """Check the tables' locations and columns, the tables that are queried, and the streams that nobody reads."""
    facts = code(submission)
    text = whole_text(submission)
    written: dict[str, list[Sink]] = {}
    for job in facts.jobs:
        for sink in job.sinks:
            path = hdfs_path(sink.path)
            if path is not None:
                written.setdefault(path, []).append(sink)
    lowered = text.lower()
    weight = Weight.ERROR if "presto" in lowered and "trino" not in lowered else Weight.WARNING
    paths = None if _is_unsure(facts, lowered) else sorted(written)
    printed = Printed(_headers(submission), {(job.source.path, name) for job in facts.jobs for name in job.shows})
    for table in facts.tables:
        yield from _located(submission, table, written, paths, weight, printed)
    yield from _queried(submission, facts)
    yield from _unread(submission, facts, written, text)


def _is_unsure(facts: Code, text: str) -> bool:
    """Whether something may write where the code does not show it. `text` is the report's, in lower case."""
    texts = [(source.path, source.text.lower()) for source in facts.sources]
    sinks = [sink for job in facts.jobs if _may_run(facts, job.source, text, texts) for sink in job.sinks]
    known = all(sink.certain and (sink.path is None or hdfs_path(sink.path)) for sink in sinks)
    unread = any(source.tree is None for source in facts.sources if "write" in source.text)
    return not (sinks and known) or unread or bool(facts.missing) or any(word in text for word in _FILLERS)


def _may_run(facts: Code, source: Source, text: str, texts: Sequence[tuple[str, str]]) -> bool:
    """Whether a file takes part: a command starts it, the report names it, or other code (`texts`, by path) does."""
    stem = base_name(source.path).removesuffix(".py").lower()
    return _is_run(facts, source) or stem in text or any(stem in other for path, other in texts if path != source.path)


def _located(
    submission: Submission,
    table: sql.Table,
    written: Mapping[str, list[Sink]],
    paths: Sequence[str] | None,
    weight: Weight,
    printed: Printed,
) -> Iterator[Finding]:
    """Hold one table's location against the paths of all sinks; `paths` is None where there may be others."""
    location = hdfs_path(table.location)
    if location is None:
        return
    line, file, evidence = _place(submission, table.evidence)
    if table.filled:
        message = f"The statement that creates {table.name} fills {location} itself."
        yield Finding(LOCATION, Verdict.AGREES, line, message, location, location, evidence=evidence, file=file)
    elif location in written:
        fitting = written[location]
        message = f"The table {table.name} is at {location}, where a sink writes."
        where = (fitting[0].source.evidence(fitting[0].line),)
        yield Finding(LOCATION, Verdict.AGREES, line, message, location, location, evidence=where, file=file)
        yield from _columns(table, fitting, line, file, weight, printed)
    elif not paths or any(location.startswith(f"{path}/") or path.startswith(f"{location}/") for path in paths[:99]):
        message = f"What writes {location}, the location of {table.name}, cannot be told from the code."
        yield Finding(LOCATION, Verdict.NOT_CHECKED, line, message, None, location, file=file)
    else:
        message = (
            f"The table {table.name} is at {location}, but nothing writes there; the sinks write {', '.join(paths)}."
        )
        yield Finding(LOCATION, Verdict.DISAGREES, line, message, paths, location, None, Weight.ERROR, evidence, file)


def _columns(
    table: sql.Table, fitting: Sequence[Sink], line: int, file: str, weight: Weight, printed: Printed
) -> Iterator[Finding]:
    """Hold the columns of a table against those of the Parquet files: readers that go by position mix them up."""
    made = {sink.frame.columns if sink.frame else None for sink in fitting}
    if made == {None}:
        made = printed.columns(fitting, table.columns)
    if not table.columns or len(made) != 1:
        return
    columns = next(iter(made))
    if columns is None:
        return
    ours, theirs = [_plain(name) for name in columns], [_plain(name) for name in table.columns]
    where = (fitting[0].source.evidence(fitting[0].line),)
    wrong = [at for at, name in enumerate(theirs) if at >= len(ours) or ours[at] != name]
    moved = [at for at in wrong if theirs[at] in ours]
    values = (list(columns), list(table.columns))
    if not wrong:
        message = f"The columns of {table.name} are those that are written, in their order."
        yield Finding(COLUMNS, Verdict.AGREES, line, message, *values, evidence=where, file=file)
    elif moved:
        name = table.columns[moved[0]]
        message = (
            f"The table {table.name} has {name} as column {moved[0] + 1}, but it is written as column "
            f"{ours.index(theirs[moved[0]]) + 1}: Presto reads Parquet by position."
        )
        yield Finding(COLUMNS, Verdict.DISAGREES, line, message, *values, None, weight, where, file)
    else:
        message = f"The table {table.name} has columns that are written under other names: {table.columns[wrong[0]]}."
        yield Finding(COLUMNS, Verdict.DISAGREES, line, message, *values, None, Weight.WARNING, where, file)


def _queried(submission: Submission, facts: Code) -> Iterator[Finding]:
    names = {table.name: table for table in facts.tables}
    unsure = any(job.tables_open for job in facts.jobs) or any(source.tree is None for source in facts.sources)
    unsure = unsure or bool(facts.missing)
    views = _views(facts)
    shown = _shown_tables(submission)
    seen: set[str] = set()
    for block in submission.blocks:
        if block.kind is not Kind.COMMAND or block.form not in ("presto", "hive", "sql"):
            continue
        rows = block.printed()
        for at, name in sql.queried("\n".join(row for _, row in rows)):
            line = rows[min(at, len(rows)) - 1][0]
            if name in names:
                message = f"The table {name} is created in {names[name].evidence.file}."
                where = (names[name].evidence,)
                yield Finding(QUERIED, Verdict.AGREES, line, message, name, name, block.fence, evidence=where)
            elif name in seen or name in views:
                continue
            elif not names or unsure or name in shown:
                message = f"Where the table {name} is created cannot be told."
                yield Finding(QUERIED, Verdict.NOT_CHECKED, line, message, None, name, block.fence)
            else:
                message = f"The query asks the table {name}, which nothing in the submission creates."
                evidence = tuple(table.evidence for table in list(names.values())[:3])
                yield Finding(
                    QUERIED,
                    Verdict.DISAGREES,
                    line,
                    message,
                    sorted(names),
                    name,
                    block.fence,
                    Weight.WARNING,
                    evidence,
                )
            seen.add(name)


def _unread(submission: Submission, facts: Code, written: Mapping[str, list[Sink]], text: str) -> Iterator[Finding]:
    """Look for a table over each path that a stream writes, where the job is shown or started."""
    if facts.missing or any(job.tables_open for job in facts.jobs):
        return
    locations = {hdfs_path(table.location) for table in facts.tables}
    everything = "\n".join([text, *(source.text for source in facts.sources)])
    for path, sinks in list(written.items())[:_PATH_LIMIT]:
        streams = [sink for sink in sinks if sink.stream and _is_run(facts, sink.source) and _can_start(sink)]
        if not streams:
            continue
        sink = streams[0]
        line, file, evidence = _place(submission, sink.source.evidence(sink.line))
        if path in locations:
            message = f"The stream that writes {path} has a table."
            yield Finding(UNQUERIED, Verdict.AGREES, line, message, path, path, evidence=evidence, file=file)
        elif not any(f"{call}{quote}{path}" in everything for call in _READERS for quote in "'\"`"):
            where = (sink.source.evidence(sink.line),)
            message = f"In the whole report, {path}, which a stream writes, never gets a table or a query."
            yield Finding(UNQUERIED, Verdict.DISAGREES, 1, message, "a table", path, None, Weight.WARNING, where)


def _can_start(sink: Sink) -> bool:
    """Whether nothing keeps a stream from starting: what it writes is no batch, and no name that nothing binds."""
    if sink.frame is not None:
        return sink.frame.stream is not False
    unbound = undefined(sink.source.tree) if sink.source.tree else []
    return sink.name not in {name for name, _ in unbound}


def _is_run(facts: Code, source: Source) -> bool:
    """Whether the report shows the job, or a command starts its file."""
    return source.is_listing or base_name(source.path) in facts.runs


def _headers(submission: Submission) -> list[tuple[str, ...]]:
    found: dict[tuple[str, ...], None] = {}
    for block in submission.blocks:
        if block.kind is Kind.OUTPUT and "+--" in block.text:
            rows = [row.strip() for _, row in block.printed()]
            for before, row in pairwise(rows):
                if before.startswith("+--") and row.startswith("|") and len(found) < _PATH_LIMIT:
                    found[tuple(name.strip() for name in row.strip("|").split("|"))] = None
    return list(found)


def _views(facts: Code) -> set[str]:
    """Give the names of temporary views and of the metastore's own schemas."""
    found = {"information_schema", "dual"}
    for source in facts.sources:
        for call in _VIEWS:
            for part in source.text.split(call)[1:]:
                found.add(part[:80].replace('"', "'").lstrip(" '").partition("'")[0].lower())
    return found


def _shown_tables(submission: Submission) -> Mapping[str, int]:
    """Give the words of all outputs of `show tables`, with their line."""
    found: dict[str, int] = {}
    for block in submission.blocks:
        if block.kind is Kind.OUTPUT and "Table" in block.text[:200]:
            for line, row in block.printed()[:200]:
                found.setdefault(row.strip(" |").lower(), line)
    return found


def _place(submission: Submission, evidence: Evidence) -> tuple[int, str, tuple[Evidence, ...]]:
    """Give the line and the file of a finding (empty for the report), and its evidence."""
    if evidence.file == str(submission.report):
        return evidence.line, "", ()
    return evidence.line, evidence.file, (evidence,)


def hdfs_path(path: str | None) -> str | None:
    """Give a path in HDFS without scheme, host and last slash; None where a part of it is unknown."""
    if path is None or any(mark in path for mark in _UNKNOWN):
        return None
    bare = path.strip()
    if "://" in bare:
        bare = "/" + bare.partition("://")[2].partition("/")[2]
    bare = bare.removeprefix("hdfs:").rstrip("/")
    return bare or None


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
