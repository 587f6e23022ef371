"""Why a person should look at a submission before its points are final."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.grade.model import Finding, Submission, Verdict
from harness.grade.redefined import redefined
from harness.grade.rerun.model import Ending, Rerun
from harness.readme.blocks import Kind
from harness.render.text import plural

DOUBTFUL: Final = 0.5
"""A block read with less confidence than this is doubtful."""

MOST_DOUBTFUL: Final = 5
"""A report is read badly where more than one in so many of its commands and outputs is doubtful."""

FEWEST_CLAIMS: Final = 10
"""With fewer claims the share of those that were not checked says nothing."""


def reasons(submission: Submission, findings: Sequence[Finding], rerun: Rerun | None) -> Iterator[str]:
    """Give the reasons, in words for a grader."""
    yield from _reading(submission)
    for each in list(redefined(submission))[:10]:
        place = f"{each.file}, line {each.line}" if each.file else f"line {each.line}"
        yield f"the submission makes a command {each.text} of its own ({place}): what it prints may be made up"
    unchecked = sum(each.verdict is Verdict.NOT_CHECKED for each in findings)
    if unchecked == len(findings):
        yield "no claim of the report could be checked"
    elif len(findings) >= FEWEST_CLAIMS and 2 * unchecked > len(findings):
        yield f"{unchecked:,} of {plural(len(findings), 'claim')} could not be checked"
    if rerun is not None:
        yield from _rerun(rerun)


def _reading(submission: Submission) -> Iterator[str]:
    blocks = [each for each in submission.blocks if each.kind in (Kind.COMMAND, Kind.OUTPUT)]
    doubtful = [each.first_line for each in blocks if each.confidence < DOUBTFUL]
    if not blocks:
        yield "the report shows no commands and no outputs"
    elif MOST_DOUBTFUL * len(doubtful) > len(blocks):
        where = ", ".join(map(str, doubtful[:10]))
        yield f"{len(doubtful)} of {len(blocks)} commands and outputs were read with doubt: lines {where}"
    yield from (f"the reading has a problem: {each}" for each in submission.reading.problems[:5])


def _rerun(rerun: Rerun) -> Iterator[str]:
    for breach in rerun.breaches:
        place = f" (line {breach.line})" if breach.line is not None else ""
        yield f"ran into the limit of {breach.limit.value}: {breach.text}{place}"
    if rerun.cut:
        yield f"the sandbox ended before the report was through: {rerun.cut}"
    if rerun.state.lacking:
        yield f"what the rerun left could not be asked: {rerun.state.lacking}"
    for each in [each for each in rerun.commands if each.expired][:10]:
        yield f"a wait ran out at line {each.typed.line}: {each.note}"
    late = [str(each.typed.line) for each in rerun.commands if each.ending is Ending.TIMED_OUT]
    if late:
        yield f"{plural(len(late), 'command')} did not end in time: line {', '.join(late[:10])}"
    lost = [str(each.typed.line) for each in rerun.commands if each.ending is Ending.LOST]
    if lost:
        yield f"{plural(len(lost), 'command')} lost in the rerun: line {', '.join(lost[:10])}"
    if rerun.commands and not rerun.ran:
        yield "no command of the report was run"
