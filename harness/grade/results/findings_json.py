"""findings.json: a grading for programs. It follows `findings.schema.json`, and equal gradings give equal bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from harness.errors import ExitCode
from harness.grade.model import Finding, Grading, Verdict
from harness.grade.results.counts import checked, verdicts
from harness.render.text import visible

SCHEMA_VERSION = 1


def exit_code(gradings: Sequence[Grading]) -> ExitCode:
    """Give 1 where a report has an error, 4 where none has a claim that could be checked, else 0."""
    if any(grading.errors for grading in gradings):
        return ExitCode.DISAGREES
    return ExitCode.OK if any(map(checked, gradings)) else ExitCode.NOTHING_CHECKED


def render_json(grading: Grading) -> str:
    """Give the JSON text, of ASCII alone."""
    return json.dumps(data(grading), indent=2, default=dict) + "\n"


def data(grading: Grading) -> dict[str, object]:
    """Give what `findings.schema.json` describes."""
    found = verdicts(grading)
    return {
        "schema_version": SCHEMA_VERSION,
        "report": visible(str(grading.submission.report)),
        "exit_code": int(exit_code([grading])),
        "claims": len(grading.findings),
        "checked": checked(grading),
        "errors": len(grading.errors),
        "warnings": len(grading.warnings),
        "verdicts": {verdict.value: found[verdict] for verdict in Verdict},
        "blocks": [
            {
                "kind": block.kind.value,
                "form": block.form,
                "first_line": block.first_line,
                "last_line": block.last_line,
                "block": block.fence,
                "answers": block.answers,
                "service": block.service,
                "confidence": round(block.confidence, 2),
                "reason": visible(block.reason),
            }
            for block in grading.submission.blocks
        ],
        "findings": list(map(_finding, grading.findings)),
        "problems": list(map(visible, grading.submission.reading.problems)),
        "skipped": {visible(name): why for name, why in sorted(grading.submission.skipped.items())},
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "file": visible(finding.file) or None,
        "line": finding.line,
        "block": finding.block,
        "check": finding.check,
        "verdict": finding.verdict.value,
        "weight": finding.weight.value if finding.verdict is Verdict.DISAGREES else None,
        "expected": finding.expected,
        "actual": finding.actual,
        "message": visible(finding.message),
        "evidence": [
            {"file": visible(each.file) or None, "line": each.line, "text": visible(each.text)}
            for each in finding.evidence
        ],
    }
