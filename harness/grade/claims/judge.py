"""The verdict on a claim: whether anything around it agrees, and if not, whether something contradicts it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.grade.claims.candidates import Candidate, candidates
from harness.grade.claims.context import Context
from harness.grade.claims.contradiction import contradiction, lacking
from harness.grade.claims.model import Claim, Piece, Unit
from harness.grade.claims.nearest import nearest
from harness.grade.claims.places import Report


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a claim. `against` is what disagrees with it; `missing` says that the output lacks something."""

    agrees: Candidate | None = None
    against: Candidate | None = None
    missing: bool = False
    certain: bool = True


def judge(claim: Claim, context: Context, report: Report) -> Judged:
    """Hold a claim against everything around it. A contradiction needs one output or command that it surely means."""
    if claim.unit is Unit.LOOP and "loop" in context.words and (wrong := contradiction(claim, context, report)):
        return Judged(against=wrong.seen)
    agreeing = [each for each in candidates(claim, report, context.at, context.ahead) if each.number == claim.number]
    if agreeing:
        shown = next((each for each in agreeing if not each.sent), None)
        short = lacking(claim, context, report) if shown is None else None
        return Judged(against=short, missing=True) if short else Judged(agrees=shown or agreeing[0])
    found = contradiction(claim, context, report) or nearest(claim, context, report)
    return Judged(against=found.seen, certain=found.certain) if found else Judged()


def judge_comment(claim: Claim, piece: Piece) -> Judged:
    """Hold a comment on the passes of a loop against the loop of its command."""
    load = piece.load
    if load is None or load.loops is None:
        return Judged()
    seen = Candidate(load.loops, load.line, load.text, piece.block.fence, sent=True)
    if claim.number == load.loops:
        return Judged(agrees=seen)
    return Judged(against=seen) if claim.firm and not load.opaque else Judged()
