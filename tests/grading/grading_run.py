"""Grades a folder in process, and tells whether a mistake was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import corpus
import dress
from corpus import Mistake
from document import Submission as Made
from kinds import KINDS

from harness.grade import Grading, grade
from harness.grade.model import Finding


@dataclass(frozen=True)
class Graded:
    """What was said of one folder: the disagreements, each with the text of its line."""

    grading: Grading
    lines: Sequence[str]

    @property
    def disagreements(self) -> list[Finding]:
        return [*self.grading.errors, *self.grading.warnings]

    def key(self, finding: Finding) -> tuple[str, ...]:
        return finding.check, self.text(finding), repr(finding.expected), repr(finding.actual), finding.message

    def text(self, finding: Finding) -> str:
        """Give the line that a finding is about."""
        if finding.file and finding.file != str(self.grading.submission.report):
            lines = self.grading.submission.files.get(finding.file, "").split("\n")
        else:
            lines = list(self.lines)
        return lines[finding.line - 1] if 0 < finding.line <= len(lines) else ""


def grade_made(made: Made, folder: Path) -> Graded:
    """Write a made submission, and grade it."""
    grading = grade(corpus.write(made, folder))
    return Graded(grading, (folder / made.report).read_text().split("\n"))


def found(mistake: Mistake, before: Graded, after: Graded) -> bool:
    """Whether grading says of the mistake what it does not say of the right submission."""
    kind = KINDS[mistake.kind]
    old = Counter(before.key(finding) for finding in before.disagreements)
    new = []
    for finding in after.disagreements:
        if old[after.key(finding)]:
            old[after.key(finding)] -= 1
        elif finding.check.startswith(kind.checks) and (kind.warning or finding.is_error):
            new.append(finding)
    return any(kind.anywhere or _is_there(mistake, after, finding) for finding in new)


def _is_there(mistake: Mistake, after: Graded, finding: Finding) -> bool:
    mutated = mistake.mutated
    if finding.file in mutated.files:
        return True
    made = mutated.submission
    if made.report.endswith(".ipynb"):
        return _in_cell(mistake, after, finding)
    rendered = dress.render(made)
    if any(rendered.where.get(place) == finding.line for place in mutated.lines):
        return True
    parts = mutated.parts | {part for part, _ in mutated.lines}
    return any(_around(rendered, part, finding.line) for part in parts)


def _around(rendered: dress.Rendered, part: int, line: int) -> bool:
    """Whether a line is in a part, or is its fence."""
    span = rendered.spans.get(part)
    return span is not None and span[0] - 1 <= line <= span[1] + 1


def _in_cell(mistake: Mistake, after: Graded, finding: Finding) -> bool:
    """Whether a finding is in a block of the notebook that has a line of the mistake."""
    parts = mistake.mutated.parts | {part for part, _ in mistake.mutated.lines}
    made = mistake.mutated.submission.parts
    wanted = {line.strip() for part in parts if 0 <= part < len(made) for line in made[part].lines if line.strip()}
    blocks = [b for b in after.grading.submission.blocks if b.first_line <= finding.line <= b.last_line]
    return any(text.strip() in wanted for block in blocks for _, text in block.printed())
