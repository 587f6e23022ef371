"""Tables that Spark's jobs show, against the events that were sent before: whole topics, and batches of a stream."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from harness.grade.checks.context import command, is_cut, line_of, outputs, text
from harness.grade.checks.saying import agrees, differs, doubts
from harness.grade.checks.topics import Topics
from harness.grade.jobs import Job, Jobs
from harness.grade.model import Evidence, Finding, Submission
from harness.grade.traffic import Load
from harness.grade.windows import Windows
from harness.outputs import spark
from harness.readme.blocks import Block, Kind

_RESETS: Final = (" down", " rm ", "--delete", " restart", " stop", " kill")
_STEM: Final = 4
_DAY: Final = re.compile(r"20\d\d-[01]\d-[0-3]\d")

_Vectors = Mapping[str, Counter[str]]
"""Events by type, and for each type by host."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """One table of events in an output, with the job that printed it."""

    place: int
    block: Block
    line: int
    job: Job
    rows: int
    vectors: _Vectors
    stamps: tuple[str, ...]
    whole: bool


def check(submission: Submission) -> Iterable[Finding]:
    """Compare the tables of jobs that read a topic with what the report's commands sent to it."""
    jobs = Jobs(submission)
    shown = [table for place, block in outputs(submission) for table in _tables(submission, place, block, jobs)]
    if not shown:
        return
    topics = Topics(submission)
    windows = {topic: Windows(topics.to(topic)) for topic in {table.job.topic or None for table in shown}}
    batches = [table for table in shown if table.job.whole_topic]
    for table in batches:
        yield from _whole_topic(submission, table, windows[table.job.topic or None])
    yield from _lost(submission, batches)
    streams: defaultdict[int, list[_Shown]] = defaultdict(list)
    for table in shown:
        if table.job.streaming:
            streams[table.job.place].append(table)
    for tables in streams.values():
        yield from _stream(submission, tables, windows[tables[-1].job.topic or None])


def _tables(submission: Submission, place: int, block: Block, jobs: Jobs) -> Iterator[_Shown]:
    if block.form not in ("spark", "", "shell") or "+--" not in block.text:
        return
    asked = command(submission, place)
    job = None if asked is None else jobs.of(asked)
    if job is None:
        return
    printed = text(block)
    whole = block.kind is Kind.OUTPUT and "only showing top" not in printed
    for table in spark.read(printed).tables:
        names = [column.lower() for column in table.columns]
        if "event_type" not in names and "host" not in names:
            continue
        kinds = names.index("event_type") if "event_type" in names else None
        hosts = names.index("host") if "host" in names else None
        vectors: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for row in table.rows:
            vectors["" if kinds is None else row[kinds]]["" if hosts is None else row[hosts]] += 1
        stamp = next((at for at, name in enumerate(names) if "timestamp" in name), None)
        stamps = () if stamp is None else tuple(row[stamp] for row in table.rows)
        line = line_of(block, table.first)
        yield _Shown(place, block, line, job, len(table.rows), vectors, stamps, whole and table.closed)


def _whole_topic(submission: Submission, table: _Shown, windows: Windows) -> Iterator[Finding]:
    """Compare a table over the whole topic with all loads before it, for each type of event."""
    if not windows.certain(table.place) or not table.whole:
        return
    sent = windows.before(table.place)
    name, block = "rows-topic", table.block
    wrong = next((kind for kind, hosts in table.vectors.items() if not _sent_as(kind, hosts, sent)), None)
    if wrong is None:
        message = f"The {table.rows} rows are the events of their type that were sent before, host by host."
        yield agrees(name, block, block.first_line, message, table.rows)
    elif not is_cut(submission, table.place):
        sounding = alike(wrong, sent) or sent
        expected, actual = _by_host(sounding), dict(sorted(table.vectors[wrong].items()))
        message = (
            f"The table has {sum(actual.values())} rows of {wrong or 'events'}, not those that were sent before it."
        )
        evidence = [Evidence(str(submission.report), load.line, f"{load.tool} {load.target}") for load in sounding[:8]]
        yield doubts(name, block, table.line, message, (expected, actual), evidence)


def _lost(submission: Submission, batches: Sequence[_Shown]) -> Iterator[Finding]:
    """Find tables over a whole topic that lack the events of an earlier table over the same topic."""
    seen: dict[str, _Shown] = {}
    resets = [
        place
        for place, block in enumerate(submission.blocks)
        if block.kind is Kind.COMMAND and any(word in block.text for word in _RESETS)
    ]
    for table in batches:
        if not table.rows or not table.stamps or not table.whole or not table.job.topic:
            continue
        before = seen.setdefault(table.job.topic, table)
        if before is table or before.place == table.place or max(before.stamps) >= min(table.stamps):
            continue
        if set(before.vectors) != set(table.vectors) or _apart(resets, before.place, table.place):
            continue
        last, first = max(before.stamps), min(table.stamps)
        days = _DAY.match(last), _DAY.match(first)
        certain = (
            days[0] is not None
            and days[1] is not None
            and days[0][0] < days[1][0]
            and _pairs(before.vectors) == _pairs(table.vectors)
            and not is_cut(submission, table.place)
        )
        message = (
            f"The job reads the whole topic, but lacks the events up to {last} that line {before.line} shows: its "
            f"first is of {first}. Events were sent again by a command that the report does not show."
        )
        evidence = [Evidence(str(submission.report), before.line, f"the topic's events up to {last}")]
        say = differs if certain else doubts
        yield say("rows-earlier", table.block, table.line, message, (min(before.stamps), first), evidence)
        seen[table.job.topic] = table


def _pairs(vectors: _Vectors) -> set[tuple[str, str]]:
    return {(kind, host) for kind, hosts in vectors.items() for host in hosts}


def _apart(resets: Sequence[int], start: int, end: int) -> bool:
    """Whether a command between two blocks may have emptied the topic."""
    return bisect_left(resets, start) != bisect_left(resets, end)


def _stream(submission: Submission, tables: Sequence[_Shown], windows: Windows) -> Iterator[Finding]:
    """Compare the sum of a stream's batches with what was sent while it ran."""
    last = tables[-1]
    sent = [load for load in windows.before(last.place) if load.place > last.job.place]
    if not sent or not all(load.certain for load in sent) or not all(table.whole for table in tables):
        return
    summed: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for table in tables:
        for kind, hosts in table.vectors.items():
            summed[kind].update(hosts)
    rows = sum(table.rows for table in tables)
    name, block = "rows-stream", last.block
    if rows and all(_sent_as(kind, hosts, sent) for kind, hosts in summed.items()):
        message = f"The batches of the stream have {rows} rows together, as many as were sent while it ran."
        yield agrees(name, block, block.first_line, message, rows)
        return
    for kind, hosts in summed.items():
        sounding = alike(kind, sent) or sent
        expected = Counter(_by_host(sounding))
        evidence = [Evidence(str(submission.report), load.line, f"{load.tool} {load.target}") for load in sounding[:8]]
        for host in sorted({*expected, *hosts}):
            if hosts[host] == expected[host] or _sent_as(kind, hosts, sent):
                continue
            table = next((one for one in reversed(tables) if kind in one.vectors and one.vectors[kind][host]), last)
            who = f" of {host}" if host else ""
            message = f"The batches show {hosts[host]} events {kind}{who} together, but {expected[host]} were sent."
            yield doubts(name, table.block, table.line, message, (expected[host], hosts[host]), evidence)


def _sent_as(kind: str, hosts: Counter[str], sent: Sequence[Load]) -> bool:
    """Whether the loads of one path, of one route, or of all paths that sound like the type sent just these events."""
    paths: defaultdict[str, Counter[str]] = defaultdict(Counter)
    routes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    every: Counter[str] = Counter()
    for load in sent:
        for counted in (paths[load.path or ""], routes[(load.path or "").split("/")[1]], every):
            counted[load.host or ""] += load.count or 0
    sounding: Counter[str] = Counter()
    for load in alike(kind, sent):
        sounding[load.host or ""] += load.count or 0
    candidates = [*paths.values(), *routes.values(), sounding, *([] if kind else [every])]
    if set(hosts) == {""}:
        return hosts.total() in {one.total() for one in candidates}
    return hosts in candidates


def alike(kind: str, sent: Sequence[Load]) -> list[Load]:
    """Give the loads whose path sounds like a type of event: they have the first letters of a word in common."""
    words = {word[:_STEM] for word in kind.split("_") if len(word) >= _STEM}
    return [load for load in sent if words & {word[:_STEM] for word in (load.path or "").replace("/", "_").split("_")}]


def _by_host(sent: Sequence[Load]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for load in sent:
        counted[load.host or ""] += load.count or 0
    return dict(sorted(counted.items()))
