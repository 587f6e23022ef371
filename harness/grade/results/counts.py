"""The numbers of a grading in words."""

from __future__ import annotations

from collections import Counter

from harness.grade.model import Finding, Grading, Verdict
from harness.readme.blocks import Kind
from harness.render.shown import fact
from harness.render.text import plural


def verdicts(grading: Grading) -> Counter[Verdict]:
    """Count the findings of each verdict."""
    return Counter(finding.verdict for finding in grading.findings)


def checked(grading: Grading) -> int:
    """Count the claims that were held against something."""
    found = verdicts(grading)
    return len(grading.findings) - found[Verdict.NOT_CHECKED]


def coverage(grading: Grading) -> str:
    """Say how many claims there are, and how many were checked."""
    return f"{plural(len(grading.findings), 'claim')}, {checked(grading):,} checked"


def result(grading: Grading) -> str:
    """Say in one line what was found."""
    if not checked(grading):
        return "nothing was checked"
    return f"{plural(len(grading.errors), 'error')}, {plural(len(grading.warnings), 'warning')}"


def reading(grading: Grading) -> str:
    """Say what the report was read as."""
    kinds = Counter(block.kind for block in grading.submission.blocks)
    words = (
        (kinds[Kind.COMMAND], "command"),
        (kinds[Kind.OUTPUT] + kinds[Kind.EXCERPT], "output"),
        (kinds[Kind.LISTING], "listing"),
    )
    return ", ".join(plural(count, noun) for count, noun in words)


def values(finding: Finding) -> list[tuple[str, str]]:
    """Give the values that a finding has, as JSON, each with the word before it."""
    both = (("expected", finding.expected), ("got", finding.actual))
    return [(word, fact(value)) for word, value in both if value is not None]


def sign(finding: Finding) -> str:
    """Give the word that a finding is shown under."""
    return finding.weight.value if finding.verdict is Verdict.DISAGREES else finding.verdict.value
