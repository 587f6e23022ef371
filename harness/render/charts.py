"""The numbers of report.html's charts, with the lengths that the templates draw. A chart without numbers is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.model import Capture, Outcome, Record
from harness.render.shown import line

WIDTH = 640
"""The units across a chart's drawing area: a share of it stands for a number."""

_COLOURS = 6
_COLUMNS = 4
_FEWEST, _MOST = 2, 30
"""Rows of an answer and bars that are drawn."""

_DIGITS = 15
_LONGEST = 1e9
"""Seconds: JSON can say infinity, as 1e999, which cannot be drawn."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a bar; `colour` is the number of its colour."""

    label: str
    number: int
    x: float
    width: float
    colour: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a chart."""

    label: str
    total: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Stacked:
    """Bars whose pieces are of a few types. `step` and `command` name the output that was read, `label` the bars."""

    title: str
    label: str
    types: tuple[str, ...]
    bars: tuple[Bar, ...]
    step: str
    command: str


@dataclass(frozen=True, slots=True)
class Batches:
    """The rows of each micro-batch that one command showed."""

    step: str
    command: str
    bars: tuple[Bar, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Span:
    """A bar of the timeline, in seconds; `begin` is None where no step shows it, and the bar begins with the run."""

    label: str
    kind: str
    begin: float | None
    seconds: float
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """Servers until they were ready, and steps; `ticks` are seconds with their places."""

    spans: tuple[Span, ...]
    ticks: tuple[tuple[str, float], ...]


def events(record: Record) -> Stacked | None:
    """Give the events by user and type that the last reading of the topic counted."""
    for step in reversed(record.steps):
        for capture in reversed(step.commands):
            counted = capture.facts.get("by_host_and_event_type")
            cells = _cells(counted) if isinstance(counted, Mapping) else {}
            if cells and not capture.background:
                return _stacked("Events by user and type", "user", cells, step.title, capture)
    return None


def answers(record: Record) -> tuple[Stacked, ...]:
    """Give a chart for each query that answered with numbers by one or two names."""
    found = []
    for step in record.steps:
        for capture in step.commands:
            values, columns = capture.facts.get("values"), capture.facts.get("columns")
            if capture.facts.get("kind") == "presto" and isinstance(values, list) and isinstance(columns, list):
                cells = _numbers(values)
                if cells:
                    names = [line(str(column)) for column in columns]
                    by = names[:1] if len({kind for _, kind in cells}) == 1 else names[:2]
                    what = "rows" if names[-1].startswith("_col") else names[-1]
                    title = f"{what} by {' and '.join(by)}"
                    found.append(_stacked(title, names[0], cells, step.title, capture, by_name=False))
    return tuple(found)


def batches(record: Record) -> tuple[Batches, ...]:
    """Give the sizes of the micro-batches of each stream that showed any."""
    found = []
    for step in record.steps:
        for capture in step.commands:
            sizes = _sizes(capture)
            if sizes:
                most = max(size for _, size in sizes) or 1
                bars = tuple(bar(f"batch {number}", {"rows": size}, ("rows",), most) for number, size in sizes)
                total = sum(size for _, size in sizes)
                found.append(Batches(line(step.title), line(capture.command), bars, total))
    return tuple(found)


def timeline(record: Record) -> Timeline | None:
    """Place the steps one after another, as they ran, and each server from the step on that started it.

    A step whose result a kept cluster had took no time in this run; a blocked step took none either.
    """
    ran: list[tuple[str, str, float, float]] = []
    begins: dict[str, float] = {}
    clock = 0.0
    for step in record.steps:
        for service in record.services:
            if service.name not in begins and _starts(step.id, step.commands, service.name):
                begins[service.name] = clock
        if step.outcome is not Outcome.BLOCKED and not step.reused:
            ran.append((line(step.title), step.outcome.value, clock, _seconds(step.seconds)))
            clock += _seconds(step.seconds)
    if not ran and not record.services:
        return None
    servers = [(line(each.name), begins.get(each.name), _seconds(each.ready_seconds)) for each in record.services]
    end = max([_seconds(record.seconds), clock, *((begin or 0) + seconds for _, begin, seconds in servers), 0.001])
    spans = [_span(name, "server", begin, seconds, end) for name, begin, seconds in servers]
    spans += [_span(name, outcome, begin, seconds, end) for name, outcome, begin, seconds in ran]
    return Timeline(tuple(spans), _ticks(end))


def _numbers(values: Sequence[object]) -> dict[tuple[str, str], int]:
    """Read rows of a name, perhaps a second one, and a number last; numbers in between are left out.

    Gives nothing where the rows are of another kind, are too few or too many to look at, or name something twice.
    """
    rows = [row for row in values if isinstance(row, list) and 2 <= len(row) <= _COLUMNS]
    if len(rows) != len(values) or len(rows) < _FEWEST or not all(_is_number(row[-1]) for row in rows):
        return {}
    by_two = len(rows[0]) > 2 and not any(_is_number(row[1]) for row in rows)
    if len(rows[0]) > 2 and not all(_is_number(each) for row in rows for each in row[1 + by_two :]):
        return {}
    cells = {(str(row[0]), str(row[1]) if by_two else ""): int(row[-1]) for row in rows}
    few = len({kind for _, kind in cells}) <= _COLOURS and len({name for name, _ in cells}) <= _MOST
    return cells if len(cells) == len(rows) and few and any(cells.values()) else {}


def _is_number(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS


def _cells(counted: Mapping[str, object]) -> dict[tuple[str, str], int]:
    """Read `user type` keys; a type holds no space."""
    cells = {}
    for key, number in counted.items():
        user, _, kind = key.rpartition(" ")
        if isinstance(number, int) and number > 0:
            cells[user, kind] = number
    return cells


def _stacked(
    title: str,
    label: str,
    cells: Mapping[tuple[str, str], int],
    step: str,
    capture: Capture,
    *,
    by_name: bool = True,
) -> Stacked:
    """Draw numbers by name and type: in the order of the names, or as they come."""
    types = tuple(sorted({kind for _, kind in cells}))
    names = list(dict.fromkeys(name for name, _ in cells))
    rows = {
        name: {kind: cells.get((name, kind), 0) for kind in types} for name in (sorted(names) if by_name else names)
    }
    most = max(sum(row.values()) for row in rows.values())
    bars = tuple(bar(name, row, types, most) for name, row in rows.items())
    return Stacked(title, label, tuple(map(line, types)), bars, line(step), line(capture.command))


def bar(label: str, numbers: Mapping[str, int], kinds: tuple[str, ...], most: int) -> Bar:
    """Make a row whose pieces stand for numbers by kind; the whole width stands for `most`."""
    segments = []
    x = 0.0
    for at, kind in enumerate(kinds):
        width = round(numbers[kind] / most * WIDTH, 1)
        segments.append(Segment(line(kind), numbers[kind], round(x, 1), width, min(at, _COLOURS - 1)))
        x += width
    return Bar(line(label), sum(numbers.values()), tuple(segments))


def _sizes(capture: Capture) -> list[tuple[int, int]]:
    found = capture.facts.get("batches")
    sizes = []
    for batch in found if isinstance(found, list | tuple) else ():
        number, rows = (batch.get("batch"), batch.get("rows")) if isinstance(batch, Mapping) else (None, None)
        if isinstance(number, int) and isinstance(rows, int) and rows >= 0:
            sizes.append((number, rows))
    return sizes


def _starts(step: str, commands: tuple[Capture, ...], service: str) -> bool:
    """Tell whether a step brought a server up: it bears its name, or shows it in the harness's own table."""
    return step == service or any(
        isinstance(services := capture.facts.get("services"), Mapping) and service in services for capture in commands
    )


def _span(label: str, kind: str, begin: float | None, seconds: float, end: float) -> Span:
    x = round((begin or 0) / end * WIDTH, 1)
    width = max(1.5, round(seconds / end * WIDTH, 1))
    return Span(label, kind, begin, seconds, x, round(min(width, WIDTH - x), 1))


def _seconds(number: float) -> float:
    return min(max(0.0, number), _LONGEST)


def _ticks(end: float) -> tuple[tuple[str, float], ...]:
    """Give about five round numbers of seconds."""
    step = next(size * 10**power for power in range(-3, 15) for size in (1, 2, 5) if end / (size * 10**power) <= 6)
    return tuple((f"{step * at:g} s", round(step * at / end * WIDTH, 1)) for at in range(int(end / step) + 1))
