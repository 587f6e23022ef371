"""Counts that queries gave, against the loads that fed the tables: multiples of -n, equal ratios in each loop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import gcd
from typing import Final

from harness.grade.checks.saying import agrees, doubts
from harness.grade.model import Evidence, Finding, Submission
from harness.grade.queries import Answer, Select, answers, numbers
from harness.grade.traffic import Load, loads

_STEM: Final = 4
_SHORTEST: Final = 3
"""So many first letters make two words alike, `purchase` and `purchases`; shorter words than three say nothing."""

_CAUGHT: Final = 2
"""Loops by which groups may differ when a stream is caught in the middle of one."""


def check(submission: Submission) -> Iterable[Finding]:
    """Compare `count(…)` results with what each load sends at a time."""
    given = [one for one in answers(submission) if one.select is not None]
    if not given:
        return
    sent = loads(submission)
    for one in given:
        select = one.select
        assert select is not None
        at = next((at for at, item in enumerate(select.items) if _is_count(item)), None)
        found = None if at is None else numbers(one.values(), at)
        if not found:
            continue
        feeding = _feeding(select.table, [load for load in sent if load.place < one.place])
        yield from _multiples(submission, one, select, found, feeding)
        if len(select.group) == 1 and one.whole and not select.limited:
            yield from _ratios(submission, one, select, found, feeding)


def _is_count(item: str) -> bool:
    bare = item.replace(" ", "")
    plain = bare.startswith("count(") and not bare.startswith("count(distinct")
    return plain and not set("+-/") & set(bare) and "*" not in bare.partition(")")[2] and "filter(" not in bare


def _feeding(table: str, sent: Sequence[Load]) -> list[Load]:
    """Give the loads whose path shares a word with the table's name, or all of them where none does."""
    words = {word[:_STEM] for word in table.split("_") if len(word) >= _SHORTEST}
    alike = [
        load
        for load in sent
        if load.path is None or words & {word[:_STEM] for word in load.path.replace("/", "_").split("_")}
    ]
    return alike if any(load.path is not None for load in alike) else list(sent)


def _multiples(
    submission: Submission, one: Answer, select: Select, found: Sequence[float], feeding: Sequence[Load]
) -> Iterator[Finding]:
    if not feeding or any(load.count is None for load in feeding):
        return
    step = gcd(*(load.count or 0 for load in feeding))
    if step < 2:
        return
    evidence = [Evidence(str(submission.report), load.line, f"-n {load.count} {load.target}") for load in feeding[:4]]
    odd = next((value for value in found if value % step), None)
    if odd is None:
        message = f"The counts of {select.table} are multiples of {step}, as the loads send so many at a time."
        yield agrees("query-multiples", one.block, one.line, message, [int(value) for value in found[:20]])
    else:
        message = (
            f"{odd:g} is no multiple of {step}, though every load that may feed {select.table} sends {step} at a time."
        )
        yield doubts("query-multiples", one.block, one.line, message, (f"a multiple of {step}", odd), evidence)


def _ratios(
    submission: Submission, one: Answer, select: Select, found: Sequence[float], feeding: Sequence[Load]
) -> Iterator[Finding]:
    """Compare how many loops each group's count makes, where one loop fed all of them and its sends are known."""
    looped = [load for load in feeding if load.repeated]
    key = next((at for at, item in enumerate(select.items) if item == select.group[0]), None)
    if key is None or len(found) < 2 or not looped or any(not load.target or not load.count for load in looped):
        return
    if len({load.place for load in looped}) != 1 or select.where:
        return
    once = [load for load in feeding if not load.repeated]
    names = [row[key] for row in one.values()]
    turns = [_sent(looped, name) for name in names]
    if not all(turns):
        return
    bases = [_sent(once, name) for name in names]
    for base in ([0] * len(names), bases):
        loops = [(count - begun) / turn for count, begun, turn in zip(found, base, turns, strict=True)]
        if max(loops) - min(loops) <= 1 and min(loops) >= 0:
            message = f"Each group of {select.table} is what {min(loops):g} to {max(loops):g} loops send."
            if max(loops) == min(loops):
                message = f"Each group of {select.table} is exactly what {loops[0]:g} loops send."
            yield agrees("query-ratios", one.block, one.line, message, [int(value) for value in found[:20]])
            return
    if max(loops) - min(loops) < _CAUGHT:
        return
    loops = [round(count / turn, 2) for count, turn in zip(found, turns, strict=True)]
    message = f"The groups of {select.table} would need different numbers of loops: {', '.join(map(str, loops[:8]))}."
    evidence = [Evidence(str(submission.report), looped[0].line, "the loop")]
    expected = [round(min(loops)) * turn for turn in turns]
    yield doubts("query-ratios", one.block, one.line, message, (expected, [int(value) for value in found]), evidence)


def _sent(sent: Sequence[Load], name: str) -> int:
    """Give how many requests of the loads are for a host, or have a word of their target like a group's value."""
    total = 0
    for load in sent:
        words = (load.target or "").replace("?", "/").replace("=", "/").replace("&", "/").split("/")
        if load.host == name or name in words:
            total += load.count or 0
    return total
