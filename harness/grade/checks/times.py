"""Times of the outputs: whether they run forward, and whether the ids of Presto's queries are of one session."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Final

from harness.grade.checks.access_log import moment
from harness.grade.checks.context import outputs
from harness.grade.checks.saying import agrees, differs, doubts
from harness.grade.model import Evidence, Finding, Submission
from harness.grade.queries import QUERY_ID
from harness.outputs import shell
from harness.outputs.access_log import request
from harness.readme.blocks import Block, Kind

_STAMP: Final = re.compile(r"\b(20\d\d)-([01]\d)-([0-3]\d)[ T][0-2]\d:[0-5]\d")
_STARTS: Final = frozenset({"restart", "start", "up"})
_DAYS: Final = 30
_FAR: Final = 300
_APART: Final = 30
"""Days between a query and everything else in the report: pasted from elsewhere for sure, or perhaps."""

_SESSION: Final = 14
"""Days that nobody keeps one Presto running for."""


@dataclass(frozen=True, slots=True)
class _Query:
    """The id of one query: when it was made, its number of that day, and its coordinator."""

    place: int
    block: Block
    line: int
    id: str
    made: datetime
    number: int
    coordinator: str


def check(submission: Submission) -> Iterable[Finding]:
    """Check the ids of Presto's queries, and the order in time of the logs."""
    queries = [query for place, block in outputs(submission) for query in _queries(place, block)]
    if queries:
        yield from _within(submission, queries)
        yield from _sessions(submission, queries)
        yield from _far(submission, queries)
    yield from _rows(submission)
    yield from _logs(submission)


def _queries(place: int, block: Block) -> Iterator[_Query]:
    if "Query 2" not in block.text:
        return
    for line, text in block.printed():
        if not text.lstrip().startswith("Query 2") or (found := QUERY_ID.search(text[:200])) is None:
            continue
        day, time, number, coordinator = found.groups()
        try:
            made = datetime.strptime(day + time, "%Y%m%d%H%M%S")
        except ValueError:
            continue
        yield _Query(place, block, line, found[0].removeprefix("Query "), made, int(number), coordinator)


def _within(submission: Submission, queries: Sequence[_Query]) -> Iterator[Finding]:
    """Compare numbers with times: a coordinator counts its queries upwards, from 0 every day."""
    days: defaultdict[tuple[str, date], list[_Query]] = defaultdict(list)
    for query in queries:
        days[query.coordinator, query.made.date()].append(query)
    for group in days.values():
        ordered = sorted(group, key=lambda query: (query.number, query.made))
        for before, after in pairwise(ordered):
            if after.made < before.made and after.number > before.number:
                message = f"{after.id} has a higher number than {before.id}, but was made before it."
                evidence = [Evidence(str(submission.report), before.line, before.id)]
                values = (str(before.made), str(after.made))
                yield differs("query-ids", after.block, after.line, message, values, evidence)
                break


def _sessions(submission: Submission, queries: Sequence[_Query]) -> Iterator[Finding]:
    """Follow the ids down the report: the same coordinator, until it is started again, and times that run forward."""
    starts: list[int] | None = None
    before = queries[0]
    doubted = _is_first_of_another(queries)
    if doubted:
        message = f"{before.id} is of another start of Presto than the {len(queries) - 1} queries below it."
        values = (queries[1].coordinator, before.coordinator)
        evidence = [Evidence(str(submission.report), queries[1].line, queries[1].id)]
        yield doubts("query-session", before.block, before.line, message, values, evidence)
        queries = queries[1:]
        before = queries[0]
    for at, query in enumerate(queries[1:], 1):
        evidence = [Evidence(str(submission.report), before.line, before.id)]
        if query.coordinator != before.coordinator:
            starts = _starts(submission) if starts is None else starts
            if bisect_left(starts, before.place) == bisect_left(starts, query.place):
                message = f"{query.id} is of another start of Presto than {before.id}, but none is shown between them."
                values = (before.coordinator, query.coordinator)
                say = differs if _is_inside(queries, at) else doubts
                yield say("query-session", query.block, query.line, message, values, evidence)
                doubted = True
        elif query.made < before.made:
            message = f"{query.id} was made before {before.id}, which stands above it."
            yield doubts("query-order", query.block, query.line, message, (before.id, query.id), evidence)
            doubted = True
        before = query
    if not doubted and len(queries) > 1:
        message = f"The ids of {len(queries)} queries run forward in one session."
        yield agrees("query-ids", queries[0].block, queries[0].line, message, len(queries))


def _is_first_of_another(queries: Sequence[_Query]) -> bool:
    """Whether the first query alone is of another coordinator than all the others."""
    others = {query.coordinator for query in queries[1:]}
    return len(queries) > 2 and len(others) == 1 and queries[0].coordinator not in others


def _is_inside(queries: Sequence[_Query], at: int) -> bool:
    """Whether a query stands, by place and by time, between two of one other coordinator: both ran at once."""
    if at + 1 >= len(queries):
        return False
    before, query, after = queries[at - 1 : at + 2]
    return before.coordinator == after.coordinator and before.made <= query.made <= after.made


def _starts(submission: Submission) -> list[int]:
    """Give the places of commands that start the containers: another prompt is no other coordinator."""
    found = []
    for place, block in enumerate(submission.blocks):
        if block.kind is not Kind.COMMAND or not any(word in block.text for word in _STARTS):
            continue
        programs = shell.parse("\n".join(line for _, line in block.printed())).programs
        if any(_STARTS.intersection(one.args[:3]) for one in programs):
            found.append(place)
    return found


def _far(submission: Submission, queries: Sequence[_Query]) -> Iterator[Finding]:
    """Compare the day of each query with the days of everything else: the other queries, logs, rows."""
    shown: defaultdict[date, set[int]] = defaultdict(set)
    for place, block in outputs(submission):
        for day in _days(block):
            shown[day].add(place)
    by_session: defaultdict[tuple[str, date], list[_Query]] = defaultdict(list)
    for query in queries:
        by_session[query.coordinator, query.made.date()].append(query)
    dated = [query.made.date() for query in queries]
    dated += [day for day, places in shown.items() for _ in places]
    for (coordinator, day), group in by_session.items():
        own = {query.place for query in group}
        rest = {other for name, other in by_session if (name, other) != (coordinator, day)}
        known = any(name == coordinator and other != day for name, other in by_session)
        days = sorted(rest.union(other for other, places in shown.items() if places - own))
        nearest = min((abs((day - one).days) for one in _around(days, day)), default=0)
        if nearest <= (_SESSION if known else _APART):
            continue
        alike = sum(abs((day - other).days) < nearest for other in dated)
        if alike * 2 > len(dated):
            continue
        query = group[0]
        message = f"{query.id} is of {day}, {nearest} days from everything else in the report."
        say = differs if (nearest >= _FAR or known) and alike * 2 < len(dated) else doubts
        closest = min(_around(days, day), key=lambda one: abs((day - one).days))
        yield say("query-day", query.block, query.line, message, (str(closest), str(day)))


def _around(days: Sequence[date], day: date) -> Sequence[date]:
    at = bisect_left(days, day)
    return days[max(0, at - 1) : at + 1]


def _days(block: Block, listings: bool = False) -> Iterator[date]:
    """Give the days of the requests and rows in an output; of listings only by request, and of Spark's files only."""
    listing = block.form == "hdfs_ls"
    if listing and not listings:
        return
    seen: set[str] = set()
    for _, text in block.printed():
        short = text[:400]
        if listing and "/part-" not in short and "_SUCCESS" not in short:
            continue
        if '" ' in short and (asked := request(short.strip())) is not None:
            when = moment(asked.when)
            if when is not None:
                yield when.date()
        elif (found := _STAMP.search(short)) is not None and found[0][:10] not in seen:
            seen.add(found[0][:10])
            try:
                yield date(int(found[1]), int(found[2]), int(found[3]))
            except ValueError:
                continue


def _rows(submission: Submission) -> Iterator[Finding]:
    """Find a table of Spark whose rows are of days that nothing else in the report is of."""
    days: defaultdict[date, set[int]] = defaultdict(set)
    tables: list[tuple[int, Block, set[date]]] = []
    for place, block in outputs(submission):
        own = set(_days(block, listings=True))
        if block.form == "spark" and own:
            tables.append((place, block, own))
        for day in own:
            days[day].add(place)
        for query in _queries(place, block):
            days[query.made.date()].add(place)
    for place, block, own in tables:
        elsewhere = {day for day, places in days.items() if places - {place}}
        if len(elsewhere) > 0 and len(days) <= _DAYS and not own & elsewhere:
            message = f"The rows are of {min(own)}, a day that nothing else in the report is of."
            values = (sorted(map(str, elsewhere)), sorted(map(str, own)))
            yield doubts("session-day", block, block.first_line, message, values)


def _logs(submission: Submission) -> Iterator[Finding]:
    """Compare the first times of the logs down the report: a monitor copied later starts at the same time or later."""
    before: tuple[datetime, int] | None = None
    for _, block in outputs(submission):
        if " HTTP/" not in block.text:
            continue
        logged = ((line, moment(one.when)) for line, text in block.printed() if (one := request(text.strip())))
        line, when = next(((line, when) for line, when in logged if when is not None), (0, None))
        if when is None:
            continue
        if before is not None and when < before[0]:
            message = f"This log starts at {when}, before the one above it, which starts at {before[0]}."
            evidence = [Evidence(str(submission.report), before[1], str(before[0]))]
            yield doubts("log-order", block, line, message, (str(before[0]), str(when)), evidence)
        before = when, line
