"""findings.md: a grading as Markdown, for a comment or a CI job's page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.grade.model import Evidence, Finding, Grading
from harness.grade.results.counts import coverage, reading, result, values, verdicts
from harness.render.readme import table
from harness.render.shown import line
from harness.render.text import code, inline, plural

MOST = 500
"""Findings of one kind that are listed."""


def render_markdown(grading: Grading) -> str:
    """Give the Markdown. Nothing of the student's text is more than text in it."""
    sign = "✗" if grading.errors else "✓"
    blocks = [
        f"## {sign} {inline(line(str(grading.submission.report)))}: {result(grading)}",
        f"Read as {reading(grading)}; {coverage(grading)}.",
        *_group("Errors", grading.errors),
        *_group("Warnings", grading.warnings),
    ]
    if grading.findings:
        rows = ((verdict.value, f"{count:,}") for verdict, count in sorted(verdicts(grading).items()))
        blocks.append(table(("verdict", "claims"), rows))
    blocks += [f"> {inline(line(problem))}" for problem in grading.submission.reading.problems]
    return "\n\n".join(blocks) + "\n"


def _group(title: str, findings: Sequence[Finding]) -> Iterator[str]:
    if findings:
        yield f"### {title}"
        yield "\n".join(text for finding in findings[:MOST] for text in _finding(finding))
        if len(findings) > MOST:
            yield f"… {plural(len(findings) - MOST, 'more finding')}; findings.json has all."


def _finding(finding: Finding) -> Iterator[str]:
    place = f"{code(line(finding.file))}, line {finding.line}" if finding.file else f"line {finding.line}"
    yield f"- **{place}**, {code(finding.check)}: {inline(line(finding.message))}"
    if seen := values(finding):
        yield f"  - {', '.join(f'{word} {code(value)}' for word, value in seen)}"
    yield from (f"  - see {_place(each)}: {code(line(each.text))}" for each in finding.evidence[:5])


def _place(evidence: Evidence) -> str:
    return f"{code(line(evidence.file))}, line {evidence.line}" if evidence.file else f"line {evidence.line}"
