"""The batches of a stream on the console: together they hold what was sent, however it was cut into batches."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from harness.grade.checks.context import command, is_sample, line_of
from harness.grade.checks.rows import alike
from harness.grade.compare.cells import plain
from harness.grade.compare.model import Group, Shown, View
from harness.grade.compare.said import counted, excused, listed, rows, same, unchecked, unlike
from harness.grade.compare.totals import Sent, relation
from harness.grade.model import Finding, Weight
from harness.outputs import spark
from harness.render.text import plural

CHECK: Final = "rerun-batches"
COLUMNS: Final = "rerun-columns"
_TOP: Final = "only showing top"

_Who = tuple[str, str]
"""A type of event and a host, each "" where the tables do not say it."""


def compare(group: Group, ours: Sequence[tuple[Shown, spark.Table]]) -> Iterator[Finding]:
    """Compare the rows of all batches together, for each type of event and host."""
    one, first = ours[0]
    theirs = _then(group, ours)
    line = line_of(one.block, first.first)
    if not theirs:
        yield unchecked(CHECK, one.block, line, "The rerun's stream printed no batch that can be compared.")
        return
    yield from _columns(ours, theirs)
    if any(_TOP in one.block.text for one, _ in ours) or any(_TOP in view.capture.stdout for view, _ in theirs):
        yield unchecked(CHECK, one.block, line, "Batches show their first rows only, so that no total can be compared.")
        return
    mine, yours = _by_who([table for _, table in ours]), _by_who([table for _, table in theirs])
    ran, last = theirs[-1][0].ran, ours[-1][0]
    if _totals(mine) == _totals(yours):
        number = sum(map(sum, mine.values()))
        message = f"The batches of the rerun hold the same {rows(number)} together, in {plural(len(theirs), 'batch')}."
        yield same(CHECK, one.block, line, message.replace("batchs", "batches"), number)
        return
    values = _named(yours), _named(mine)
    if group.totals.before(last.place) is Sent.ENDLESS:
        holds = relation(values[1], values[0], group.totals.step(last.place))
        message = f"The batches shown hold {counted(values[1])}, those of the rerun {counted(values[0])}"
        if holds or set(mine) <= set(yours):
            yield excused(CHECK, one.block, line, f"{message}: {holds or 'the load has no end'}.", values, ran)
        else:
            yield unchecked(CHECK, one.block, line, f"{message}: the load has no end.", values)
        return
    for who in sorted({*mine, *yours}):
        if sum(mine.get(who, ())) != sum(yours.get(who, ())):
            yield _unequal(group, ours, who, mine, yours, theirs)


def _then(group: Group, ours: Sequence[tuple[Shown, spark.Table]]) -> Sequence[tuple[View, spark.Table]]:
    """Give the rerun's batches up to the moment at which the report shows its last ones.

    A stream goes on with what later commands send. Where the report shows batches above the load that fills them, and
    for a load that has no end, it is a later look.
    """
    last = ours[-1][0]
    moments = [
        [(view, table) for view in views for table in spark.read(view.capture.stdout).tables]
        for views in group.since(last)
    ]
    if group.totals.before(last.place) is Sent.ENDLESS:
        return moments[-1]
    mine = _totals(_by_who([table for _, table in ours]))
    same = (then for then in moments if _totals(_by_who([table for _, table in then])) == mine)
    return next(same, moments[0] if any(table.rows for _, table in moments[0]) else moments[-1])


def _columns(
    ours: Sequence[tuple[Shown, spark.Table]], theirs: Sequence[tuple[View, spark.Table]]
) -> Iterator[Finding]:
    known = {tuple(sorted(map(plain, table.columns))) for _, table in theirs}
    told: set[tuple[str, ...]] = set()
    for one, table in ours:
        names = tuple(sorted(map(plain, table.columns)))
        if names in told:
            continue
        told.add(names)
        line, view = line_of(one.block, table.first), theirs[-1][0]
        both = list(theirs[-1][1].columns), list(table.columns)
        if names in known:
            message = f"The rerun's batches have the same {plural(len(names), 'column')}."
            yield same(COLUMNS, one.block, line, message, both[1])
        else:
            message = f"The report's batch has the columns {listed(both[1])}, the rerun's {listed(both[0])}."
            yield unlike(COLUMNS, one.block, line, message, both, view.ran, listed(both[0]))


def _by_who(tables: Sequence[spark.Table]) -> dict[_Who, list[int]]:
    """Give the rows of each type and host, batch by batch, without the batches that have none."""
    found: defaultdict[_Who, list[int]] = defaultdict(list)
    for table in tables:
        for who, number in _whose(table).items():
            found[who].append(number)
    return dict(found)


def _whose(table: spark.Table) -> Counter[_Who]:
    names = [column.lower() for column in table.columns]
    kinds = names.index("event_type") if "event_type" in names else None
    hosts = names.index("host") if "host" in names else None
    return Counter(("" if kinds is None else row[kinds], "" if hosts is None else row[hosts]) for row in table.rows)


def _totals(found: Mapping[_Who, Sequence[int]]) -> dict[_Who, int]:
    return {who: sum(numbers) for who, numbers in found.items()}


def _named(found: Mapping[_Who, Sequence[int]]) -> dict[str, int]:
    return {_name(who): sum(numbers) for who, numbers in sorted(found.items())}


def _name(who: _Who) -> str:
    return " of ".join(part for part in who if part) or "rows"


def _unequal(
    group: Group,
    ours: Sequence[tuple[Shown, spark.Table]],
    who: _Who,
    mine: Mapping[_Who, Sequence[int]],
    yours: Mapping[_Who, Sequence[int]],
    theirs: Sequence[tuple[View, spark.Table]],
) -> Finding:
    """Say for one type and host what the batches of both runs hold, and where the difference comes from."""
    shown, again = mine.get(who, ()), yours.get(who, ())
    one, table = next((found for found in reversed(ours) if _whose(found[1])[who]), ours[-1])
    line, ran = line_of(one.block, table.first), theirs[-1][0].ran
    sent = _sent(group, ours[-1][0], who)
    values = sum(again), sum(shown)
    whole = f" of the {sent} that were sent" if sent is not None else ""
    message = (
        f"The report's batches hold {_sum(shown)} rows of {_name(who)}, "
        f"the rerun's together {_sum(again)}{whole}"
    )  # fmt: skip
    if values[1] < values[0]:
        message += (
            f": the report shows the stream at {_moments(len(shown))}, and {values[0] - values[1]} more "
            "came in a batch that it leaves out"
        )
    elif sent is not None and values[1] > sent:
        message += ": more came than the commands shown send"
    text = f"batches of {', '.join(map(str, again)) or 'no'} rows of {_name(who)}"
    if values[1] < values[0] and is_sample(group.submission, one.place):
        return excused(CHECK, one.block, line, f"{message}.", values, ran, text)
    return unlike(CHECK, one.block, line, f"{message}.", values, ran, text, Weight.WARNING)


def _sum(numbers: Sequence[int]) -> str:
    return " + ".join(map(str, numbers)) if numbers else "no"


def _moments(number: int) -> str:
    return {0: "no moment with such rows", 1: "one moment", 2: "two moments"}.get(number, f"{number} moments")


def _sent(group: Group, last: Shown, who: _Who) -> int | None:
    """Give how many such events the report's commands sent while the stream ran, or None where nobody can say."""
    kind, host = who
    asked = command(group.submission, last.place)
    start = next((at for at, block in enumerate(group.submission.blocks) if block is asked), None)
    if start is None:
        return None
    sent = [load for load in group.totals.loads(last.place) if load.place > start]
    if not all(load.certain for load in sent):
        return None
    sounding = alike(kind, sent) if kind else sent
    return sum(load.count or 0 for load in sounding if not host or load.host == host) or None
