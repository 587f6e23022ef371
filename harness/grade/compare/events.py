"""Events as JSON: their keys, types and hosts must come again, and as many where the load is counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from harness.grade.checks.context import is_sample
from harness.grade.compare.model import Group, Shown, View
from harness.grade.compare.said import ENDLESS, counted, excused, listed, same, unchecked, unlike, volatile
from harness.grade.compare.sequences import Fit, fit
from harness.grade.compare.totals import Sent, relation
from harness.grade.model import Finding, Weight
from harness.outputs.json_lines import is_status, read_event
from harness.outputs.text import label, lines
from harness.render.text import plural

CHECK: Final = "rerun-events"
_CLIENTS_OWN: Final = frozenset({"accept", "accept-encoding", "connection", "content-length", "content-type"})
"""Keys that come from a client's headers, which differ with its version."""

_FEW: Final = 3
_UNNAMED: Final = "(none)"


@dataclass(frozen=True, slots=True)
class _Event:
    line: int
    kind: str
    host: str
    keys: frozenset[str]
    order: tuple[str, ...]

    def named(self, what: str) -> str:
        return self.kind if what == "type" else self.host

    @property
    def name(self) -> str:
        return f"{self.kind} of {self.host}" if self.host != _UNNAMED else self.kind


def compare(group: Group) -> Iterator[Finding]:
    """Compare the events of each output with those that the rerun read from the topic."""
    views = group.views()
    again = [_read(enumerate(lines(view.capture.stdout)))[0] for view in views]
    every = [event for view in again for event in view]
    for one in group.shown:
        shown, unread = _read(one.block.printed())
        if not shown:
            continue
        line = shown[0].line
        if not every:
            message = "The rerun read no event that can be compared with these."
            yield unchecked(CHECK, one.block, line, message)
            continue
        wrong = [*_types(group, one, shown, every, views), *_keys(group, one, shown, every, views)]
        yield from wrong
        if not any(each.actual is not None and each.is_error for each in wrong):
            yield from _totals(group, one, shown, unread, again, views)
        if {event.order for event in shown} - {event.order for event in every}:
            yield volatile(CHECK, one.block, line, "The order of an event's keys differs from run to run.")


def _read(printed: Iterator[tuple[int, str]] | Sequence[tuple[int, str]]) -> tuple[list[_Event], int]:
    """Give the events, and how many lines are none though they begin or end like one."""
    events: list[_Event] = []
    unread = 0
    for line, text in printed:
        bare = text.strip().removeprefix("> ")
        event = None if is_status(bare) else read_event(bare)
        if event is None:
            unread += bare.endswith("}") and '":' in bare
            continue
        names = tuple(map(label, event))
        whole = ("".join(name.split()) for name in names)  # where the paste was cut, a space is in a name
        keys = frozenset(name for name in whole if name.lower() not in _CLIENTS_OWN)
        events.append(_Event(line, _name(event, "event_type"), _name(event, "Host"), keys, names))
    return events, unread


def _name(event: Mapping[str, object], key: str) -> str:
    value = event.get(key)
    return label(value) if isinstance(value, str) and value else _UNNAMED


def _types(
    group: Group, one: Shown, shown: Sequence[_Event], every: Sequence[_Event], views: list[View]
) -> Iterator[Finding]:
    """Find types of events, and hosts, that no event of the rerun has."""
    sure = group.totals.before(one.place) is Sent.COUNTED
    for what in ("type", "host"):
        known = {event.named(what) for event in every}
        for name in sorted({event.named(what) for event in shown} - known):
            line = next(event.line for event in shown if event.named(what) == name)
            message = f"The report shows events of the {what} {name}, the rerun made those of {listed(sorted(known))}."
            weight = Weight.ERROR if sure and what == "type" else Weight.WARNING
            yield unlike(CHECK, one.block, line, message, (sorted(known), name), views[-1].ran, weight=weight)


def _keys(
    group: Group, one: Shown, shown: Sequence[_Event], every: Sequence[_Event], views: list[View]
) -> Iterator[Finding]:
    """Find events whose keys no event of their type has in the rerun."""
    known: defaultdict[str, set[frozenset[str]]] = defaultdict(set)
    for event in every:
        known[event.kind].add(event.keys)
    told: set[tuple[str, frozenset[str]]] = set()
    for event in shown:
        sets = known.get(event.kind)
        if not sets or event.keys in sets or (event.kind, event.keys) in told:
            continue
        told.add((event.kind, event.keys))
        near = min(sets, key=lambda keys: (len(keys ^ event.keys), sorted(keys)))
        more, less = sorted(event.keys - near), sorted(near - event.keys)
        parts = [f"has {listed(more)}"] * bool(more) + [f"lacks {listed(less)}"] * bool(less)
        message = f"A {event.kind} event of the report {' and '.join(parts)}, unlike those that the rerun made."
        sure = group.totals.before(one.place) is not Sent.ENDLESS and event.kind != _UNNAMED
        weight = Weight.ERROR if sure else Weight.WARNING
        yield unlike(
            CHECK, one.block, event.line, message, (sorted(near), sorted(event.keys)), views[-1].ran, weight=weight
        )


def _totals(
    group: Group, one: Shown, shown: Sequence[_Event], unread: int, again: Sequence[Sequence[_Event]], views: list[View]
) -> Iterator[Finding]:
    fitted = fit([event.name for event in shown], [[event.name for event in view] for view in again], unread)
    ran, line = views[-1].ran, shown[0].line
    ours = Counter(event.name for event in shown)
    theirs = max((Counter(event.name for event in view) for view in again), key=Counter.total)
    values = dict(sorted(theirs.items())), dict(sorted(ours.items()))
    total = theirs.total()
    if fitted in (Fit.WHOLE, Fit.SINCE):
        beside = f", and {unread} that cannot be read" if unread else ""
        message = f"The rerun read the same {plural(len(shown), 'event')}{beside}, type by type and host by host."
        yield same(CHECK, one.block, line, message, values[1])
    elif group.totals.before(one.place) is Sent.ENDLESS:
        holds = relation(ours, theirs, group.totals.step(one.place))
        if set(ours) <= set(theirs):
            why = holds or "their types and hosts are among those"
            message = f"{len(shown)} events are shown, and the rerun read another number: {why}."
            yield excused(CHECK, one.block, line, message, (None, values[1]), ran, ENDLESS)
    elif fitted is Fit.RUN or (fitted is Fit.SOME and (len(shown) <= _FEW or is_sample(group.submission, one.place))):
        message = f"The {len(shown)} events are a part of the {total} that the rerun read."
        yield excused(CHECK, one.block, line, message, values, ran)
    elif set(ours) <= set(theirs):
        message = f"The report shows {counted(ours)}, but the rerun read {counted(theirs)}."
        yield unlike(CHECK, one.block, line, message, values, ran, weight=Weight.WARNING)
