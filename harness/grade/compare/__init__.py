"""What the report shows against what the rerun printed: pure functions, one module for each kind of output."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from harness.grade.compare import (
    ab,
    access_log,
    answers,
    events,
    failures,
    files,
    hive,
    listings,
    queries,
    rounds,
    servers,
    services,
    spark,
    state,
    topics,
)
from harness.grade.compare.failures import Failure
from harness.grade.compare.model import Group, Shown
from harness.grade.compare.said import unchecked
from harness.grade.compare.steady import steady, steady_fact
from harness.grade.compare.totals import Totals
from harness.grade.model import Finding, Submission, Verdict
from harness.grade.rerun.model import Ending, Ran, Rerun
from harness.readme.blocks import Kind

__all__ = ["compare"]

Comparison: TypeAlias = Callable[[Group], Iterable[Finding]]

_KINDS: Final[Mapping[str, Comparison]] = {
    "ab": ab.compare,
    "access_log": access_log.compare,
    "compose_ps": services.compare,
    "curl": answers.compare,
    "flask": servers.compare,
    "hdfs_ls": listings.compare,
    "hive": hive.compare,
    "json_lines": events.compare,
    "kafka_topics": topics.compare,
    "presto": queries.compare,
    "spark": spark.compare,
    "sql": queries.compare,
}
"""Comparisons by the form of an output; a listing is compared as a file."""

_OUTPUTS: Final = frozenset({Kind.OUTPUT, Kind.EXCERPT, Kind.LISTING})
CHECK: Final = "rerun-output"


def compare(submission: Submission, rerun: Rerun) -> list[Finding]:
    """Compare every output of the report that answers a command with what the rerun printed, in the order of lines.

    Nothing is an error that follows from an earlier failure, from a load without an end, or from a fault of ours.
    """
    answering = _answering(submission)
    if rerun.fault is not None:
        why = "The rerun failed for a reason of ours and is to be made again."
        return [_unchecked(one, why) for shown in answering.values() for one in shown]
    rans: defaultdict[int, list[Ran]] = defaultdict(list)
    for ran in rerun.commands:
        rans[ran.block].append(ran)
    failed = [found for ran in rerun.commands if (found := failures.failure(ran)) is not None]
    totals = Totals(submission, rerun.commands)
    findings = list(failures.told(submission, failed, answering))
    for block, shown in answering.items():
        for form, outputs in _by_form(shown).items():
            findings += _group(submission, form, outputs, rans.get(block, []), failed, totals)
    if not failed:
        findings += state.compare(submission, rerun.state)
    else:
        findings += _softened(state.compare(submission, rerun.state), failed[0])
    return sorted(map(_steady, rounds.related(findings)), key=lambda finding: (finding.line, finding.check))


def _steady(finding: Finding) -> Finding:
    """Leave out of a finding what the rerun printed and is another each time; what the report says stays."""
    seen = tuple(replace(each, text=steady(each.text)) for each in finding.evidence)
    return replace(finding, expected=steady_fact(finding.expected), message=steady(finding.message), evidence=seen)


def _answering(submission: Submission) -> dict[int, list[Shown]]:
    """Give the outputs by the first line of the command's block that they answer."""
    found: defaultdict[int, list[Shown]] = defaultdict(list)
    for place, block in enumerate(submission.blocks):
        if block.kind in _OUTPUTS and block.answers is not None and block.text.strip():
            found[block.answers].append(Shown(place, block))
    return dict(found)


def _by_form(shown: Sequence[Shown]) -> dict[str, list[Shown]]:
    found: defaultdict[str, list[Shown]] = defaultdict(list)
    for one in shown:
        found["file" if one.block.kind is Kind.LISTING else one.block.form].append(one)
    return dict(found)


def _group(
    submission: Submission,
    form: str,
    shown: Sequence[Shown],
    rans: Sequence[Ran],
    failed: Sequence[Failure],
    totals: Totals,
) -> Iterator[Finding]:
    """Compare the outputs of one kind of one block of commands, as far as those commands were run and worked."""
    broken = {id(one.ran): one for one in failed if not failures.shows_failure(one.ran, shown)}
    usable = [ran for ran in rans if _reason(ran) is None and id(ran) not in broken]
    if not usable:
        why = _why_not(rans, broken)
        yield from (_unchecked(one, why) for one in shown)
        return
    comparison = files.compare if form == "file" else _KINDS.get(form)
    found = list(comparison(Group(submission, shown, usable, totals))) if comparison else []
    told = {id(one): False for one in shown}
    for finding in found:
        for one in shown:
            if one.block.first_line <= finding.line <= one.block.last_line:
                told[id(one)] = True
        yield _judged(finding, shown, usable, failed)
    for one in shown:
        if not any(ran.ending is Ending.ENDED for ran in usable):
            continue
        contrary = failures.reversed_(one, usable[-1])
        if contrary is not None and not any(id(each.ran) == id(usable[-1]) for each in failed):
            yield contrary
        elif not told[id(one)] and comparison is None:
            yield _unchecked(one, "Outputs of this kind are not compared with a rerun's.")


def _judged(finding: Finding, shown: Sequence[Shown], rans: Sequence[Ran], failed: Sequence[Failure]) -> Finding:
    """Take a disagreement back where something else explains it: a failure before it, or a time limit."""
    if finding.verdict is not Verdict.DISAGREES:
        return finding
    block = next((one.block for one in shown if one.block.first_line <= finding.line <= one.block.last_line), None)
    cause = next((one for one in failed if block is not None and one.spoils(block)), None)
    if cause is not None:
        why = f"Not compared, because the command in line {cause.ran.typed.line} failed in the rerun before it."
        return replace(finding, verdict=Verdict.NOT_CHECKED, message=why)
    if any(ran.ending is Ending.TIMED_OUT for ran in rans):
        why = "Not compared, because the rerun stopped the command at its limit of time."
        return replace(finding, verdict=Verdict.NOT_CHECKED, message=why)
    return finding


def _softened(found: Iterable[Finding], cause: Failure) -> Iterator[Finding]:
    """Give findings about the cluster's state as not checked where a command failed before."""
    for finding in found:
        if finding.verdict is Verdict.DISAGREES and finding.line > cause.ran.typed.line:
            why = f"Not compared, because the command in line {cause.ran.typed.line} failed in the rerun before it."
            finding = replace(finding, verdict=Verdict.NOT_CHECKED, message=why)
        yield finding


def _reason(ran: Ran) -> str | None:
    """Say why there is nothing of a command to compare, or give None where there is."""
    note = f": {ran.note.rstrip('.')}" if ran.note else ""
    if ran.ending is Ending.LEFT_OUT:
        return f"The command was left out of the rerun{note}."
    if ran.ending is Ending.LOST:
        return f"The cluster or the harness failed while the command ran{note}."
    return f"The rerun has no output of the command{note}." if ran.capture is None else None


def _why_not(rans: Sequence[Ran], broken: Mapping[int, Failure]) -> str:
    if not rans:
        return "The command was not run again."
    for ran in rans:
        if id(ran) in broken:
            return f"The command in line {ran.typed.line} failed in the rerun."
    return next(filter(None, map(_reason, rans)), "The command was not run again.")


def _unchecked(one: Shown, why: str) -> Finding:
    return unchecked(CHECK, one.block, one.block.first_line, why)
