"""Whether ApacheBench's reports are of the commands that stand above them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from harness.grade.checks.ab_reports import Shown, shown
from harness.grade.checks.context import command
from harness.grade.checks.saying import agrees, differs, doubts
from harness.grade.model import Evidence, Finding, Submission
from harness.grade.traffic import Load, ab_commands, loads
from harness.outputs.text import label
from harness.readme.blocks import Block, Kind

_HEAD: Final = 20_000
"""Characters of an output in which `ab` says that it is done."""


def check(submission: Submission) -> Iterable[Finding]:
    """Compare each report of `ab` with the calls in the command that it answers; a doubt where another call fits."""
    reports = list(shown(submission))
    if not reports:
        return
    calls = {(load.target, load.count) for load in loads(submission) if load.tool != "curl"}
    targets = {target for target, _ in calls}
    asked: dict[int, list[Load]] = {}
    for one in reports:
        typed = command(submission, one.place)
        if typed is None:
            continue
        if typed.first_line not in asked:
            asked[typed.first_line] = ab_commands(typed, submission.files)
        path = one.report.document_path
        unsure = None in targets or path in targets, bool(calls & _alike(path, one.report.complete))
        if not _commands_between(submission, typed, one.place):
            unsure = False, False
        yield from _compare(submission, one, typed, asked[typed.first_line], unsure)


def _commands_between(submission: Submission, typed: Block, place: int) -> bool:
    """Whether another command stands between an output and the one that it answers."""
    for at in range(place - 1, max(-1, place - 40), -1):
        block = submission.blocks[at]
        if block.kind is Kind.COMMAND or (block.kind is Kind.OUTPUT and block.answers != typed.first_line):
            return block.first_line != typed.first_line
    return True


def _alike(path: str | None, complete: int) -> set[tuple[str | None, int | None]]:
    return {(path, complete), (path, None), (None, complete), (None, None)}


def _compare(
    submission: Submission, one: Shown, typed: Block, asked: Sequence[Load], unsure: tuple[bool, bool]
) -> Iterator[Finding]:
    """`unsure` says whether any command of the report calls the path, and whether with as many requests."""
    path, complete = one.report.document_path, one.report.complete
    if path is None or not asked or any(load.target is None or load.count is None for load in asked):
        return
    evidence = [Evidence(str(submission.report), typed.first_line, "ab")]
    fitting = [load for load in asked if label(load.target or "") == path]
    if not fitting:
        message = f"The report is about {path}, but the command calls {asked[0].target}."
        say = doubts if unsure[0] else differs
        yield say("ab-command", one.block, one.line("Document Path"), message, (asked[0].target, path), evidence)
        return
    if all(load.count != complete for load in fitting):
        printed = one.block.text[:_HEAD]
        whole = "done" in printed or "Finished " in printed
        message = f"The command sends {fitting[0].count} requests to {path}, the report has {complete}."
        say = doubts if unsure[1] or (complete < (fitting[0].count or 0) and not whole) else differs
        line = one.line("Complete requests")
        yield say("ab-command", one.block, line, message, (fitting[0].count, complete), evidence)
        return
    if one.report.port is not None and all(load.port not in (None, one.report.port) for load in fitting):
        message = f"The report is of port {one.report.port}, the command calls port {fitting[0].port}."
        values = (fitting[0].port, one.report.port)
        yield doubts("ab-command", one.block, one.line("Server Port"), message, values, evidence)
        return
    message = f"The command sends {complete} requests to {path}, and as many were completed."
    yield agrees("ab-command", one.block, one.line("Complete requests"), message, complete)
