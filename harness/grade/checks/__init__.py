"""The static checks: pure functions from a submission to findings, one module for each thing that is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from harness.grade.checks.code import code_works
from harness.grade.checks.listings import listings
from harness.grade.checks.metadata import metadata
from harness.grade.checks.routes import routes
from harness.grade.checks.sinks import sinks
from harness.grade.checks.steps import steps
from harness.grade.model import Finding, Submission

StaticCheck: TypeAlias = Callable[[Submission], Iterable[Finding]]

CHECKS: Final[Sequence[StaticCheck]] = (routes, listings, sinks, metadata, code_works, steps)
"""Every check, in the order in which its findings are listed for one line."""


def run(submission: Submission) -> list[Finding]:
    """Make all checks. Gives the findings in the order of the report's lines."""
    found = (finding for check in CHECKS for finding in check(submission))
    return sorted(found, key=lambda finding: (finding.file, finding.line))
