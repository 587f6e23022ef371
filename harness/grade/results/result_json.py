"""result.json: all of one graded submission for programs and graders. Equal submissions give equal bytes.

What is measured and differs from run to run (seconds, messages of a load without end) stands in measured.json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from harness.grade.model import Evidence
from harness.grade.points import number_of
from harness.grade.rerun.model import Ending, Ran, Rerun
from harness.grade.results import findings_json
from harness.grade.results.graded import Graded
from harness.grade.score import Judged
from harness.render.text import visible

SCHEMA_VERSION = 1


def data(graded: Graded) -> dict[str, object]:
    """Give what `result.schema.json` describes."""
    score = graded.score
    return {
        "schema_version": SCHEMA_VERSION,
        "name": visible(graded.name),
        "rubric": {
            "name": score.rubric.name,
            "title": score.rubric.title,
            "points": number_of(score.rubric.points),
            "at_most": number_of(score.rubric.most),
            "round": number_of(score.rubric.step),
        },
        "state": score.state.value,
        "points": None if score.points is None else number_of(score.points),
        "max": number_of(score.max),
        "reasons": list(map(visible, score.reasons)),
        "problem": visible(graded.problem) or None,
        "criteria": [_criterion(each, score.rubric.counts(each.criterion)) for each in score.criteria],
        "findings": findings_json.data(graded.grading) if graded.grading else None,
        "rerun": _rerun(graded.rerun) if graded.rerun else None,
    }


def render_result(graded: Graded) -> str:
    """Give the JSON text, of ASCII alone."""
    return json.dumps(data(graded), indent=2, default=dict) + "\n"


def render_measured(graded: Graded) -> str:
    """Give what was measured in the rerun as JSON text."""
    rerun = graded.rerun
    found: dict[str, object] = {"schema_version": SCHEMA_VERSION, "name": visible(graded.name)}
    if rerun:
        found |= {
            "seconds": round(rerun.seconds, 3),
            "own_seconds": round(rerun.own_seconds, 3),
            "commands": [
                {"line": each.typed.line, "seconds": round(each.capture.seconds, 3) if each.capture else None}
                for each in rerun.commands
            ],
            "helps": [{"name": each.name, "times": each.times} for each in rerun.helps],
            "topics": _sorted(rerun.state.topics),
            "paths": _sorted(rerun.state.paths),
            "tables": _sorted(rerun.state.tables),
            "errors": {visible(name): visible(text) for name, text in sorted(rerun.state.errors.items())},
        }
    return json.dumps(found, indent=2) + "\n"


def _criterion(judged: Judged, counted: bool) -> dict[str, object]:
    criterion = judged.criterion
    return {
        "id": criterion.id,
        "title": criterion.title,
        "level": judged.level.value,
        "points": None if judged.points is None else number_of(judged.points),
        "max": number_of(criterion.points),
        "bonus": criterion.bonus,
        "hidden": criterion.hidden,
        "counted": counted,
        "feedback": visible(judged.feedback),
        "proofs": [
            {
                "share": None if each.share is None else str(each.share),
                "weight": str(each.weight),
                "why": visible(each.why),
                "evidence": list(map(_evidence, each.evidence)),
            }
            for each in judged.reasons
        ],
    }


def _evidence(evidence: Evidence) -> dict[str, object]:
    return {"file": visible(evidence.file) or None, "line": evidence.line, "text": visible(evidence.text)}


def _rerun(rerun: Rerun) -> dict[str, object]:
    state = rerun.state
    return {
        "backend": rerun.backend,
        "versions": dict(sorted(rerun.versions.items())),
        "fault": None if rerun.fault is None else visible(rerun.fault),
        "commands": list(map(_ran, rerun.commands)),
        "helps": [{"name": visible(each.name), "text": visible(each.text)} for each in rerun.helps],
        "breaches": [
            {"limit": each.limit.value, "text": visible(each.text), "line": each.line} for each in rerun.breaches
        ],
        "filled": {
            "topics": _filled(state.topics),
            "paths": _filled(state.paths),
            "tables": _filled(state.tables),
        },
        "unreadable": sorted(map(visible, state.errors)),
    }


def _ran(ran: Ran) -> dict[str, object]:
    stopped = ran.ending is Ending.STOPPED
    return {
        "line": ran.typed.line,
        "block": ran.block,
        "form": ran.typed.form,
        "service": ran.typed.service,
        "text": visible(ran.typed.text),
        "ending": ran.ending.value,
        "exit_code": ran.capture.exit_code if ran.capture and not stopped else None,
        "note": visible(ran.note),
    }


def _filled(counts: Mapping[str, int | None]) -> list[str]:
    return sorted(visible(name) for name, count in counts.items() if count)


def _sorted(counts: Mapping[str, int | None]) -> dict[str, int | None]:
    return {visible(name): count for name, count in sorted(counts.items())}
