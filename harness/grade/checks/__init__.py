"""The static checks: pure functions from a submission to findings, one module for each thing that is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from harness import extend
from harness.grade.checks import (
    ab,
    ab_command,
    access_log,
    code_shown,
    code_works,
    columns_shown,
    events,
    listing,
    metadata,
    own_summary,
    prose,
    query_asks,
    query_counts,
    query_sums,
    routes,
    rows,
    sinks,
    steps,
    times,
)
from harness.grade.model import Finding, Submission

StaticCheck: TypeAlias = Callable[[Submission], Iterable[Finding]]

CHECKS: Final[Sequence[StaticCheck]] = (
    ab.check,
    ab_command.check,
    access_log.check,
    events.check,
    listing.check,
    rows.check,
    query_sums.check,
    query_counts.check,
    query_asks.check,
    times.check,
    routes.check,
    code_shown.check,
    sinks.check,
    columns_shown.check,
    metadata.check,
    code_works.check,
    steps.check,
    prose.check_prose,
    own_summary.check,
)
"""Every check, in the order in which its findings are listed for one line."""


def run(submission: Submission) -> list[Finding]:
    """Make all checks. Gives the findings in the order of lines; a place without a file is the report's."""
    found = (
        _placed(finding, str(submission.report)) for check in (*CHECKS, *extend.CHECKS) for finding in check(submission)
    )
    return sorted(found, key=lambda finding: (finding.file, finding.line))


def _placed(finding: Finding, report: str) -> Finding:
    evidence = tuple(replace(each, file="") if each.file == report else each for each in finding.evidence)
    return replace(finding, evidence=evidence, file="" if finding.file == report else finding.file)
