"""JUnit XML for a CI's test page: a suite of the steps, and one of the invariants.

Every invariant is a test case, so that a check which is no longer made shows as a missing one.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from harness.model import Capture, Check, Invariant, Outcome, Record, StepRecord
from harness.render.history import fold
from harness.render.text import plain_value, visible

_ENDS = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def render_junit(record: Record) -> str:
    """Give the XML text; what XML 1.0 cannot carry is shown as an escape. Equal records give equal text."""
    cases = [_step(step, record.assignment) for step in record.steps]
    suites = [_suite(record.assignment, cases, record.seconds)]
    suites[0].set("timestamp", record.started[:19])
    suites[0].insert(0, _properties({"backend": record.backend, "mode": record.mode}, record.versions))
    if record.invariants:
        suites.append(_suite("invariants", [_invariant(each) for each in record.invariants], 0))
    root = ET.Element("testsuites")
    root.extend(suites)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(name: str, cases: list[ET.Element], seconds: float) -> ET.Element:
    counts = {key: str(sum(case.find(end) is not None for case in cases)) for end, key in _ENDS.items()}
    suite = _element("testsuite", name=name, tests=str(len(cases)), **counts, time=f"{seconds:.3f}")
    suite.extend(cases)
    return suite


def _properties(settings: Mapping[str, str], versions: Mapping[str, str]) -> ET.Element:
    properties = ET.Element("properties")
    for name, value in [*settings.items(), *((f"version.{part}", versions[part]) for part in sorted(versions))]:
        properties.append(_element("property", name=name, value=value))
    return properties


def _step(step: StepRecord, assignment: str) -> ET.Element:
    case = _element("testcase", classname=assignment, name=step.id, time=f"{step.seconds:.3f}")
    match step.outcome:
        case Outcome.BLOCKED:
            case.append(_element("skipped", message=f"blocked by {step.blocked_by or 'an earlier step'}"))
        case Outcome.FAILED:
            case.append(_fault("failure", step))
        case Outcome.INFRASTRUCTURE:
            case.append(_fault("error", step))
    if step.commands:
        case.append(_element("system-out", "\n".join(map(_ran, step.commands))))
    return case


def _fault(tag: str, step: StepRecord) -> ET.Element:
    unmet = [_difference(check.what, check) for check in step.checks if not check.holds]
    text = "\n".join(filter(None, [step.message, *unmet])) or "no message"
    return _element(tag, text, message=text.splitlines()[0], type=step.outcome.value)


def _invariant(invariant: Invariant) -> ET.Element:
    case = _element("testcase", classname="invariants", name=invariant.id, time="0.000")
    if not invariant.holds:
        case.append(_element("failure", message=_difference(invariant.id, invariant), type="invariant"))
    return case


def _difference(what: str, seen: Check | Invariant) -> str:
    return f"{what}: expected {plain_value(seen.expected)}, got {plain_value(seen.actual)}"


def _ran(capture: Capture) -> str:
    ended = "still running" if capture.exit_code is None else f"exit code {capture.exit_code}"
    return f"{capture.service}: {' '.join(fold(capture.command).split())} ({ended})"


def _element(tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.Element(tag, {name: visible(value) for name, value in attributes.items()})
    element.text = None if text is None else visible(text)
    return element
