"""Results of queries against each other: counts and their groups, averages and sums, rows and their aggregates."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Final

from harness.grade.checks.saying import agrees, differs, doubts, other
from harness.grade.model import Evidence, Finding, Submission, Verdict
from harness.grade.queries import Answer, Select, Writers, answers, numbers
from harness.grade.traffic import Load, loads
from harness.model import Fact
from harness.readme.blocks import Kind

_COUNTS: Final = ("count(*)", "count(1)")
_CHANGES: Final = ("spark-submit", "insert into", " up -d", "compose up", "compose down", " restart", "drop table")
_ENDS: Final = (" down", " kill", "kill ", " stop", " restart")
"""Words of the commands after which no load goes on."""

_PLAIN: Final = re.compile(r'(count|sum|avg|min|max) ?\(([^()]{1,100})\)(?: (?:as )?"?\w+"?)?')
_COUNT: Final = re.compile(r'count ?\( ?[*1] ?\)(?: (?:as )?"?\w+"?)?')
_GROWING: Final = ("count(", "the group", "rows")
_AGGREGATES: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "sum": sum,
    "min": min,
    "max": max,
    "avg": lambda column: sum(column) / len(column),
}


@dataclass(frozen=True, slots=True)
class _Number:
    """One number that a query gave for a table and a filter: where it stands, and what it is."""

    place: int
    answer: Answer
    value: float
    what: str


class _Moments:
    """Which results of the report are of the same moment: no command that sends or runs a job is typed between them."""

    def __init__(self, submission: Submission) -> None:
        sent = loads(submission)
        jobs = (
            place
            for place, block in enumerate(submission.blocks)
            if block.kind is Kind.COMMAND and any(word in block.text for word in _CHANGES)
        )
        self._places = sorted({*(load.place for load in sent), *jobs})
        self._lasting = [load for load in sent if load.lasting]
        self._ends = [
            place
            for place, block in enumerate(submission.blocks)
            if block.kind is Kind.COMMAND and any(word in block.text for word in _ENDS)
        ]
        self._writers = Writers(submission)

    def still(self, before: _Number, after: _Number) -> bool:
        """Whether nothing that the submission shows can change the table between two queries of it.

        A batch fills its table at once. A stream's table only grows, so that a later query has no smaller count.
        """
        table = after.answer.select.table if after.answer.select else ""
        if self._writers.fills_at_once(table):
            return True
        made = before.answer.made, after.answer.made
        return (
            None not in made
            and before.answer.coordinator == after.answer.coordinator
            and (before.value < after.value if str(made[1]) < str(made[0]) else after.value < before.value)
            and before.what.startswith(_GROWING)
            and after.what.startswith(_GROWING)
        )

    def growing(self, before: _Number, after: _Number) -> Load | None:
        """Give the load that goes on while both queries are asked, where it explains that their numbers differ.

        It explains no smaller count of the query that was asked later, and none of a part of what it sends at a time.
        """
        place = min(before.place, after.place)
        ended = bisect_left(self._ends, place)
        going = [load for load in self._lasting if load.place < place and bisect_left(self._ends, load.place) == ended]
        if not going or not (before.what.startswith(_GROWING) and after.what.startswith(_GROWING)):
            return going[-1] if going else None
        more = before.value - after.value if _earlier(after, before) else after.value - before.value
        at_once = gcd(*(load.count or 1 for load in going))
        return going[-1] if more > 0 and more % at_once == 0 else None

    def same(self, one: int, other: int) -> bool:
        """Whether no command that changes a table stands between two blocks."""
        low, high = sorted((one, other))
        return bisect_left(self._places, low) == bisect_left(self._places, high)


def check(submission: Submission) -> Iterable[Finding]:
    """Compare the numbers of one table and filter: `count(*)` with sums of groups, averages with sums and counts."""
    given = [one for one in answers(submission) if one.select is not None]
    yield from _arbitrary(submission)
    if not given:
        return
    moments = _Moments(submission)
    counted: defaultdict[tuple[str, str], list[_Number]] = defaultdict(list)
    aggregates: defaultdict[tuple[str, str], dict[str, _Number]] = defaultdict(dict)
    rows: dict[tuple[str, str], Answer] = {}
    for one in given:
        select = one.select
        assert select is not None
        key = select.table, select.where
        for name, number in _single(one, select):
            if name in _COUNTS:
                counted[key].append(number)
                aggregates[key]["count(*)"] = number
            else:
                aggregates[key][name] = number
        counted[key] += _grouped(one, select)
        for where, number in _filtered(one, select):
            counted[select.table, where].append(number)
        if one.whole and not select.group and not select.limited and not any("(" in item for item in select.items):
            rows[key] = one
            counted[key].append(_Number(one.place, one, one.result.rows, "rows"))
    for numbers_of in counted.values():
        yield from _equal(submission, numbers_of, moments)
    for key, found in aggregates.items():
        yield from _averages(submission, found, moments)
        if key in rows:
            yield from _of_rows(submission, found, rows[key], moments)


def _single(one: Answer, select: Select) -> Iterator[tuple[str, _Number]]:
    """Give the aggregates of a query without groups."""
    if select.group or one.result.rows != 1 or not one.result.values:
        return
    for column, item in enumerate(select.items):
        plain = _PLAIN.fullmatch(item)
        found = numbers(one.result.values, column) if plain else None
        if plain and found:
            name = f"{plain[1]}({plain[2].replace(' ', '')})"
            yield name, _Number(one.place, one, found[0], name)


def _counts_of(one: Answer, select: Select) -> list[float] | None:
    at = next((at for at, item in enumerate(select.items) if _COUNT.fullmatch(item)), None)
    if at is None or not select.group or select.limited or not one.whole:
        return None
    return numbers(one.values(), at)


def _grouped(one: Answer, select: Select) -> list[_Number]:
    counts = _counts_of(one, select)
    return [_Number(one.place, one, sum(counts), f"the groups by {', '.join(select.group)}")] if counts else []


def _filtered(one: Answer, select: Select) -> Iterator[tuple[str, _Number]]:
    """Give what the groups of one column say of each of its values, which another query may filter for."""
    counts = _counts_of(one, select)
    if counts is None or len(select.group) != 1 or select.where not in ("", f"{select.group[0]} is not null"):
        return
    key = next((at for at, item in enumerate(select.items) if item == select.group[0]), None)
    if key is None:
        return
    for row, count in zip(one.values(), counts, strict=True):
        yield f"{select.group[0]} = '{row[key].lower()}'", _Number(one.place, one, count, f"the group {row[key]}")


def _equal(submission: Submission, found: Sequence[_Number], moments: _Moments) -> Iterator[Finding]:
    """Compare each number with the one before it."""
    for at in range(1, len(found)):
        before, after = found[at - 1], found[at]
        if before.answer is after.answer or not moments.same(before.place, after.place):
            continue
        yield _verdict(submission, "query-sums", before, after, before.value == after.value, moments)


def _verdict(
    submission: Submission, name: str, before: _Number, after: _Number, holds: bool, moments: _Moments
) -> Finding:
    block, line = after.answer.block, after.answer.line
    select = after.answer.select
    table = select.table if select else ""
    if holds:
        message = (
            f"{after.what} of {table} and {before.what} in line {before.answer.line} are both {_plain(after.value)}."
        )
        return agrees(name, block, line, message, _plain(after.value))
    message = (
        f"{after.what} of {table} is {_plain(after.value)}, but {before.what} in line {before.answer.line} "
        f"is {_plain(before.value)}, and nothing is shown to happen between them."
    )
    evidence = [Evidence(str(submission.report), before.answer.line, before.answer.statement[:120])]
    still = moments.still(before, after)
    load = None if still else moments.growing(before, after)
    if load is not None:
        message = (
            f"{after.what} of {table} is {_plain(after.value)}, and {before.what} in line {before.answer.line} is "
            f"{_plain(before.value)}: the load of line {load.line} goes on between them."
        )
        return other(Verdict.VOLATILE, name, block, line, message, (_plain(before.value), _plain(after.value)))
    say = differs if still else doubts
    return say(name, block, line, message, (_plain(before.value), _plain(after.value)), evidence)


def _earlier(one: _Number, than: _Number) -> bool:
    """Whether the ids of two queries say that one was asked before the other."""
    if one.answer.made is None or than.answer.made is None or one.answer.coordinator != than.answer.coordinator:
        return False
    return one.answer.made < than.answer.made


def _averages(submission: Submission, found: Mapping[str, _Number], moments: _Moments) -> Iterator[Finding]:
    """Compare avg(x) with sum(x) / count(x), which leaves the nulls out as avg does, and with min(x) and max(x)."""
    for name, average in found.items():
        if not name.startswith("avg("):
            continue
        column = name.removeprefix("avg")
        total, count = found.get(f"sum{column}"), found.get(f"count{column}")
        low, high = found.get(f"min{column}"), found.get(f"max{column}")
        if total and count and count.value and all(moments.same(average.place, one.place) for one in (total, count)):
            expected = _Number(total.place, total.answer, total.value / count.value, f"sum{column} / count{column}")
            yield _verdict(submission, "query-averages", expected, average, _close(expected, average), moments)
        for bound, sound in ((low, low and low.value <= average.value), (high, high and average.value <= high.value)):
            if bound and not sound and moments.same(average.place, bound.place):
                yield _verdict(submission, "query-averages", bound, average, False, moments)


def _of_rows(
    submission: Submission, found: Mapping[str, _Number], shown: Answer, moments: _Moments
) -> Iterator[Finding]:
    """Compare aggregates with the rows themselves, where the report shows all of them."""
    columns = [column.lower() for column in shown.result.columns or ()]
    for name, number in found.items():
        function, _, column = name.rstrip(")").partition("(")
        if function not in _AGGREGATES or column.strip('"') not in columns or number.answer is shown:
            continue
        values = numbers(shown.values(), columns.index(column.strip('"')))
        if values and moments.same(number.place, shown.place):
            expected = _Number(shown.place, shown, _AGGREGATES[function](values), f"{name} of the rows")
            yield _verdict(submission, "query-aggregates", expected, number, _close(expected, number), moments)


def _close(expected: _Number, actual: _Number) -> bool:
    """Whether two numbers are equal but for the digits that are printed."""
    return abs(expected.value - actual.value) <= max(0.005, abs(expected.value) * 1e-4)


def _plain(value: float) -> Fact:
    return int(value) if value == int(value) else round(value, 4)


def _arbitrary(submission: Submission) -> Iterator[Finding]:
    """Find row numbers without an order: which row gets which number differs from run to run."""
    for block in submission.blocks:
        if block.kind not in (Kind.COMMAND, Kind.LISTING) or "row_number" not in block.text.lower():
            continue
        for line, text in block.printed():
            packed = text[:2000].lower().replace(" ", "")
            _, found, inside = packed.partition("row_number()over(")
            if found and ")" in inside and "orderby" not in inside.partition(")")[0]:
                message = "row_number() without an order numbers the rows as they come: which ones, differs."
                yield doubts("query-order-by", block, line, message, ("over (order by …)", "over ()"))
