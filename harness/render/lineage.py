"""The pipeline as a graph, read from the commands that ran: endpoint, topic, job, Parquet, table, query.

What the commands of a step name is linked in that order, where the command went well. A job reads the topic; what a
step lists in HDFS was written by its job; a table stands over the folder of its name, or was made by a job of the step
before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from harness.model import Capture, Outcome, Record
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
}


@dataclass(frozen=True, slots=True)
class _Node:
    kind: str
    name: str


_CONSOLE = _Node("query", "console")
_PRESTO = _Node("query", "Presto")


@dataclass(frozen=True, slots=True)
class _Edge:
    source: _Node
    target: _Node
    count: str
    passed: bool


def mermaid(record: Record) -> str:
    """Give a Mermaid flowchart, or nothing where no command shows a pipeline.

    Counts stand on the edges where an output gave them; the edges of a step that did not pass are dotted.
    """
    edges = list(dict.fromkeys(_edges(record)))
    nodes = {node: f"n{number}" for number, node in enumerate(dict.fromkeys(chain.from_iterable(map(_ends, edges))))}
    lines = [f"  {name}{_SHAPES[node.kind].format(node.name)}" for node, name in nodes.items()]
    for edge in edges:
        arrow = ("-->" if edge.passed else "-.->") + (f"|{edge.count}|" if edge.count else "")
        lines.append(f"  {nodes[edge.source]} {arrow} {nodes[edge.target]}")
    return "\n".join(["flowchart LR", *lines]) if edges else ""


def _ends(edge: _Edge) -> tuple[_Node, _Node]:
    return edge.source, edge.target


def _edges(record: Record) -> Iterator[_Edge]:
    usual = list(_found("topic", [capture for step in record.steps for capture in step.commands]))[:1]
    sent: dict[tuple[_Node, _Node], list[Capture]] = {}
    for step in record.steps:
        for endpoint, captures in _found("endpoint", step.commands).items():
            for topic in _found("topic", step.commands) or usual:
                sent.setdefault((endpoint, topic), []).extend(captures)
    for (endpoint, topic), captures in sent.items():
        yield _Edge(endpoint, topic, _count(requests(captures), "request"), True)

    folders: dict[str, _Node] = {}
    makers: list[_Node] = []
    for step in record.steps:
        passed = step.outcome is Outcome.PASSED
        jobs, written = _found("job", step.commands), _found("folder", step.commands)
        folders |= {folder.name.rpartition("/")[2]: folder for folder in written}
        for job, captures in jobs.items():
            for topic in _found("topic", step.commands) or usual:
                yield _Edge(topic, job, "", passed)
            for target in written or ([_CONSOLE] if rows(captures) is not None else []):
                yield _Edge(job, target, _count(rows(captures), "row"), passed)
        for table, captures in _found("table", step.commands).items():
            if table.name in folders:
                yield _Edge(folders[table.name], table, "", passed)
            for maker in makers if not jobs else ():
                yield _Edge(maker, table, "", passed)
            yield _Edge(table, _PRESTO, _count(rows(captures), "row"), passed)
        makers = [] if written else list(jobs)


def _found(kind: str, captures: Sequence[Capture]) -> dict[_Node, list[Capture]]:
    found: dict[_Node, list[Capture]] = {}
    for capture in captures:
        went_well = capture.exit_code in (0, None) or capture.background
        if went_well and _TOOLS[kind].search(capture.command):
            for name in dict.fromkeys(_NAMES[kind].findall(capture.command)):
                found.setdefault(_Node(kind, name), []).append(capture)
    return found


def _count(number: int | None, noun: str) -> str:
    return "" if number is None else plural(number, noun)
