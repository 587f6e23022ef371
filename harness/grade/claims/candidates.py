"""The numbers that a claim may speak of, in the order in which a reader would look for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.grade.claims.model import TRAFFIC, Claim, Group, Load, Piece, Shown, Unit
from harness.grade.claims.places import ANYWHERE, Report, counted


@dataclass(frozen=True, slots=True)
class Candidate:
    """A number with where it stands. `sent` is true where it is from commands, not from an output.

    `file` is the path of another file than the report. `total` is true where it is a sum over several commands.
    """

    number: int
    line: int
    text: str
    block: int | None = None
    sent: bool = False
    file: str = ""
    total: bool = False


def readings(claim: Claim) -> list[str | None]:
    """Give whose events a claim may mean: the host after it, or the one before it, or all."""
    if claim.host:
        return [claim.host]
    return [None, claim.host_before] if claim.host_before else [None]


def candidates(claim: Claim, report: Report, at: int, ahead: bool) -> Iterator[Candidate]:
    """Give what stands around a claim, first in the direction that its sentence looks, then the other way."""
    directions = (1, -1) if ahead else (-1, 1)
    nearby = [piece for step in directions for piece in report.near(at, step)]
    for piece in nearby:
        for one in piece.shown:
            yield from _of_output(claim, piece, one)
        if piece.load:
            yield from _of_load(claim, piece, piece.load)
    if claim.unit in TRAFFIC:
        for step in directions:
            yield from _of_run(claim, report.run(at, step))
        for host in readings(claim) if claim.number else ():
            for total in report.totals(at, claim.kinds, host):
                yield _sent(total, report.loads, report.before[at])
    if claim.unit is Unit.OPTION:
        yield from (
            Candidate(claim.number, load.line, load.text, sent=True)
            for load in report.loads
            if claim.number in load.options
        )
    if claim.unit is Unit.USER:
        yield from _users(nearby, report, at)
    if claim.unit in ANYWHERE:
        for piece, one in report.anywhere.get(claim.unit, ()):
            yield from _of_output(claim, piece, one)
        for path, one in report.code:
            yield from (Candidate(number, one.line, one.text, file=path) for number in one.counts.get(claim.unit, ()))


def acceptable(claim: Claim, groups: Sequence[Group], slack: int = 0) -> Iterator[int]:
    """Give the counts that fit a claim under each reading; broken lines may be of any kind."""
    for host in readings(claim):
        found = counted(groups, claim.kinds, host)
        if claim.strange and not claim.kinds and not found.total:
            continue
        yield found.total
        yield from range(found.total + 1, found.total + min(slack, 100) + 1)
        if claim.each or len(found.single) > 1:
            yield from sorted(found.single)


def _of_output(claim: Claim, piece: Piece, one: Shown) -> Iterator[Candidate]:
    numbers: list[int] = []
    if claim.unit in TRAFFIC and one.groups:
        numbers += acceptable(claim, one.groups, one.slack)
    numbers += one.counts.get(claim.unit, ())
    if claim.unit is Unit.EVENT and not one.groups:
        numbers += one.counts.get(Unit.ROW, ())
    if one.what == "result" and (claim.unit in TRAFFIC or claim.unit is Unit.USER):
        numbers += sorted(one.loose)[:200]
    for number in numbers:
        yield Candidate(number, one.line, one.text, piece.block.fence)


def _of_load(claim: Claim, piece: Piece, load: Load) -> Iterator[Candidate]:
    numbers: list[int] = []
    if claim.unit in TRAFFIC or claim.unit is Unit.LOOP:
        numbers += [number for host in readings(claim) for number in _one_load(claim, load, host)]
        numbers += sorted(load.options)
    if claim.unit is Unit.LOOP:
        numbers += [load.loops] if load.loops is not None else []
    if claim.unit is Unit.COMMAND:
        text = piece.block.content or piece.block.text
        numbers += [load.programs, sum(1 for line in text.split("\n") if line.strip()), len(load.groups)]
    if claim.unit is Unit.PARTITION and load.partitions is not None:
        numbers.append(load.partitions)
    for number in numbers:
        yield Candidate(number, load.line, load.text, piece.block.fence, sent=True)


def _one_load(claim: Claim, load: Load, host: str | None) -> Iterator[int]:
    found = counted(load.groups, claim.kinds, host)
    yield found.total
    yield from sorted(found.single)
    if load.loops:
        yield found.total // load.loops


def _of_run(claim: Claim, run: Sequence[Piece]) -> Iterator[Candidate]:
    """Give the sum over all outputs of one kind that stand together."""
    for what in ("table", "log", "events", "ab", "result"):
        several = [(piece, one) for piece in run for one in piece.shown if one.what == what]
        if len(several) > 1:
            groups = [group for _, one in several for group in one.groups]
            piece, first = min(several, key=lambda each: each[1].line)
            for number in acceptable(claim, groups):
                yield Candidate(number, first.line, f"{len(several)} outputs together", piece.block.fence)


def _users(nearby: Sequence[Piece], report: Report, at: int) -> Iterator[Candidate]:
    for piece in nearby:
        for one in piece.shown:
            if hosts := {group.host for group in one.groups if group.host}:
                yield Candidate(len(hosts), one.line, ", ".join(sorted(hosts))[:100], piece.block.fence)
            if one.what in ("result", "table"):
                yield from (Candidate(rows, one.line, one.text, piece.block.fence) for rows in one.counts[Unit.ROW])
    hosts = set()
    for load in report.loads[max(0, report.before[at] - 60) : report.before[at] + 2]:
        hosts |= {group.host for group in load.groups if group.host}
        yield Candidate(len(hosts), load.line, ", ".join(sorted(hosts))[:100], sent=True)


def _sent(total: int, loads: Sequence[Load], here: int) -> Candidate:
    load = loads[min(max(here - 1, 0), len(loads) - 1)] if loads else None
    text = load.text if load else "no command sends anything"
    return Candidate(total, load.line if load else 0, text, sent=True, total=True)
