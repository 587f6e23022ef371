"""JUnit XML for a CI's test page: a suite of the steps, and one of the invariants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from harness.model import Outcome, Record
from harness.render.cases import INVARIANTS, Case, cases, ran
from harness.render.text import visible

_ENDS = {Outcome.FAILED: "failure", Outcome.INFRASTRUCTURE: "error", Outcome.BLOCKED: "skipped"}
_COUNTS = {"failures": Outcome.FAILED, "errors": Outcome.INFRASTRUCTURE, "skipped": Outcome.BLOCKED}


def render_junit(record: Record) -> str:
    """Give the XML text; what XML 1.0 cannot carry is shown as an escape. Equal records give equal text."""
    found = cases(record)
    steps = _suite(record.assignment, found[: len(record.steps)], record.seconds)
    steps.set("timestamp", record.started[:19])
    steps.insert(0, _properties({"backend": record.backend, "mode": record.mode}, record.versions))
    root = ET.Element("testsuites")
    root.append(steps)
    if record.invariants:
        root.append(_suite(INVARIANTS, found[len(record.steps) :], 0))
    return document(root)


def _suite(name: str, found: Sequence[Case], seconds: float) -> ET.Element:
    counts = {key: str(sum(case.outcome is outcome for case in found)) for key, outcome in _COUNTS.items()}
    suite = element("testsuite", name=name, tests=str(len(found)), **counts, time=f"{seconds:.3f}")
    suite.extend(map(_case, found))
    return suite


def _properties(settings: Mapping[str, str], versions: Mapping[str, str]) -> ET.Element:
    properties = ET.Element("properties")
    for name, value in [*settings.items(), *((f"version.{part}", versions[part]) for part in sorted(versions))]:
        properties.append(element("property", name=name, value=value))
    return properties


def _case(case: Case) -> ET.Element:
    made = element("testcase", classname=case.suite, name=case.name, time=f"{case.seconds:.3f}")
    match case.outcome:
        case Outcome.BLOCKED:
            made.append(element("skipped", message=case.message))
        case Outcome.FAILED | Outcome.INFRASTRUCTURE:
            kind = INVARIANTS[:-1] if case.suite == INVARIANTS else case.outcome.value
            made.append(element(_ENDS[case.outcome], case.details, message=case.message, type=kind))
    if case.commands:
        made.append(element("system-out", "\n".join(map(ran, case.commands))))
    return made


def element(tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    """Make an element; what XML 1.0 cannot carry is shown as an escape."""
    made = ET.Element(tag, {name: visible(value) for name, value in attributes.items()})
    made.text = None if text is None else visible(text)
    return made


def document(root: ET.Element) -> str:
    """Give the text of a whole document."""
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
