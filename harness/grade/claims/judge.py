"""The verdict on a claim: whether anything around it agrees, and if not, whether something contradicts it for sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from harness.grade.claims.candidates import Candidate, acceptable, candidates, readings
from harness.grade.claims.model import TRAFFIC, Claim, Piece, Sentence, Shown, Unit
from harness.grade.claims.places import Report, counted
from harness.grade.claims.vocabulary import PARTIAL, SENDING, SHOWING

_POINTING_AHEAD: Final = frozenset({"following", "below"})
_POINTING_BACK: Final = frozenset({"which", "this", "these", "here", "above"})
_SEEING: Final = (("we", "see"), ("i", "see"), ("we", "can"), ("i", "can"), ("the", "output"), ("the", "above"),
                  ("the", "table"), ("the", "log"), ("the", "result"), ("it", "shows"))  # fmt: skip
_LATER: Final = frozenset({"will", "next", "then", "now", "later", "again"})
_FITTING: Final = {
    Unit.EVENT: ("events", "table"),
    Unit.REQUEST: ("log", "ab"),
    Unit.ROW: ("table", "result"),
    Unit.COLUMN: ("table", "schema"),
    Unit.TABLE: ("tables",),
    Unit.ITEM: ("listing",),
    Unit.SERVICE: ("services",),
}
"""The outputs that show a unit itself."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a claim. `against` is what disagrees with it; `missing` says that the output lacks something."""

    agrees: Candidate | None = None
    against: Candidate | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """A sentence with its claims and its block's place in the report."""

    sentence: Sentence
    claims: Sequence[Claim]
    at: int
    words: frozenset[str]

    @property
    def ahead(self) -> bool:
        """Whether the sentence introduces what follows it."""
        return self.sentence.last and (self.sentence.colon or not _POINTING_AHEAD.isdisjoint(self.words))

    @property
    def back(self) -> bool:
        """Whether the sentence speaks of what it follows."""
        words = [token.lower for token in self.sentence.tokens[:2]]
        points = words[0] in _POINTING_BACK or tuple(words) in _SEEING
        return self.sentence.first and points and _LATER.isdisjoint(self.words)


def judge(claim: Claim, context: Context, report: Report) -> Judged:
    """Hold a claim against everything around it. A contradiction needs one output or command that it surely means."""
    found = candidates(claim, report, context.at, context.ahead)
    agreeing = [each for each in found if each.number == claim.number]
    if claim.unit is Unit.LOOP and "loop" in context.words and (wrong := _contradiction(claim, context, report)):
        return Judged(against=wrong)
    best = next((each for each in agreeing if not each.sent), agreeing[0] if agreeing else None)
    if best is not None:
        short = _missing(claim, context, report) if all(each.sent for each in agreeing) else None
        return Judged(against=short, missing=True) if short else Judged(agrees=best)
    return Judged(against=_contradiction(claim, context, report))


def judge_comment(claim: Claim, piece: Piece) -> Judged:
    """Hold a comment on the passes of a loop against the loop of its command."""
    load = piece.load
    if load is None or load.loops is None:
        return Judged()
    seen = Candidate(load.loops, load.line, load.text, piece.block.fence, sent=True)
    if claim.number == load.loops:
        return Judged(agrees=seen)
    return Judged(against=seen) if claim.firm and not load.opaque else Judged()


def _is_plain(claim: Claim, words: frozenset[str]) -> bool:
    """Whether the sentence says outright that there are as many."""
    return claim.firm and not (claim.each or claim.part or claim.strange) and PARTIAL.isdisjoint(words)


def _contradiction(claim: Claim, context: Context, report: Report) -> Candidate | None:
    words = context.words
    if not _is_plain(claim, words):
        return None
    if (bound := _output(claim, context, report)) is not None:
        return _against_output(claim, context, report, *bound)
    return None if SENDING.isdisjoint(words) else _against_command(claim, context, report)


def _output(claim: Claim, context: Context, report: Report) -> tuple[Piece, Shown] | None:
    """Give the one output that a sentence presents or comments on and that shows the claim's unit."""
    words = context.words
    if words.isdisjoint(SHOWING):
        return None
    if context.ahead:
        run = report.run(context.at, 1)
    elif context.back:
        run = report.run(context.at, -1)
    else:
        return None
    fitting = _FITTING.get(claim.unit, ())
    several = [(piece, one) for piece in run for one in piece.shown if one.what in fitting]
    return several[0] if len(several) == 1 else None


def _against_output(
    claim: Claim, context: Context, report: Report, piece: Piece, one: Shown
) -> Candidate | None:  # fmt: skip
    if not one.whole:
        return None
    if claim.unit in TRAFFIC:
        found = [counted(one.groups, claim.kinds, host) for host in readings(claim)]
        if not all(each.informed for each in found) or (claim.kinds and not any(each.total for each in found)):
            return None
        shown = found[0].total
        others = [each for each in context.claims if each is not claim and each.unit in TRAFFIC]
        if not claim.kinds and any(each.number in set(acceptable(each, one.groups, one.slack)) for each in others):
            return None
        if claim.unit is not Unit.ROW and report.opaque_before(context.at) and one.what != "ab":
            return None
        if one.what in ("log", "events") and 2 * shown < claim.number:
            return None  # far fewer lines than claimed: they were shortened
    else:
        shown = one.counts[claim.unit][0]
    return Candidate(shown, one.line, one.text, piece.block.fence)


def _against_command(claim: Claim, context: Context, report: Report) -> Candidate | None:
    """Hold a claim against the one command that its sentence introduces, or begins by pointing at."""
    if context.ahead:
        run = report.run(context.at, 1)
    elif context.back:
        run = report.run(context.at, -1)
    else:
        return None
    loads = [(piece, piece.load) for piece in run if piece.load]
    if len(loads) != 1 or loads[0][1].opaque:
        return None
    piece, load = loads[0]
    number: int | None = None
    if claim.unit in (Unit.EVENT, Unit.REQUEST) and load.groups:
        found = counted(load.groups, claim.kinds, claim.host)
        passes = load.endless and found.total and claim.number % found.total == 0
        number = found.total if found.informed and found.total and not passes else None
    elif claim.unit is Unit.LOOP and load.groups:
        number = load.loops if load.loops != claim.number else None
    elif claim.unit is Unit.PARTITION:
        number = load.partitions
    return None if number is None else Candidate(number, load.line, load.text, piece.block.fence, sent=True)


def _missing(claim: Claim, context: Context, report: Report) -> Candidate | None:
    """Give the table that a sentence presents as what was made of some events, where it lacks some of them.

    A stream may show them in several tables; so no sum with the tables around it may come to the number either.
    """
    words = context.words
    if claim.unit not in (Unit.EVENT, Unit.ROW) or not claim.kinds or not context.ahead or not _is_plain(claim, words):
        return None
    bound = _output(claim, context, report)
    if bound is None or bound[1].what != "table" or not bound[1].whole:
        return None
    piece, table = bound
    host = claim.host or claim.host_before
    before, after = report.tables_around(table)
    here = counted(table.groups, claim.kinds, host)
    if not here.informed or not 0 < here.total < claim.number or here.total != table.total:
        return None
    ahead = _running(after, claim, host)
    if any(claim.number - here.total - each in ahead for each in _running(before, claim, host)):
        return None
    return Candidate(here.total, table.line, table.text, piece.block.fence)


def _running(tables: Sequence[Shown], claim: Claim, host: str | None) -> set[int]:
    """Give the sums of no table, the first, the first two, and so on."""
    counts = (counted(one.groups, claim.kinds, host).total for one in tables)
    return {0, *accumulate(counts)}
