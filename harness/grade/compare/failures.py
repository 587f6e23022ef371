"""Commands that fail in the rerun: each is told once, with the line that says why, and what it keeps from working."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from harness.grade.checks.context import prose_near
from harness.grade.checks.saying import quote
from harness.grade.compare.model import Shown, evidence
from harness.grade.compare.steady import steady
from harness.grade.model import Finding, Submission, Verdict, Weight
from harness.grade.rerun.model import Ending, Ran
from harness.model import Capture
from harness.outputs import ab
from harness.outputs.text import lines
from harness.readme.blocks import Block

CHECK: Final = "rerun-failed"

_TELLING: Final = re.compile(
    r"^(?:[\w.]*(?:Error|Exception)\b|FAILED:|Query \S+ failed:|line \d+:\d+:|ls: |Error)"
    r"|\b(?:refused|No such file|not found|does not exist|already exists|denied|cannot|failed)\b"
)
_REFUSED: Final = re.compile(r"<title>((?:4|5)\d\d [^<]{1,80})</title>|^HTTP/[\d.]+ ([45]\d\d.*)$", re.MULTILINE)
_QUERY: Final = re.compile(r"^(?:Query \S+ failed:|line \d+:\d+:|FAILED:).*", re.MULTILINE)
_SHOWS_FAILURE: Final = re.compile(
    r"Traceback \(most recent|^[\w.]*(?:Error|Exception)\b|\bfailed:|^FAILED:|^line \d+:\d+:"
    r"|\b(?:No such file|does not exist|already exists|command not found|Connection refused)\b"
    r"|<title>[45]\d\d|^HTTP/[\d.]+ [45]\d\d",
    re.MULTILINE,
)
_FAILURE_WORDS: Final = ("404", "405", "500", "error", "exception", "fail", "not found", "wrong")
_TRACEBACK: Final = "Traceback (most recent call last)"
_SENDERS: Final = frozenset({"bash", "sh", "python", "python3"})


class Stage(IntEnum):
    """How far along the pipeline a command or an output is: a failure can only spoil what comes after its own."""

    CLUSTER = 0
    TOPIC = 1
    SERVER = 2
    LOAD = 3
    LOG = 4
    JOB = 5
    FILES = 6
    QUERY = 7


_STAGES: Final[Mapping[str, Stage]] = {
    "kafka-topics": Stage.TOPIC,
    "flask": Stage.SERVER,
    "ab": Stage.LOAD,
    "curl": Stage.LOAD,
    "bash": Stage.LOAD,
    "sh": Stage.LOAD,
    "kafkacat": Stage.LOG,
    "kcat": Stage.LOG,
    "kafka-console-consumer": Stage.LOG,
    "spark-submit": Stage.JOB,
    "pyspark": Stage.JOB,
    "hadoop": Stage.FILES,
    "hdfs": Stage.FILES,
    "hive": Stage.FILES,
    "presto": Stage.QUERY,
}
_FORMS: Final[Mapping[str, Stage]] = {
    "access_log": Stage.LOG,
    "json_lines": Stage.LOG,
    "ab": Stage.LOAD,
    "curl": Stage.LOAD,
    "flask": Stage.SERVER,
    "spark": Stage.JOB,
    "hdfs_ls": Stage.FILES,
    "hive": Stage.FILES,
    "presto": Stage.QUERY,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A command that failed in the rerun, and the line that tells why."""

    ran: Ran
    telling: str

    @property
    def stage(self) -> Stage:
        """How far along the pipeline it is."""
        if self.ran.typed.form in ("presto", "sql"):
            return Stage.QUERY
        if self.ran.typed.form in ("hive", "pyspark"):
            return Stage.FILES
        found = [_STAGES[one.name] for one in self.ran.typed.programs if one.name in _STAGES]
        return max(found, default=Stage.CLUSTER)

    def spoils(self, block: Block) -> bool:
        """Whether an output further down may be another because of it."""
        stage = _FORMS.get(block.form)
        if stage is None or self.ran.typed.line >= block.first_line:
            return False
        by_name = self.ran.typed.service is not None or self.stage is not Stage.CLUSTER
        return by_name and self.stage < stage


def failure(ran: Ran) -> Failure | None:
    """Give what made a command fail, or None where it did its work or was stopped by the rerun."""
    capture = ran.capture
    if capture is None or ran.ending is not Ending.ENDED:
        return None
    if capture.exit_code not in (0, None) and not capture.stopped:
        return Failure(ran, _telling(capture) or f"exit code {capture.exit_code}")
    if ran.typed.form in ("presto", "hive", "sql"):
        said = _QUERY.search(f"{capture.stdout}\n{capture.stderr}")
        return Failure(ran, steady(said[0])) if said else None
    if not capture.stdout.strip() and _TRACEBACK in capture.stderr:
        return Failure(ran, _telling(capture))
    return _refused(ran, capture)


def _refused(ran: Ran, capture: Capture) -> Failure | None:
    """Find requests that the web server refused, every one of them."""
    reports = ab.reports(capture.stdout)
    if reports and all(one.non_2xx and one.non_2xx == one.complete for one in reports):
        one = reports[0]
        return Failure(ran, f"Non-2xx responses: {one.non_2xx} of {one.complete} for {one.document_path}")
    if any(program.name == "curl" for program in ran.typed.programs):
        said = _REFUSED.search(capture.stdout)
        return Failure(ran, said[1] or said[2]) if said else None
    return None


def _telling(capture: Capture) -> str:
    """Give the last line that says what went wrong, of stderr if it says anything, else of stdout."""
    for printed in (capture.stderr, capture.stdout):
        said = [line.strip() for line in lines(printed)[-400:] if line.strip()]
        telling = [line for line in said if _TELLING.search(line)]
        if said:
            return quote(steady((telling or said)[-1]))
    return ""


def told(submission: Submission, found: Sequence[Failure], shown: Mapping[int, Sequence[Shown]]) -> Iterator[Finding]:
    """Tell each failure once: what the report shows of the command, and whether an earlier one explains it.

    `shown` gives the outputs that answer each command's block.
    """
    blocks = {block.first_line: (place, block) for place, block in reversed(list(enumerate(submission.blocks)))}
    earlier: list[Failure] = []
    for one in found:
        place, block = blocks.get(one.ran.block, (None, None))
        if block is None or place is None:
            continue
        yield _told(submission, one, place, block, shown.get(one.ran.block, ()), earlier)
        earlier.append(one)


def _told(
    submission: Submission, one: Failure, place: int, block: Block, outputs: Sequence[Shown], earlier: Sequence[Failure]
) -> Finding:
    line, seen = one.ran.typed.line, tuple(evidence(one.ran, one.telling))
    values = ("failed", "works")

    def finding(verdict: Verdict, message: str, weight: Weight = Weight.ERROR) -> Finding:
        return Finding(CHECK, verdict, line, message, *values, block.fence, weight, seen)

    if shows_failure(one.ran, outputs):
        values = ("failed", "failed")
        return finding(Verdict.AGREES, "The command fails in the rerun as the report shows.")
    cause = next((each for each in earlier if _explains(each, one)), None)
    if cause is not None:
        message = f"The command fails in the rerun, as it has to after the one in line {cause.ran.typed.line}."
        return finding(Verdict.NOT_CHECKED, message)
    message = f"The command fails in the rerun: {one.telling.rstrip('.')}."
    near = prose_near(submission, place)
    if "already exists" in one.telling.lower() or any(word in near for word in _FAILURE_WORDS):
        return finding(Verdict.DISAGREES, message, Weight.WARNING)
    if outputs:
        return finding(Verdict.DISAGREES, message)
    if one.ran.typed.service is None and one.stage is Stage.CLUSTER:
        return finding(Verdict.NOT_CHECKED, f"{message[:-1]}; the report shows no output of it.")
    return finding(Verdict.DISAGREES, message, Weight.WARNING)


def _explains(earlier: Failure, later: Failure) -> bool:
    if earlier.telling == later.telling:
        return True
    return earlier.stage < later.stage and earlier.stage not in (Stage.CLUSTER, Stage.LOG)


def shows_failure(ran: Ran, outputs: Sequence[Shown]) -> bool:
    """Whether the report's outputs of a command show that it failed there too."""
    for one in outputs:
        if _SHOWS_FAILURE.search(one.block.text):
            return True
        paths = {report.document_path for report in ab.reports(one.block.text) if report.non_2xx}
        again = ab.reports(ran.capture.stdout) if ran.capture else []
        if paths & {report.document_path for report in again}:
            return True
    return False


def reversed_(one: Shown, ran: Ran) -> Finding | None:
    """Find an output that shows a failure where the rerun's command worked."""
    text = one.block.text
    said = next(
        (text[found:].split("\n", 1)[0] for mark in (_TRACEBACK, "Query 20") if (found := text.find(mark)) >= 0), ""
    )
    if not said or (said.startswith("Query") and " failed:" not in said):
        return None
    line = next((at for at, printed in one.block.printed() if said in printed), one.block.first_line)
    message = "The report shows that the command failed; in the rerun it works."
    seen = tuple(evidence(ran, "ended without an error"))
    return Finding(
        CHECK, Verdict.DISAGREES, line, message, "works", quote(said), one.block.fence, Weight.WARNING, seen
    )  # fmt: skip
