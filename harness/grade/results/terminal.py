"""A grading for the terminal: what is wrong with line and both values, and how much was checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.grade.model import Finding, Grading, Verdict
from harness.grade.results.counts import coverage, reading, result, sign, values, verdicts
from harness.render.shown import line

MOST = 200
"""Findings of one kind that are shown."""


def render_text(grading: Grading, *, everything: bool = False) -> str:
    """Give the text; with `everything` also what agrees, what is volatile and what was not checked."""
    lines = [f"{line(str(grading.submission.report))}: {reading(grading)}; {coverage(grading)}", ""]
    groups = [("Errors", grading.errors), ("Warnings", grading.warnings)]
    if everything:
        groups += [
            (verdict.value.capitalize(), [each for each in grading.findings if each.verdict is verdict])
            for verdict in Verdict
            if verdict is not Verdict.DISAGREES
        ]
    for title, findings in groups:
        lines += _group(title, findings)
    lines += [f"! {line(problem)}" for problem in grading.submission.reading.problems]
    counted = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(verdicts(grading).items()))
    return "\n".join([*lines, f"{result(grading)}{f' ({counted})' if counted else ''}"]) + "\n"


def _group(title: str, findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield title
    for finding in findings[:MOST]:
        yield from _finding(finding)
    if len(findings) > MOST:
        yield f"  … {len(findings) - MOST:,} more"
    yield ""


def _finding(finding: Finding) -> Iterator[str]:
    where = f"{line(finding.file)}:" if finding.file else "line "
    yield f"  {where}{finding.line}  {sign(finding)}  {finding.check}: {line(finding.message)}"
    if seen := values(finding):
        yield f"      {', '.join(map(' '.join, seen))}"
    for each in finding.evidence[:5]:
        place = f"{line(each.file)}:{each.line}" if each.file else f"line {each.line}"
        yield f"      see {place}: {line(each.text)}"
