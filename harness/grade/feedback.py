"""The feedback text of a criterion, with its placeholders filled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from harness.grade.points import text_of
from harness.grade.proofs.model import Proven
from harness.grade.rubric import Criterion, placeholders

_SENTENCE: Final = re.compile(r"(?<=[.!?]) +(?=\S)")
_BRACES: Final = re.compile(r"\{([^{}]*)\}")


def feedback(criterion: Criterion, level: str, points: Fraction, proven: Sequence[Proven]) -> str:
    """Fill the text for a level (`full`, `partial`, `none`). A sentence whose value nobody knows is left out."""
    known = {"max": text_of(criterion.points), "points": text_of(points)}
    short = [each for each in proven if each.share is not None and each.share < 1]
    if short:
        known["missing"] = "; ".join(each.why for each in short)
    for each in (*short, *proven):
        for name, value in each.values.items():
            known.setdefault(name, value)
    template = getattr(criterion.feedback, level)
    sentences = (each for each in _SENTENCE.split(template) if all(name in known for name in placeholders(each)))
    return " ".join(_BRACES.sub(lambda found: known[found[1]], each) for each in sentences)
