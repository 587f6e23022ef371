"""`code`: what the submission's app and jobs do, as far as their text shows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from harness.grade.code.compose import compose_services
from harness.grade.code.events import event_types
from harness.grade.code.facts import Code
from harness.grade.code.facts import code as facts_of
from harness.grade.code.jobs import Sink
from harness.grade.model import Evidence
from harness.grade.proofs.model import Case, Proven, of_count
from harness.grade.rubric import Proof
from harness.render.text import plural

_PLAIN_VERBS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PARAMETERS: Final = re.compile(r"request\.(?:args|form|values|json|data|get_json|get_data|view_args)\b")
_STORES: Final = re.compile(r"^\s*(?:import|from)\s+(redis|cassandra|sqlite3|pymongo|psycopg2)\b", re.M)
_STORE_SERVICES: Final = ("cassandra", "mongo", "postgres", "redis")
_FILES: Final = frozenset({"avro", "csv", "json", "orc", "parquet", "text"})


def prove(proof: Proof, case: Case) -> Proven:
    """Count what has the property; one of it is enough unless `at_least` says more."""
    noun, more, find = _PROPERTIES[proof.words[0]]
    found = find(facts_of(case.submission), case)
    evidence = tuple(_here(each, str(case.submission.report)) for each in found[:5])
    wanted = int(proof.number("at_least", Fraction(1)))
    words = f"{plural(len(found), noun)}{more} in the code"
    return of_count(len(found), wanted, words, f"no {noun}{more} in the code", evidence)


def _here(evidence: Evidence, report: str) -> Evidence:
    return Evidence("" if evidence.file == report else evidence.file, evidence.line, evidence.text)


def _sinks(facts: Code, holds: Callable[[Sink], bool]) -> list[Evidence]:
    return [sink.source.evidence(sink.line) for job in facts.jobs for sink in job.sinks if holds(sink)]


def _routes(facts: Code, _: Case) -> list[Evidence]:
    return [route.source.evidence(route.function.lineno) for route in facts.api.routes]


def _verbs(facts: Code, _: Case) -> list[Evidence]:
    return [route.source.evidence(route.function.lineno) for route in facts.api.routes if route.methods - _PLAIN_VERBS]


def _parameters(facts: Code, _: Case) -> list[Evidence]:
    found = [route.source.evidence(route.function.lineno) for route in facts.api.routes if "<" in route.path]
    for source in facts.apps:
        found += [source.evidence(at) for at, row in enumerate(source.rows, 1) if _PARAMETERS.search(row)]
    return found


def _state(facts: Code, case: Case) -> list[Evidence]:
    found = [
        source.evidence(source.text.count("\n", 0, match.start(1)) + 1)
        for source in facts.sources
        for match in _STORES.finditer(source.text)
    ]
    services = compose_services(case.submission)
    if services:
        found += [
            Evidence(services[0], 1, name)
            for name in sorted(services[1])
            if any(store in name.lower() for store in _STORE_SERVICES)
        ]
    return found


def _events(facts: Code, _: Case) -> list[Evidence]:
    """Each type of event once; one that a loader cannot tell from its text is not counted."""
    by_name = {each.name: each.source.evidence(each.line) for source in facts.sources for each in event_types(source)}
    return list(by_name.values())


def _producers(facts: Code, _: Case) -> list[Evidence]:
    return [
        source.evidence(at)
        for source in facts.sources
        for at, row in enumerate(source.rows, 1)
        if "KafkaProducer(" in row
    ]


def _tables(facts: Code, _: Case) -> list[Evidence]:
    return [table.evidence for table in facts.tables]


_PROPERTIES: Final[Mapping[str, tuple[str, str, Callable[[Code, Case], Sequence[Evidence]]]]] = {
    "batch": ("write", " of a batch", lambda facts, _: _sinks(facts, lambda sink: not sink.stream)),
    "events": ("type", " of events", _events),
    "parameters": ("parameter", " of requests", _parameters),
    "producer": ("Kafka producer", "", _producers),
    "routes": ("route", "", _routes),
    "state": ("store", " for state", _state),
    "stream": ("write", " of a stream", lambda facts, _: _sinks(facts, lambda sink: sink.stream)),
    "stream-to-files": (
        "write",
        " of a stream to files",
        lambda facts, _: _sinks(facts, lambda sink: sink.stream and (sink.format or "parquet") in _FILES),
    ),
    "table": ("table", "", _tables),
    "verbs": ("route", " with another verb than GET", _verbs),
}
"""Each property with the words for it, its plural between them."""
