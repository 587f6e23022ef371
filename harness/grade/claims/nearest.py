"""The nearest output or command of a claim's own kind, where it gives another number than the claim."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from harness.grade.claims.candidates import Candidate, acceptable, readings
from harness.grade.claims.context import Context
from harness.grade.claims.contradiction import Contradiction, is_whole
from harness.grade.claims.model import Claim, Group, Piece, Shown, Unit
from harness.grade.claims.places import Report, counted
from harness.grade.claims.vocabulary import FRESH, PARTIAL, REPEATING, SENDING
from harness.readme.blocks import Kind

_OWN: Final = {
    Unit.EVENT: ("events", "table", "count"),
    Unit.REQUEST: ("log", "ab"),
    Unit.ROW: ("table", "count", "result"),
    Unit.COLUMN: ("table", "schema", "result"),
}
"""The outputs that show a unit itself; `count` is the one number of a `count(*)`."""

_POINTING: Final = frozenset({"above", "below", "following", "next"})
_AGAIN: Final = frozenset({"ran", "this"})
"""A sentence with one of these may say how often a whole loop was run."""

_ASIDE: Final = frozenset({"we", "i", "that", "which"})
"""A number before one of these may be a part of more: `the 3 columns that matter`."""

_BACK: Final = 12
"""Blocks before a sentence on `-n` in which its command is looked for."""

_FEW: Final = 2
"""A claim of more than so many times what is shown speaks of more than that."""


def nearest(claim: Claim, context: Context, report: Report) -> Contradiction | None:
    """Give what stands next to a claim, counts the same, and says otherwise; None where that is not plain.

    It must be known already that nothing around the claim agrees.
    """
    if not _is_plain(claim, context):
        return None
    if claim.unit is Unit.OPTION:
        return _option(context, report)
    if claim.unit is Unit.LOOP:
        return None if _AGAIN & context.words and "does" not in context.words else _loop(claim, context, report)
    if claim.unit in (Unit.EVENT, Unit.REQUEST) and (found := _load(claim, context, report)):
        return found
    return _shown(claim, context, report)


def _is_plain(claim: Claim, context: Context) -> bool:
    if not claim.firm or claim.each or claim.part or claim.strange or claim.number < 2:
        return False
    return PARTIAL.isdisjoint(context.words) and FRESH.isdisjoint(context.words)


def _directions(claim: Claim, context: Context, report: Report) -> tuple[int, ...]:
    """Give where a sentence looks: ahead, back, or first back. An output without a command right below is its own."""
    below = report.run(context.at, 1)[:1]
    shown = {_what(one) for piece in below if piece.block.kind is Kind.OUTPUT for one in piece.shown}
    if context.ahead or shown.intersection(_OWN.get(claim.unit, ())):
        return (1,)
    return (-1,) if context.back or "above" in context.words else (-1, 1)


# commands


def _load(claim: Claim, context: Context, report: Report) -> Contradiction | None:
    """Hold a claim against the commands that its sentence introduces, or the one that it follows."""
    if SENDING.isdisjoint(context.words) and not context.ahead and not context.introduces:
        return None
    run = _commands(report.run(context.at, 1))
    loads = [(piece, piece.load) for piece in run if piece.load and piece.load.groups]
    if not loads or any(load.opaque or load.endless or load.loops for _, load in loads):
        return None
    groups = [group for _, load in loads for group in load.groups]
    if not _are_named(claim, groups) or claim.number in set(acceptable(claim, groups)):
        return None
    piece, load = loads[0]
    number = counted(load.groups, claim.kinds, claim.host).total or load.groups[0].count
    repeated = not REPEATING.isdisjoint(context.words) or any(each.unit is Unit.LOOP for each in context.claims)
    if claim.number % number == 0 and (repeated or not _is_bound(context)):
        return None
    certain = len(loads) == 1 and not repeated and context.ahead and _is_named(claim)
    return Contradiction(Candidate(number, load.line, load.text, piece.block.fence, sent=True), certain)


def _commands(run: list[Piece]) -> list[Piece]:
    """Give the fences of a run where it begins with a command."""
    return run if run and run[0].block.kind is Kind.COMMAND else []


def _are_named(claim: Claim, groups: Sequence[Group]) -> bool:
    """Whether some groups are of the type and the host that a claim names."""
    found = counted(groups, claim.kinds, claim.host)
    return found.informed and found.total > 0


def _is_named(claim: Claim) -> bool:
    return bool(claim.kinds or claim.host or claim.host_before)


def _is_bound(context: Context) -> bool:
    return context.ahead or context.back or not _POINTING.isdisjoint(context.words)


def _loop(claim: Claim, context: Context, report: Report) -> Contradiction | None:
    """Hold a number of rounds against the only loop next to it, or that of times against `-n` of one command."""
    for step in (1, -1):
        loads = [(piece, piece.load) for piece in report.run(context.at, step) if piece.load]
        sending = [(piece, load) for piece, load in loads if load.groups or load.loops or load.endless or load.opaque]
        if not sending:
            continue
        if len(sending) != 1:
            return None
        piece, load = sending[0]
        if load.endless or (load.loops is None and (load.opaque or step < 0 or not _is_named(claim))):
            return None
        number = load.loops if load.loops is not None else sum(group.count for group in load.groups)
        if number == claim.number:
            return None
        return Contradiction(Candidate(number, load.line, load.text, piece.block.fence, sent=True), certain=False)
    return None


def _option(context: Context, report: Report) -> Contradiction | None:
    """Hold `-n 10` in prose against the command of `ab` next to it, where no command of the report has it."""
    before = report.pieces[max(0, context.at - _BACK) : context.at][::-1]
    for piece in (*report.run(context.at, -1), *report.run(context.at, 1), *before):
        if piece.load and piece.load.options:
            number = sorted(piece.load.options)[0]
            seen = Candidate(number, piece.load.line, piece.load.text, piece.block.fence, sent=True)
            return None if len(piece.load.options) > 1 else Contradiction(seen, certain=False)
    return None


# outputs


def _shown(claim: Claim, context: Context, report: Report) -> Contradiction | None:
    wanted = _OWN.get(claim.unit, ())
    after = [each.lower for each in context.sentence.tokens[claim.at + len(claim.phrase.split(" ")) :][:1]]
    if not _ASIDE.isdisjoint(after):
        return None
    for step in _directions(claim, context, report):
        run = report.run(context.at, step)
        if step > 0 and not context.ahead and _commands(run):
            continue
        fitting = [(piece, one) for piece in run for one in piece.shown if _what(one) in wanted]
        if not fitting:
            continue
        piece, one = fitting[0]
        several = any(_what(each) == _what(one) for _, each in fitting if each is not one)
        if several and (step > 0 or claim.number in {n for _, each in fitting for n in _numbers(claim, each)}):
            return None
        return _against(claim, piece, one, next_to=piece is run[0]) if is_whole(claim, piece, one, report) else None
    return None


def _what(one: Shown) -> str:
    if one.what in ("result", "table") and one.counts.get(Unit.COLUMN) == [1] and len(one.loose) == 1:
        return "count" if one.counts.get(Unit.ROW, [0])[0] == 1 else one.what
    return one.what


def _numbers(claim: Claim, one: Shown) -> Iterator[int]:
    yield from one.counts.get(claim.unit, ())
    yield from acceptable(claim, one.groups, one.slack)
    yield from islice(one.loose, 200)


def _against(claim: Claim, piece: Piece, one: Shown, *, next_to: bool) -> Contradiction | None:
    what = _what(one)
    if claim.unit is Unit.COLUMN:
        number = one.counts[Unit.COLUMN][0]
        return Contradiction(Candidate(number, one.line, one.text, piece.block.fence), certain=False)
    if what == "count":
        number = next(iter(one.loose))
        if not next_to and (claim.number > _FEW * number or number > _FEW * claim.number + 10):
            return None
        return Contradiction(Candidate(number, one.line, f"count {number}", piece.block.fence), certain=False)
    found = [counted(one.groups, claim.kinds, host) for host in readings(claim)]
    if not all(each.informed for each in found) or not found[0].total:
        return None
    number = found[0].total
    if what in ("log", "events", "ab") and claim.number > _FEW * number:
        return None
    return Contradiction(Candidate(number, one.line, one.text, piece.block.fence), certain=False)
