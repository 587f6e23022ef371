"""What the kinds of proof have in common: the case that is judged, and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from harness.grade.model import Evidence, Finding, Submission
from harness.grade.rerun.model import Rerun

NOTHING: Final = Fraction(0)
ALL: Final = Fraction(1)
NOT_RERUN: Final = "rerun not made"


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged: a submission, its findings, and its rerun where one was made."""

    submission: Submission
    findings: Sequence[Finding]
    rerun: Rerun | None


@dataclass(frozen=True, slots=True)
class Proven:
    """How far a proof holds: a share from 0 to 1, or None where it cannot be judged; `why` says it in one line.

    `values` fill the placeholders of a feedback text.
    """

    share: Fraction | None
    why: str
    evidence: Sequence[Evidence] = ()
    values: Mapping[str, str] = field(default_factory=dict)


def of_count(count: int, wanted: int, found: str, lacking: str, evidence: Sequence[Evidence] = ()) -> Proven:
    """Give the share of what was found in what is wanted."""
    share = min(ALL, Fraction(count, wanted)) if wanted else ALL
    return Proven(share, found if count else lacking, evidence)


def of_best(given: Sequence[Proven]) -> Proven:
    """Give the proof with the highest share, the first of equals; one that cannot be judged only where none can."""
    judged = [each for each in given if each.share is not None]
    return max(judged, key=lambda each: each.share or NOTHING) if judged else given[0]
