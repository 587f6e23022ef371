"""One graded submission, as all files of results show it, and what of it its student may see."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Final

from harness.grade.model import Grading
from harness.grade.rerun.model import Rerun
from harness.grade.score import Score

_PLAIN: Final = re.compile(r"[A-Za-z0-9_][\w.+@-]{0,79}", re.ASCII)
_OTHER: Final = re.compile(r"[^A-Za-z0-9_.+@-]+")
_TAKEN: Final = frozenset(
    {"class.csv", "class.html", "findings.html", "grader.html", "measured.json", "rerun.json", "result.json", "student"}
)
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
"""Names that Windows has for devices, with any ending."""

UNREAD: Final = "The report was not found or cannot be read."
"""What a student is told of a problem; what it was names files of the grader's machine."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A submission with its score. `grading` is None where its report could not be read, and `problem` says why.

    `fault` is true where the reason is ours.
    """

    name: str
    score: Score
    grading: Grading | None = None
    rerun: Rerun | None = None
    problem: str = ""
    fault: bool = False

    def for_student(self) -> Graded:
        """Give what the student may see: no hidden criterion, no finding of a hidden check, no reason for graders."""
        rubric, grading = self.score.rubric, self.grading
        if grading is not None:
            grading = replace(grading, findings=[each for each in grading.findings if not rubric.hides(each.check)])
        problem = UNREAD if self.problem and not self.fault else ""
        return replace(self, score=self.score.for_student(), grading=grading, problem=problem)

    @property
    def folder(self) -> str:
        """The name of its folder among those of its class: its own where that is plain, else with a digest."""
        taken = self.name.lower() in _TAKEN or _DEVICE.fullmatch(self.name)
        if _PLAIN.fullmatch(self.name) and not taken and not self.name.endswith("."):
            return self.name
        digest = hashlib.sha256(self.name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return f"{_OTHER.sub('_', self.name)[:60].strip('._')}-{digest}".lstrip("-@+")
