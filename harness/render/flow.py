"""The lineage with a count on every edge, and where counts drop without a reason.

`lineage.edges` gives what the commands say of an edge itself. Here the rest is read from what stands around it: what
lay in the topic when a job read it, what a job says that it wrote, what a query found in a table. A count that drops
has a reason where a job keeps the events of one type, or a query has a condition; otherwise the edge is lossy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from harness.model import Capture, Check, Fact, Invariant, Record, StepRecord
from harness.render.figures import requests, rows
from harness.render.lineage import Edge, Node, edges, found
from harness.render.text import plural

_CONDITION = re.compile(r"\b(where|limit|having|join|distinct|group\s+by)\b", re.IGNORECASE)
_CLEARED = re.compile(r"\bkafka-delete-records\b|\bkafka-topics\b.*--delete\b", re.DOTALL)
_SHOW_LIMIT = "only showing top"


@dataclass(frozen=True, slots=True)
class Flow:
    """One edge as it is drawn: `count` of `whole` (None where that is not known) `noun`s went from source to target.

    `why_lossy` says in words what is missing, and is empty where nothing is. `steps` are ids.
    """

    source: Node
    target: Node
    count: int | None
    whole: int | None
    noun: str
    passed: bool
    steps: tuple[str, ...]
    why_lossy: str = ""

    @property
    def label(self) -> str:
        """Give the count in words."""
        if self.count is None:
            return "not counted"
        if self.whole is None or self.whole == self.count:
            return plural(self.count, self.noun)
        return f"{self.count:,} of {plural(self.whole, self.noun)}"


@dataclass(frozen=True, slots=True)
class _Topic:
    """What is known of the topic in a step: its messages after the step's last reading, by type, and what came in."""

    messages: int | None
    by_type: Mapping[str, int]
    sent: int | None
    arrived: int | None


def flows(record: Record) -> list[Flow]:
    """Give one flow for each pair of nodes, in the order of the steps; nothing where no command shows a pipeline."""
    topics = dict(_topics(record))
    drawn: dict[tuple[Node, Node], Flow] = {}
    for edge in edges(record):
        flow = _flow(edge, topics)
        ends = edge.source, edge.target
        drawn[ends] = _merged(drawn[ends], flow) if ends in drawn else flow
    _add_tables_that_jobs_name(record, drawn)
    _fill_in(drawn)
    return [_judged(flow, drawn, record) for flow in drawn.values()]


def _topics(record: Record) -> Iterator[tuple[str, _Topic]]:
    messages: int | None = None
    by_type: Mapping[str, int] = {}
    for step in record.steps:
        first: int | None = None
        readings = 0
        for capture in step.commands:
            if _CLEARED.search(capture.command):
                messages, by_type = None, {}
            if capture.facts.get("kind") == "json_lines" and capture.exit_code == 0 and not capture.background:
                messages, by_type = _number(capture.facts.get("messages")), _counts(capture.facts.get("by_event_type"))
                first = messages if readings == 0 else first
                readings += 1
        before = first if readings > 1 else 0
        arrived = messages - before if readings and messages is not None and before is not None else None
        yield step.id, _Topic(messages, by_type, requests(step.commands), arrived)


def _flow(edge: Edge, topics: Mapping[str, _Topic]) -> Flow:
    flow = Flow(edge.source, edge.target, edge.count, None, edge.noun, edge.passed, edge.steps)
    if edge.source.kind == "endpoint":
        sums = [topics[step] for step in edge.steps]
        lost = [t for t in sums if t.sent is not None and t.arrived is not None and t.arrived < t.sent]
        words = [f"{plural(t.sent or 0, 'request')} made {plural(t.arrived or 0, 'message')}" for t in lost]
        return replace(flow, why_lossy="; ".join(words))
    if edge.target.kind == "job":
        return _read_by_job(flow, edge, topics[edge.steps[0]])
    if edge.source.kind == "job" and edge.target.kind == "folder":
        printed = [_printed(capture, f"rows in {edge.target.name}") for capture in edge.captures]
        written = next((number for number in printed if number is not None), None)
        return flow if written is None else replace(flow, count=written)
    return flow


def _read_by_job(flow: Flow, edge: Edge, topic: _Topic) -> Flow:
    """A job in the background is a stream: it reads what is sent meanwhile. Another reads all that the topic holds."""
    if any(capture.background for capture in edge.captures):
        noun = "request" if topic.sent is not None else "event"
        return replace(flow, count=topic.sent, noun=noun)
    kept = {kind for capture in edge.captures for kind in _counts(capture.facts.get("by_event_type"))}
    if not kept or not kept <= set(topic.by_type):
        return replace(flow, count=topic.messages)
    return replace(flow, count=sum(topic.by_type[kind] for kind in kept), whole=topic.messages)


def _merged(one: Flow, other: Flow) -> Flow:
    """Give two showings of one edge as one: with the later one's count, where it has one."""
    last = other if other.count is not None else one
    steps = tuple(dict.fromkeys([*one.steps, *other.steps]))
    why_lossy = one.why_lossy or other.why_lossy
    return replace(last, passed=one.passed and other.passed, steps=steps, why_lossy=why_lossy)


def _add_tables_that_jobs_name(record: Record, drawn: dict[tuple[Node, Node], Flow]) -> None:
    """Draw a job's edge to a table of which it says how many rows it has."""
    tables = {node for ends in drawn for node in ends if node.kind == "table"}
    for step in record.steps:
        for job, captures in found("job", step.commands).items():
            for table in sorted(tables, key=lambda node: node.name):
                number = _printed(captures[-1], f"rows in table {table.name}")
                if number is not None:
                    before = drawn.get((job, table))
                    steps = tuple(dict.fromkeys([*(before.steps if before else ()), step.id]))
                    drawn[job, table] = Flow(job, table, number, None, "row", step.outcome == "passed", steps)


def _fill_in(drawn: dict[tuple[Node, Node], Flow]) -> None:
    """Give what has no count of its own the count of what stands beside it: written, or else read."""
    for _ in range(2):
        for ends, flow in drawn.items():
            if flow.count is None and flow.noun == "row":
                before = [f.count for f in drawn.values() if f.target == flow.source and f.noun == "row"]
                after = [f.count for f in drawn.values() if f.source == flow.target]
                known = [number for number in [*before, *after] if number is not None]
                drawn[ends] = replace(flow, count=known[0]) if known else flow


def _judged(flow: Flow, drawn: Mapping[tuple[Node, Node], Flow], record: Record) -> Flow:
    """Say why an edge is lossy: a check of its step misses rows, or fewer came out of its source than went in."""
    if flow.why_lossy or flow.count is None:
        return flow
    steps = [step for step in record.steps if step.id in flow.steps]
    missed = [words for step in steps for words in _missed(step, record, flow.count)]
    if missed:
        return replace(flow, why_lossy=missed[0])
    inflows = [
        f.count for f in drawn.values() if f.target == flow.source and f.count is not None and f.noun != "request"
    ]
    limited = flow.source.kind == "job" and any(_SHOW_LIMIT in c.stdout for s in steps for c in s.commands)
    if flow.source.kind in ("topic", "endpoint") or not inflows or limited or _has_condition(flow, steps):
        return flow
    if flow.count < max(inflows):
        return replace(flow, why_lossy=f"{max(inflows):,} came in, {flow.count:,} went on")
    return flow


def _missed(step: StepRecord, record: Record, count: int) -> Iterator[str]:
    named = [each for each in record.invariants if each.id.startswith(f"{step.id}:")]
    stated: list[tuple[str, Check | Invariant]] = [(each.what, each) for each in step.checks]
    stated += [(each.id, each) for each in named]
    for words, each in stated:
        expected, actual = _number(each.expected), _number(each.actual)
        if not each.holds and expected is not None and actual == count and actual < expected:
            yield f"{words}: expected {expected:,}, got {actual:,}"


def _has_condition(flow: Flow, steps: list[StepRecord]) -> bool:
    """Tell whether every query of the table that gave a count asks for a part of it."""
    if flow.source.kind != "table":
        return False
    asked = [c for step in steps for c in found("table", step.commands).get(flow.source, ()) if rows([c]) is not None]
    return all(_CONDITION.search(capture.command) for capture in asked)


def _printed(capture: Capture, label: str) -> int | None:
    printed = capture.facts.get("printed")
    return _number(printed.get(label)) if isinstance(printed, Mapping) else None


def _counts(fact: Fact) -> dict[str, int]:
    if not isinstance(fact, Mapping):
        return {}
    return {name: number for name, value in fact.items() if (number := _number(value)) is not None}


def _number(fact: Fact) -> int | None:
    return fact if isinstance(fact, int) and not isinstance(fact, bool) else None
