"""Where the nodes and edges of the lineage stand: columns from left to right, one for each kind of node.

An edge that passes a column takes a place in it, as if it were a small node, so that it crosses no box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from harness.render.flow import Flow
from harness.render.lineage import Node
from harness.render.shown import line

_COLUMNS = {"endpoint": 0, "topic": 1, "job": 2, "folder": 3, "console": 3, "table": 4, "query": 5}
_WORDS = {"folder": "Parquet files", "query": "SQL", "console": "output"}
_CHARACTER = 6.7
_LONGEST_NAME = 26
_NARROWEST = 74
_NODE_HEIGHT, _LANE_HEIGHT, _BETWEEN = 44, 16, 20
_CHANNEL = 72
"""The least room between two columns, for the curves and their labels."""

_MARGIN = 4


@dataclass(slots=True)
class Box:
    """A node with its place, or a lane of an edge that passes a column (`node` is None). Lengths are pixels."""

    node: Node | None
    column: int
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = _NODE_HEIGHT
    before: list[Box] = field(default_factory=list, repr=False)

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return self.y + self.height / 2

    @property
    def kind(self) -> str:
        """Its kind in words."""
        return _WORDS.get(self.node.kind, self.node.kind) if self.node else ""

    @property
    def name(self) -> str:
        """Its name, cut to fit."""
        name = line(self.node.name) if self.node else ""
        return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


@dataclass(frozen=True, slots=True)
class Curve:
    """An edge's path, and where its label stands."""

    flow: Flow
    path: str
    x: float
    y: float

    @property
    def label(self) -> str:
        """The count; events need no noun behind a job's share of them."""
        return self.flow.label.removesuffix(" events") if " of " in self.flow.label else self.flow.label


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that the template draws."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    curves: tuple[Curve, ...]


def layout(flows: Sequence[Flow]) -> Drawing:
    """Place all nodes and edges. Equal flows give an equal drawing."""
    nodes = dict.fromkeys(node for flow in flows for node in (flow.source, flow.target))
    used = sorted({_COLUMNS[node.kind] for node in nodes})
    boxes = {node: Box(node, used.index(_COLUMNS[node.kind])) for node in nodes}
    columns: list[list[Box]] = [[] for _ in used]
    for box in boxes.values():
        columns[box.column].append(box)
    routes = [_route(boxes[flow.source], boxes[flow.target], columns) for flow in flows]
    _order(columns)
    longest = max((len(flow.label.removesuffix(" events")) for flow in flows), default=0)
    width, height = _place(columns, max(_CHANNEL, longest * 6.4 + 18))
    curves = _curves(flows, routes)
    return Drawing(width, height, tuple(boxes.values()), curves)


def _route(source: Box, target: Box, columns: list[list[Box]]) -> list[Box]:
    """Give the boxes that an edge passes, with new lanes in the columns between its ends."""
    lanes = [Box(None, column, height=_LANE_HEIGHT) for column in range(source.column + 1, target.column)]
    for lane in lanes:
        columns[lane.column].append(lane)
    route = [source, *lanes, target]
    for one, other in pairwise(route):
        other.before.append(one)
    return route


def _order(columns: list[list[Box]]) -> None:
    """Sort each column by the mean place of what comes before it, so that few edges cross."""
    for column in columns[1:]:
        places = {id(box): place for other in columns for place, box in enumerate(other)}

        def key(box: Box, places: dict[int, int] = places) -> float:
            known = [places[id(one)] for one in box.before]
            return sum(known) / len(known) if known else len(places)

        column.sort(key=key)


def _place(columns: list[list[Box]], channel: float) -> tuple[float, float]:
    heights = [sum(box.height + _BETWEEN for box in column) - _BETWEEN for column in columns]
    height = max(heights, default=0) + 2 * _MARGIN
    x: float = _MARGIN
    for column, own in zip(columns, heights, strict=True):
        longest = max((max(len(box.name), len(box.kind)) for box in column), default=0)
        width = max(_NARROWEST, longest * _CHARACTER + 20)
        y = (height - own) / 2
        for box in column:
            box.x, box.y, box.width = x, y, width
            y += box.height + _BETWEEN
        x += width + channel
    return round(x - channel + _MARGIN, 1), round(height, 1)


def _curves(flows: Sequence[Flow], routes: Sequence[list[Box]]) -> tuple[Curve, ...]:
    out: dict[int, list[int]] = {}
    into: dict[int, list[int]] = {}
    for number, route in enumerate(routes):
        out.setdefault(id(route[0]), []).append(number)
        into.setdefault(id(route[-1]), []).append(number)
    for group in out.values():
        group.sort(key=lambda number: routes[number][1].middle)
    for group in into.values():
        group.sort(key=lambda number: routes[number][-2].middle)
    curves = []
    for number, (flow, route) in enumerate(zip(flows, routes, strict=True)):
        leaving, coming = out[id(route[0])], into[id(route[-1])]
        begin = _port(route[0], leaving.index(number), len(leaving))
        end = _port(route[-1], coming.index(number), len(coming))
        points = [(route[0].x + route[0].width, begin)]
        for lane in route[1:-1]:
            points += [(lane.x, lane.middle), (lane.x + lane.width, lane.middle)]
        points.append((route[-1].x - 6, end))  # room for the arrow's head
        near_end = len(leaving) > 1 and len(coming) == 1
        curves.append(_curve(flow, points, near_end=near_end))
    return tuple(curves)


def _port(box: Box, place: int, places: int) -> float:
    """Give the height at which an edge meets a box; those of one side stand apart."""
    return box.y + box.height * (place + 1) / (places + 1)


def _curve(flow: Flow, points: Sequence[tuple[float, float]], *, near_end: bool) -> Curve:
    (x, y), *rest = points
    path = f"M{x:.1f} {y:.1f}"
    for at, (next_x, next_y) in enumerate(rest):
        if at % 2:
            path += f" L{next_x:.1f} {next_y:.1f}"
        else:
            middle = (x + next_x) / 2
            path += f" C{middle:.1f} {y:.1f} {middle:.1f} {next_y:.1f} {next_x:.1f} {next_y:.1f}"
        x, y = next_x, next_y
    one, other = (points[-2], points[-1]) if near_end else (points[0], points[1])
    _, y = _on_curve(one, other, 0.6 if near_end else 0.4)
    return Curve(flow, path, round((one[0] + other[0]) / 2, 1), round(y + 4, 1))


def _on_curve(one: tuple[float, float], other: tuple[float, float], share: float) -> tuple[float, float]:
    """Give the point of a curve of `_curve` at a share of its way."""
    middle, rest = (one[0] + other[0]) / 2, 1 - share
    weights = (rest**3, 3 * rest**2 * share, 3 * rest * share**2, share**3)
    x = sum(weight * value for weight, value in zip(weights, (one[0], middle, middle, other[0]), strict=True))
    y = sum(weight * value for weight, value in zip(weights, (one[1], one[1], other[1], other[1]), strict=True))
    return x, y
