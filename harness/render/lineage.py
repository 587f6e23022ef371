"""The pipeline as a graph, read from the commands that ran: endpoint, topic, job, Parquet, table, query.

What the commands of a step name is linked in that order, where the command went well. A job reads the topic; what a
step lists in HDFS was written by its job; a table stands over the folder of its name, or was made by a job of the step
before. The edges are what the Mermaid flowchart of README.md and the drawing of report.html (`flow.py`) have in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from harness.model import Capture, Outcome, Record, StepRecord
from harness.render.figures import requests, rows
from harness.render.text import plural

_TOOLS = {
    "endpoint": re.compile(r"\bab\b|\bcurl\b.*(-X *POST|--data|--json|-d\b)", re.DOTALL),
    "topic": re.compile(r"\b(kafka-topics|kafkacat|kcat)\b"),
    "job": re.compile(r"\bspark-submit\b"),
    "folder": re.compile(r"\b(hadoop fs|hdfs dfs)\b"),
    "table": re.compile(r"\bpresto\b|\bselect\b", re.IGNORECASE),
}
_NAMES = {
    "endpoint": re.compile(r"https?://[\w.:-]+(/[\w./-]*)"),
    "topic": re.compile(r"(?:--topic|-t)[ =]([\w.-]+)"),
    "job": re.compile(r"([\w-]+\.py)\b"),
    "folder": re.compile(r"-ls(?: -\w+)*\s+(/tmp/(?!checkpoint)[\w./-]*\w)"),
    "table": re.compile(r"\bfrom\s+(?:\w+\.)*(\w+)", re.IGNORECASE),
}
_SHAPES = {
    "endpoint": '(["{}"])',
    "topic": '[["{}"]]',
    "job": '["{}"]',
    "folder": '[("{} (Parquet)")]',
    "table": '[("table {}")]',
    "query": '(["{}"])',
    "console": '(["{}"])',
}


@dataclass(frozen=True, slots=True)
class Node:
    """One place that data passes. `kind` is endpoint, topic, job, folder, table, query or console."""

    kind: str
    name: str


CONSOLE = Node("console", "console")
PRESTO = Node("query", "Presto")


@dataclass(frozen=True, slots=True)
class Edge:
    """A way that data takes. `count` is the number of `noun` that an output gave for it; `steps` are ids."""

    source: Node
    target: Node
    count: int | None
    noun: str
    passed: bool
    steps: tuple[str, ...]
    captures: tuple[Capture, ...] = field(default=(), repr=False)

    @property
    def label(self) -> str:
        """Give the count in words, or nothing."""
        return "" if self.count is None else plural(self.count, self.noun)


def mermaid(record: Record) -> str:
    """Give a Mermaid flowchart, or nothing where no command shows a pipeline.

    Counts stand on the edges where an output gave them; the edges of a step that did not pass are dotted.
    """
    drawn = list(dict.fromkeys((edge.source, edge.target, edge.label, edge.passed) for edge in edges(record)))
    nodes = {node: f"n{number}" for number, node in enumerate(dict.fromkeys(chain(*(ends[:2] for ends in drawn))))}
    lines = [f"  {name}{_SHAPES[node.kind].format(node.name)}" for node, name in nodes.items()]
    for source, target, label, passed in drawn:
        arrow = ("-->" if passed else "-.->") + (f"|{label}|" if label else "")
        lines.append(f"  {nodes[source]} {arrow} {nodes[target]}")
    return "\n".join(["flowchart LR", *lines]) if drawn else ""


def edges(record: Record) -> Iterator[Edge]:
    """Give the edges in the order of the steps; one that several steps show comes several times."""
    usual = list(found("topic", [capture for step in record.steps for capture in step.commands]))[:1]
    sent: dict[tuple[Node, Node], list[Capture]] = {}
    senders: dict[tuple[Node, Node], list[str]] = {}
    for step in record.steps:
        for endpoint, captures in found("endpoint", step.commands).items():
            for topic in found("topic", step.commands) or usual:
                sent.setdefault((endpoint, topic), []).extend(captures)
                senders.setdefault((endpoint, topic), []).append(step.id)
    for (endpoint, topic), captures in sent.items():
        steps = tuple(senders[endpoint, topic])
        yield Edge(endpoint, topic, requests(captures), "request", True, steps, tuple(captures))

    folders: dict[str, Node] = {}
    makers: list[Node] = []
    for step in record.steps:
        passed = step.outcome is Outcome.PASSED
        jobs, written = found("job", step.commands), found("folder", step.commands)
        folders |= {folder.name.rpartition("/")[2]: folder for folder in written}
        for job, captures in jobs.items():
            for topic in found("topic", step.commands) or usual:
                yield Edge(topic, job, None, "event", passed, (step.id,), tuple(captures))
            for target in written or ([CONSOLE] if rows(captures) is not None else []):
                yield _rows(step, job, target, captures)
        for table, captures in found("table", step.commands).items():
            if table.name in folders:
                yield _rows(step, folders[table.name], table)
            elif jobs:
                makers = list(jobs)  # the step makes the table by itself
            if table.name not in folders or not jobs:
                for maker in makers:
                    yield _rows(step, maker, table)
            yield _rows(step, table, PRESTO, captures)
        makers = [] if written else list(jobs)


def found(kind: str, captures: Sequence[Capture]) -> dict[Node, list[Capture]]:
    """Give the nodes of one kind that commands name, with the commands that name them and went well."""
    nodes: dict[Node, list[Capture]] = {}
    for capture in captures:
        went_well = capture.exit_code in (0, None) or capture.background
        if went_well and _TOOLS[kind].search(capture.command):
            for name in dict.fromkeys(_NAMES[kind].findall(capture.command)):
                nodes.setdefault(Node(kind, name), []).append(capture)
    return nodes


def _rows(step: StepRecord, source: Node, target: Node, captures: Sequence[Capture] = ()) -> Edge:
    passed = step.outcome is Outcome.PASSED
    return Edge(source, target, rows(captures), "row", passed, (step.id,), tuple(captures))
