"""The events that the report shows against the keys that the code adds to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from harness.grade.code.events import EventType, event_types
from harness.grade.code.facts import Code, code
from harness.grade.model import Finding, Submission, Verdict, Weight
from harness.outputs.json_lines import read_event
from harness.readme.blocks import Block, Kind

CHECK: Final = "event-metadata"
_VERSION_LIMIT: Final = 20
_EVENT_LIMIT: Final = 20_000


def check(submission: Submission) -> Iterator[Finding]:
    """Hold each event that is shown whole against the code that logs its type; one finding for each block and type.

    Where the report shows both events that fit and events that do not, the others may be of an older version.
    """
    facts = code(submission)
    types: dict[str, list[EventType]] = {}
    for source in facts.apps:
        for each in event_types(source):
            types.setdefault(each.name, []).append(each)
    types = {name: each for name, each in types.items() if len(each) <= _VERSION_LIMIT}
    if not types:
        return
    wrong: list[tuple[Block, int, str, str]] = []
    fitting: set[str] = set()
    agreed: dict[tuple[int, str], tuple[Block, int]] = {}
    unknown: dict[str, tuple[Block, int]] = {}
    for block, line, event in _events(submission):
        name = event.get("event_type")
        if not isinstance(name, str):
            continue
        if name not in types:
            unknown.setdefault(name, (block, line))
            continue
        if not all(each.closed for each in types[name]):
            continue
        problems = [problem for each in types[name] if (problem := _problem(each, event))]
        if len(problems) < len(types[name]):
            fitting.add(name)
            agreed.setdefault((block.first_line, name), (block, line))
        else:
            wrong.append((block, line, name, problems[0]))
    for (_, name), (block, line) in agreed.items():
        keys = sorted(types[name][0].keys)
        yield Finding(
            CHECK, Verdict.AGREES, line, f"The event {name} has the keys that the code adds.", keys, keys, block.fence
        )
    yield from _unlogged(facts, types, unknown)
    told: set[tuple[int, str]] = set()
    for block, line, name, problem in wrong:
        if (block.first_line, name) in told:
            continue
        told.add((block.first_line, name))
        each = types[name][0]
        weight = Weight.WARNING if name in fitting else Weight.ERROR
        expected = sorted(each.keys) + (["the request's headers"] if each.headers else [])
        message = f"An event {name} that is shown {problem}."
        where = (each.source.evidence(each.line),)
        yield Finding(CHECK, Verdict.DISAGREES, line, message, expected, problem, block.fence, weight, where)


def _unlogged(
    facts: Code, types: Mapping[str, list[EventType]], shown: Mapping[str, tuple[Block, int]]
) -> Iterator[Finding]:
    """Types of events that are shown, though the app that is started has no such type and builds none."""
    text = "\n".join(source.text for source in facts.files)
    plain = sum(source.text.count(f"{quote}event_type{quote}") for source in facts.apps for quote in "'\"")
    every = [each for found in types.values() for each in found]
    if facts.app_file is None or plain != len(every) or not all(each.closed for each in every):
        return
    for name, (block, line) in shown.items():
        if any(f"{quote}{''.join(name.split())}{quote}" in text for quote in "'\""):
            continue
        message = f"Events of the type {name} are shown, but {facts.app_file} never logs that type."
        where = (every[0].source.evidence(every[0].line),)
        yield Finding(CHECK, Verdict.DISAGREES, line, message, sorted(types), name, block.fence, Weight.ERROR, where)


def _events(submission: Submission) -> Iterator[tuple[Block, int, Mapping[str, object]]]:
    count = 0
    for block in submission.blocks:
        if block.kind not in (Kind.OUTPUT, Kind.EXCERPT) or "event_type" not in block.text:
            continue
        for line, row in block.printed():
            event = read_event(row.strip()) if row.lstrip().startswith("{") else None
            if event is not None:
                count += 1
                yield block, line, event
            if count > _EVENT_LIMIT:
                return


def _problem(each: EventType, event: Mapping[str, object]) -> str:
    """Say what a shown event lacks, or has too much; empty where it fits."""
    event = {"".join(key.split()): value for key, value in event.items()}  # a key may have been wrapped
    lacking = sorted(each.keys - event.keys())
    if lacking:
        return f"lacks {', '.join(lacking)}, which the code adds"
    if each.headers and "Host" not in event:
        return "lacks Host, though the code adds the request's headers"
    more = sorted(key for key in event if key not in each.keys and not (each.headers and _is_header(key)))
    return f"has {', '.join(more[:5])}, which the code does not add" if more else ""


def _is_header(key: str) -> bool:
    """Whether a key is written as Werkzeug writes the name of a header: each part begins with a capital."""
    return all(part[:1].isupper() or not part[:1].isalpha() for part in key.split("-") if part)
