"""What grading says of a submission: findings, each a number or a statement of the report with its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath

from harness.model import Fact
from harness.readme.blocks import Block, Reading


class Verdict(StrEnum):
    """What became of one claim.

    `VOLATILE` differs from run to run and is not compared. `TOLERATED` differs in a way that is right all the same,
    such as rounding. `NOT_CHECKED` found nothing to be compared with.
    """

    AGREES = "agrees"
    VOLATILE = "volatile"
    TOLERATED = "tolerated"
    DISAGREES = "disagrees"
    NOT_CHECKED = "not checked"


class Weight(StrEnum):
    """How much a disagreement weighs. A warning may have a good reason that the report does not show."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the other value stands: a file of the submission, a line in it (from 1), and what it says, cut short."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim and its verdict.

    `check` names the check in kebab case, such as `ab-length`. `line` is the report's line (or that of `file`), and
    `block` the number of the fence, or None in prose. `expected` is what the evidence gives, `actual` what the report
    says; both are JSON values. `message` says it in one sentence, for a student who reads it.
    """

    check: str
    verdict: Verdict
    line: int
    message: str
    expected: Fact = None
    actual: Fact = None
    block: int | None = None
    weight: Weight = Weight.ERROR
    evidence: Sequence[Evidence] = ()
    file: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it is a disagreement without an excuse."""
        return self.verdict is Verdict.DISAGREES and self.weight is Weight.ERROR

    @property
    def is_warning(self) -> bool:
        """Whether it is a disagreement that may have a reason."""
        return self.verdict is Verdict.DISAGREES and self.weight is Weight.WARNING


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission as it was read: the report, and the text of the other files by their path in the folder.

    `report` is the report's path in the folder and `text` what is in it, as the findings count its lines. `files` holds
    the other files that are text and not too large; `skipped` says of every other one why not. Nothing was executed.
    """

    report: PurePosixPath
    reading: Reading
    files: Mapping[str, str]
    skipped: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    @property
    def blocks(self) -> Sequence[Block]:
        """The report's blocks in their order."""
        return self.reading.blocks


@dataclass(frozen=True, slots=True)
class Grading:
    """The outcome for one submission."""

    submission: Submission
    findings: Sequence[Finding]

    @property
    def errors(self) -> list[Finding]:
        """The findings that are wrong for sure."""
        return [finding for finding in self.findings if finding.is_error]

    @property
    def warnings(self) -> list[Finding]:
        """The findings that may have a reason."""
        return [finding for finding in self.findings if finding.is_warning]
