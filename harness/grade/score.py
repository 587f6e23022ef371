"""The score of a submission by a rubric: points with reasons, or the words that there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from harness.grade import human
from harness.grade.feedback import feedback
from harness.grade.model import Evidence, Finding, Submission
from harness.grade.proofs import Case, prove
from harness.grade.rerun.model import Rerun
from harness.grade.rubric import Criterion, Rubric


class Level(StrEnum):
    """How much of a criterion is there."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"
    NOT_JUDGED = "not judged"


class State(StrEnum):
    """What can be done with a score. `INFRASTRUCTURE` is our fault: there are no points, and it is to be run again."""

    GRADED = "graded"
    HUMAN = "needs a human"
    INFRASTRUCTURE = "infrastructure"


@dataclass(frozen=True, slots=True)
class Reason:
    """What one proof gave, as a share of the criterion; None where it could not be judged and does not count."""

    share: Fraction | None
    weight: Fraction
    why: str
    evidence: Sequence[Evidence] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """One criterion with its points (None where it could not be judged), the feedback, and why."""

    criterion: Criterion
    level: Level
    points: Fraction | None
    feedback: str
    reasons: Sequence[Reason] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """The outcome by one rubric. `points` is None where nothing may be said: never a zero for a fault of ours.

    `reasons` say why a person must look, or what failed; they are for graders.
    """

    rubric: Rubric
    state: State
    criteria: Sequence[Judged]
    points: Fraction | None
    reasons: Sequence[str] = ()

    @property
    def max(self) -> Fraction:
        """The points that can be had without bonus."""
        return self.rubric.points

    def for_student(self) -> Score:
        """Give the score as its student may see it: without hidden criteria and without the reasons for graders."""
        criteria = tuple(each for each in self.criteria if not each.criterion.hidden)
        return replace(self, criteria=criteria, reasons=())


def score(
    rubric: Rubric, submission: Submission, findings: Sequence[Finding], rerun: Rerun | None, attempts: int = 1
) -> Score:
    """Judge a submission. `attempts` says how often the rerun was tried: a second fault in a row is for a person."""
    if rerun is not None and rerun.fault is not None:
        return faulty(rubric, rerun.fault, attempts)
    judged = tuple(_judged(each, rubric, submission, findings, rerun) for each in rubric.criteria)
    reasons = [*human.reasons(submission, findings, rerun)]
    open_ones = [each.criterion.id for each in judged if each.points is None and not each.criterion.bonus]
    if open_ones:
        reasons.append(f"not judged: {', '.join(open_ones)}")
    state = State.HUMAN if reasons else State.GRADED
    return Score(rubric, state, judged, _total(rubric, judged), tuple(reasons))


def faulty(rubric: Rubric, fault: str, attempts: int = 1) -> Score:
    """Give the score after a fault that is ours: no points. It is to be run again, or after two faults a person's."""
    twice = (f"the rerun failed {attempts} times, and not by the submission",) if attempts > 1 else ()
    state = State.HUMAN if twice else State.INFRASTRUCTURE
    return Score(rubric, state, _unjudged(rubric), None, (*twice, fault))


def unreadable(rubric: Rubric, problem: str) -> Score:
    """Give the score of a submission that could not be read at all: no points, and a person must look."""
    return Score(rubric, State.HUMAN, _unjudged(rubric), None, (problem,))


def rounded(number: Fraction, step: Fraction) -> Fraction:
    """Round half up to a multiple of `step`."""
    return (number / step + Fraction(1, 2)).__floor__() * step


def _unjudged(rubric: Rubric) -> tuple[Judged, ...]:
    return tuple(Judged(each, Level.NOT_JUDGED, None, "") for each in rubric.criteria)


def _judged(
    criterion: Criterion, rubric: Rubric, submission: Submission, findings: Sequence[Finding], rerun: Rerun | None
) -> Judged:
    seen = findings if criterion.hidden else [each for each in findings if not rubric.hides(each.check)]
    case = Case(submission, seen, rerun)
    proven = [(proof, prove(proof, case)) for proof in criterion.proofs]
    reasons = tuple(Reason(each.share, proof.weight, each.why, each.evidence) for proof, each in proven)
    counted = [(each.share, proof.weight) for proof, each in proven if each.share is not None]
    if not counted:
        return Judged(criterion, Level.NOT_JUDGED, None, "", reasons)
    share = sum((part * weight for part, weight in counted), Fraction(0)) / sum(weight for _, weight in counted)
    if any(proof.needed and each.share == 0 for proof, each in proven):
        share = Fraction(0)
    if criterion.levels is not None:
        share = max(level for level in criterion.levels if level <= share)
    level = Level.FULL if share == 1 else Level.PARTIAL if share else Level.NONE
    points = rounded(share * criterion.points, rubric.step)
    said = feedback(criterion, level.value, points, [each for _, each in proven])
    return Judged(criterion, level, points, said, reasons)


def _total(rubric: Rubric, judged: Sequence[Judged]) -> Fraction | None:
    counted = [each.points for each in judged if each.points is not None and rubric.counts(each.criterion)]
    return min(rubric.most, sum(counted, Fraction(0))) if counted else None
