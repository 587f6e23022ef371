"""Counts of a load without an end against each other: two runs made so many rounds each, and so did every count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Final

from harness.grade.compare.queries import CHECK
from harness.grade.model import Finding, Verdict
from harness.model import Fact
from harness.outputs.text import integer

_COMPARED: Final = frozenset({Verdict.TOLERATED, Verdict.NOT_CHECKED})


def related(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Tolerate each count that stands to the rerun's as most others do, where at least one other does.

    A loop sends the same in each of its rounds, so that all counts are in the ratio of the rounds of both runs. The
    rerun's own counts are left out then: they are others each time.
    """
    found = list(findings)
    ratios = [_ratio(finding) for finding in found]
    common = Counter(ratio for ratio in ratios if ratio is not None).most_common(2)
    alone = len(common) == 1 or (len(common) == 2 and common[0][1] > common[1][1])
    ratio = common[0][0] if common and common[0][1] > 1 and alone else None
    for finding, own in zip(found, ratios, strict=True):
        if own is not None:
            finding = replace(finding, expected=None)
        if own is not None and own == ratio and finding.verdict is Verdict.NOT_CHECKED:
            head = finding.message.rpartition(": ")[0]
            message = f"{head}: it stands to that as other counts do, by the rounds of both runs."
            finding = replace(finding, verdict=Verdict.TOLERATED, message=message)
        yield finding


def _ratio(finding: Finding) -> Fraction | None:
    """Give the report's count to the rerun's, where a result of a load without an end has both."""
    if finding.check != CHECK or finding.verdict not in _COMPARED or finding.expected is None:
        return None
    ours, theirs = _sum(finding.actual), _sum(finding.expected)
    return Fraction(ours, theirs) if ours and theirs and ours != theirs else None


def _sum(value: Fact) -> int | None:
    """Give a count, or the sum of the last cells of rows; None for anything else, and for a number of rows."""
    if isinstance(value, str):
        return integer(value)
    if not isinstance(value, list):
        return None
    cells = [integer(str(row[-1])) for row in value if isinstance(row, list) and row]
    return sum(cell or 0 for cell in cells) if cells and None not in cells else None
