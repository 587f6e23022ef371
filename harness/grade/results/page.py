"""findings.html: what was found beside the student's own text; one file that needs no network and no JavaScript."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.grade.model import Finding, Grading, Verdict
from harness.grade.results.counts import checked, coverage, reading, result, sign, values, verdicts
from harness.render import webpage
from harness.render.shown import line

MOST_LINES = 4_000
"""Lines of a report that are all shown; of a longer one those near a finding."""

NEAR = 12
MOST_FINDINGS = 2_000

_ORDER = (Verdict.DISAGREES, Verdict.TOLERATED, Verdict.VOLATILE, Verdict.AGREES, Verdict.NOT_CHECKED)


@dataclass(frozen=True, slots=True)
class Row:
    """Some lines of the report that end with the line of findings, or with nothing; a gap has no text."""

    first: int
    texts: Sequence[str]
    findings: Sequence[Finding]
    gap: int = 0


def render_page(grading: Grading, text: str) -> str:
    """Give the page. `text` is the report's, as `Finding.line` counts its lines."""
    counted = verdicts(grading)
    return webpage.render(
        "findings.html.j2",
        styles=("report.css", "findings.css"),
        grading=grading,
        verdict="failed" if grading.errors else "passed" if checked(grading) else "empty",
        words=result(grading),
        coverage=coverage(grading),
        reading=reading(grading),
        verdicts=[(verdict.value, counted[verdict]) for verdict in _ORDER if counted[verdict]],
        troubles=[*grading.errors, *grading.warnings][:MOST_FINDINGS],
        rows=list(_rows(text.split("\n"), grading)),
        sign=sign,
        values=values,
    )


def _rows(lines: Sequence[str], grading: Grading) -> Iterator[Row]:
    """Cut the text after each line that has findings."""
    by_line: dict[int, list[Finding]] = defaultdict(list)
    for finding in grading.findings[:MOST_FINDINGS]:
        if not finding.file:
            by_line[min(max(finding.line, 1), len(lines))].append(finding)
    wanted = _wanted(by_line, len(lines))
    texts: list[str] = []
    gap = 0
    for number, text in enumerate(lines, 1):
        if wanted is not None and number not in wanted:
            gap += 1
            continue
        if gap:
            yield Row(number - gap, (), (), gap)
            gap = 0
        texts.append(line(text) if len(text) > 300 else text)
        here = by_line.get(number, ())
        if here or number == len(lines) or (wanted is not None and number + 1 not in wanted):
            yield Row(number - len(texts) + 1, tuple(texts), here)
            texts = []
    if gap:
        yield Row(len(lines) - gap + 1, (), (), gap)


def _wanted(by_line: dict[int, list[Finding]], count: int) -> set[int] | None:
    """Give the numbers of the lines to be shown; None for all."""
    if count <= MOST_LINES:
        return None
    near = (range(max(1, number - NEAR), min(count, number + NEAR) + 1) for number in by_line)
    return {1, *(number for numbers in near for number in numbers)}
