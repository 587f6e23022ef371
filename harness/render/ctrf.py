"""CTRF, the Common Test Report Format (https://ctrf.io): the cases of junit.xml as JSON, with times and commands."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from harness.model import Capture, Outcome, Record
from harness.render.cases import Case, cases, ran
from harness.render.text import visible

SPEC_VERSION: Final = "0.0.0"

_LONGEST: Final = 1e12
"""Seconds: JSON can say infinity, as 1e999, which is no number of milliseconds."""

_STATUS: Final = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.BLOCKED: "skipped",
    Outcome.INFRASTRUCTURE: "other",  # neither the assignment's failure nor its success
}


def render_ctrf(record: Record) -> str:
    """Give the JSON text. Times are milliseconds, of the Unix epoch where they are moments. Equal records, equal text.

    What a terminal or a page could take for more than text is shown as an escape.
    """
    found = cases(record)
    statuses = Counter(_STATUS[case.outcome] for case in found)
    report = {
        "reportFormat": "CTRF",
        "specVersion": SPEC_VERSION,
        "timestamp": record.started,
        "generatedBy": "pipeline-harness",
        "results": {
            "tool": {"name": "pipeline-harness", "version": record.versions.get("harness", "unknown")},
            "summary": {
                "tests": len(found),
                **{status: statuses[status] for status in ("passed", "failed", "skipped", "pending", "other")},
                "suites": len({case.suite for case in found}),
                "start": _epoch(record.started),
                "stop": _epoch(record.started, record.seconds),
                "duration": _milliseconds(record.seconds),
            },
            "tests": list(map(_test, found)),
            "environment": {
                "appName": record.assignment,
                "testEnvironment": f"{record.backend}, {record.mode}",
                "extra": {"versions": dict(sorted(record.versions.items()))},
            },
        },
    }
    return json.dumps(_shown(report), indent=2) + "\n"


def _test(case: Case) -> dict[str, object]:
    test: dict[str, object] = {
        "name": case.name or "unnamed",
        "status": _STATUS[case.outcome],
        "rawStatus": case.outcome.value,
        "duration": _milliseconds(case.seconds),
        "suite": [case.suite],
    }
    if case.message:
        test |= {"message": case.message, "trace": case.details}
    if case.commands:
        last = case.commands[-1]
        test |= {"start": _epoch(case.commands[0].started), "stop": _epoch(last.started, last.seconds)}
        test["steps"] = [{"name": ran(capture), "status": _ended(capture)} for capture in case.commands]
    return test


def _ended(capture: Capture) -> str:
    if capture.exit_code is None:
        return "pending"
    return "failed" if capture.went_wrong else "passed"


def _epoch(moment: str, later: float = 0) -> int:
    """Give a moment; 0 for one that no calendar has, which a record's schema lets through."""
    try:
        return _milliseconds(datetime.fromisoformat(moment).timestamp()) + _milliseconds(later)
    except ValueError:
        return 0


def _milliseconds(seconds: float) -> int:
    return round(min(max(0.0, seconds), _LONGEST) * 1000)


def _shown(value: object) -> object:
    match value:
        case str():
            return visible(value)
        case Mapping():
            return {visible(name): _shown(item) for name, item in value.items()}
        case list():
            return [_shown(item) for item in value]
    return value
