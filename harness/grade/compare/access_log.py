"""The web server's log: the same paths and statuses must come again, and as often where the load is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from harness.grade.checks.context import is_sample
from harness.grade.compare.model import Group, Shown, View
from harness.grade.compare.said import ENDLESS, counted, excused, same, unchecked, unlike, volatile
from harness.grade.compare.sequences import Fit, fit
from harness.grade.compare.totals import Sent, relation
from harness.grade.model import Finding, Weight
from harness.outputs.access_log import HEALTH_PATH, Request, request
from harness.outputs.text import lines
from harness.render.text import plural

CHECK: Final = "rerun-log"
_BROWSERS_OWN: Final = frozenset({HEALTH_PATH, "/favicon.ico", "/robots.txt"})
_FEW: Final = 3

_Line = tuple[str, str, int]


def compare(group: Group) -> Iterator[Finding]:
    """Compare each part of the log that the report shows with the log of the rerun."""
    views = group.views()
    again = [[_key(one) for one in map(request, lines(view.both)) if _counts(one)] for view in views]
    for one in group.shown:
        logged = [
            (line, each) for line, printed in one.block.printed() if _counts(each := request(printed.strip("> ")))
        ]
        if not logged:
            continue
        if not any(again):
            message = "The rerun's web server logged no request, so that nothing can be compared."
            yield unchecked(CHECK, one.block, logged[0][0], message)
            continue
        yield from _compared(group, one, [(line, _key(each)) for line, each in logged], again, views)
        yield volatile(CHECK, one.block, logged[0][0], "The log's addresses and times differ from run to run.")


def _counts(one: Request | None) -> bool:
    return one is not None and one.path not in _BROWSERS_OWN


def _key(one: Request | None) -> _Line:
    assert one is not None
    return one.method, one.path, one.status


def _compared(
    group: Group, one: Shown, logged: Sequence[tuple[int, _Line]], again: Sequence[Sequence[_Line]], views: list[View]
) -> Iterator[Finding]:
    shown = [key for _, key in logged]
    every = Counter(key for view in again for key in view)
    ran, line = views[-1].ran, logged[0][0]
    statuses = list(_statuses(one, logged, every, views))
    yield from statuses
    if statuses:
        return
    fitted = fit(shown, again)
    totals = _named(Counter(shown)), _named(max(map(Counter, again), key=Counter.total))
    values = dict(sorted(totals[1].items())), dict(sorted(totals[0].items()))
    if fitted in (Fit.WHOLE, Fit.SINCE):
        message = f"The rerun's log has the same {plural(len(shown), 'request')}, answered alike."
        yield same(CHECK, one.block, line, message, values[1])
    elif group.totals.before(one.place) is Sent.ENDLESS:
        holds = relation(totals[0], totals[1], group.totals.step(one.place))
        if fitted is Fit.NONE and not set(shown) <= set(every):
            message = f"The log shows {counted(totals[0])}, the rerun's others."
            yield unlike(CHECK, one.block, line, message, (None, values[1]), ran, ENDLESS, Weight.WARNING)
        else:
            why = holds or "the same requests were answered alike"
            message = f"{len(shown)} requests are shown, and another number came in the rerun: {why}."
            yield excused(CHECK, one.block, line, message, (None, values[1]), ran, ENDLESS)
    elif fitted is Fit.RUN or (fitted is Fit.SOME and (len(shown) <= _FEW or is_sample(group.submission, one.place))):
        message = f"The {len(shown)} requests are a part of the {sum(totals[1].values())} that the rerun's log has."
        yield excused(CHECK, one.block, line, message, values, ran)
    else:
        message = f"The log shows {counted(totals[0])}, but the rerun's {counted(totals[1])}."
        yield unlike(CHECK, one.block, line, message, values, ran, weight=Weight.WARNING)


def _statuses(
    one: Shown, logged: Sequence[tuple[int, _Line]], every: Counter[_Line], views: list[View]
) -> Iterator[Finding]:
    """Find requests that were answered well in one run and refused in the other."""
    seen: set[_Line] = set()
    for line, key in logged:
        method, path, status = key
        if key in seen or key in every:
            continue
        seen.add(key)
        others = sorted(one[2] for one in every if one[:2] == (method, path))
        if not others or any(other // 100 == status // 100 for other in others):
            continue
        message = f"The report's log has {method} {path} with {status}, the rerun answered it with {others[0]}."
        weight = Weight.ERROR if status < 400 <= others[0] else Weight.WARNING
        text = f'"{method} {path}" {others[0]}'
        yield unlike(CHECK, one.block, line, message, (others[0], status), views[-1].ran, text, weight)


def _named(every: Counter[_Line]) -> dict[str, int]:
    return {f"{method} {path} {status}": count for (method, path, status), count in every.items()}
