"""What contradicts a claim for sure: the one output or the one command that its sentence means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from harness.grade.claims.candidates import Candidate, acceptable, readings
from harness.grade.claims.context import Context
from harness.grade.claims.model import TRAFFIC, Claim, Load, Piece, Shown, Unit
from harness.grade.claims.places import Report, counted
from harness.grade.claims.vocabulary import FRESH, ONCE, PARTIAL, REPEATING, SENDING

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

_SHOW_LIMIT: Final = 20
"""As many rows Spark shows of a table unless it is told otherwise; the line that says so is often left out."""

_LIMITING: Final = ("limit", "head", "tail", "grep", "show(", "sample", "where ")
"""What makes a command give a part of what there is."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What a claim disagrees with. It is `certain` where nothing else can be meant."""

    seen: Candidate
    certain: bool = True


def contradiction(claim: Claim, context: Context, report: Report) -> Contradiction | None:
    """Give what disagrees with a claim of which nothing around it agrees; None where that is not sure enough."""
    if not _is_plain(claim, context):
        return None
    if (bound := _output(claim, context, report)) is not None:
        return _against_output(claim, context, report, *bound)
    return None if SENDING.isdisjoint(context.words) else _against_command(claim, context, report)


def lacking(claim: Claim, context: Context, report: Report) -> Candidate | None:
    """Give the table that a sentence presents as what was made of some events, where it lacks some of them.

    A stream may show them in several tables; so no sum with the tables around it may come to the number either.
    """
    if claim.unit not in (Unit.EVENT, Unit.ROW) or not claim.kinds or not context.ahead:
        return None
    bound = _output(claim, context, report) if _is_plain(claim, context) else None
    if bound is None or bound[1].what != "table" or not is_whole(claim, *bound, report):
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


def _is_plain(claim: Claim, context: Context) -> bool:
    """Whether the sentence says outright that there are as many."""
    if not claim.firm or claim.each or claim.part or claim.strange or not PARTIAL.isdisjoint(context.words):
        return False
    return claim.number > 0 or ONCE.isdisjoint(context.words)


def _output(claim: Claim, context: Context, report: Report) -> tuple[Piece, Shown] | None:
    """Give the one output that a sentence presents or comments on and that shows the claim's unit."""
    if not context.presents or not (context.ahead or context.back):
        return None
    run = report.run(context.at, 1 if context.ahead else -1)
    shown = [(piece, one) for piece in run for one in piece.shown]
    fitting = [each for each in shown if each[1].what in _FITTING.get(claim.unit, ())]
    if not fitting and claim.unit is Unit.REQUEST and not context.ahead:
        fitting = [each for each in shown if each[1].what == "events"]
    return fitting[0] if len(fitting) == 1 else None


def _against_output(
    claim: Claim, context: Context, report: Report, piece: Piece, one: Shown
) -> Contradiction | None:  # fmt: skip
    if not is_whole(claim, piece, one, report):
        return None
    if claim.unit in TRAFFIC:
        number = _traffic(claim, context, report, one)
        return None if number is None else Contradiction(_candidate(number, piece, one))
    number = one.counts[claim.unit][0]
    fewer = claim.number < number
    if fewer and (context.is_definite(claim) or not FRESH.isdisjoint(context.words)):
        return None
    certain = claim.unit is not Unit.SERVICE and not (fewer and claim.unit is not Unit.ITEM)
    return Contradiction(_candidate(number, piece, one), certain)


def _traffic(claim: Claim, context: Context, report: Report, one: Shown) -> int | None:
    """Give how many of a claim's events an output shows, or None where the claim may mean others than these."""
    found = [counted(one.groups, claim.kinds, host) for host in readings(claim)]
    narrowed = bool(claim.kinds or claim.host)
    if not all(each.informed for each in found) or (narrowed and not any(each.total for each in found)):
        return None
    shown = found[0].total
    if claim.number and not narrowed and not context.is_object(claim):
        return None
    if claim.phrase.lower().startswith("one "):
        return None
    others = [each for each in context.claims if each is not claim and each.unit in TRAFFIC]
    agreeing = any(each.number in set(acceptable(each, one.groups, one.slack)) for each in others)
    if not narrowed and agreeing and others[0].at < claim.at:
        return None
    if claim.unit is not Unit.ROW and report.opaque_before(context.at) and one.what != "ab":
        return None
    if one.what in ("log", "events"):
        if 2 * shown < claim.number:
            return None  # far fewer lines than claimed: they were shortened
        if shown > claim.number and not (context.is_object(claim) and FRESH.isdisjoint(context.words)):
            return None
    return shown + one.slack if claim.number > shown else shown


def _against_command(claim: Claim, context: Context, report: Report) -> Contradiction | None:
    """Hold a claim against the one command that its sentence introduces, or begins by pointing at."""
    if not (context.ahead or context.back):
        return None
    loads = [(piece, piece.load) for piece in report.run(context.at, 1 if context.ahead else -1) if piece.load]
    if len(loads) != 1 or loads[0][1].opaque:
        return None
    piece, load = loads[0]
    number = _sent(claim, context, load)
    if number is None or number == claim.number:
        return None
    return Contradiction(Candidate(number, load.line, load.text, piece.block.fence, sent=True))


def _sent(claim: Claim, context: Context, load: Load) -> int | None:
    if claim.unit is Unit.PARTITION:
        return load.partitions
    if claim.unit is Unit.LOOP:
        # a loop may itself be run several times: only a number that is off by one is the loop's own
        return load.loops if load.loops is not None and abs(load.loops - claim.number) == 1 else None
    if claim.unit not in (Unit.EVENT, Unit.REQUEST) or claim.phrase.lower().startswith("one "):
        return None
    repeated = any(each.unit is Unit.LOOP for each in context.claims) or not REPEATING.isdisjoint(context.words)
    found = counted(load.groups, claim.kinds, claim.host)
    if repeated or not found.informed or not found.total:
        return None
    return None if load.endless and claim.number % found.total == 0 else found.total


def is_whole(claim: Claim, piece: Piece, one: Shown, report: Report) -> bool:
    """Whether an output shows all that there is, as far as the claim goes beyond it."""
    if not one.whole:
        return False
    if claim.unit not in TRAFFIC or one.total >= claim.number:
        return True
    if one.what == "table" and one.total == _SHOW_LIMIT:
        return False
    asked = report.asked(piece)
    return not (" -c " in asked or any(word in asked.lower() for word in _LIMITING))


def _candidate(number: int, piece: Piece, one: Shown) -> Candidate:
    return Candidate(number, one.line, one.text, piece.block.fence)


def _running(tables: Sequence[Shown], claim: Claim, host: str | None) -> set[int]:
    """Give the sums of no table, the first, the first two, and so on."""
    counts = (counted(one.groups, claim.kinds, host).total for one in tables)
    return {0, *accumulate(counts)}
