"""feedback.md: points and feedback for the student as Markdown."""

from __future__ import annotations

from harness.grade.results import words
from harness.grade.results.graded import Graded
from harness.grade.score import Judged
from harness.render.readme import table
from harness.render.shown import line
from harness.render.text import inline


def render_feedback(graded: Graded) -> str:
    """Give the Markdown of what the student may see. Nothing of the student's text is more than text in it."""
    shown = graded.for_student()
    score = shown.score
    blocks = [f"## {inline(line(shown.name))}: {words.points(score)}", f"{inline(line(score.rubric.title))}."]
    blocks += [f"**{each}**" for each in (words.notice(score), inline(line(shown.problem))) if each]
    if score.points is not None:
        rows = (
            (words.sign(each), inline(line(each.criterion.title)), words.of_criterion(each)) for each in score.criteria
        )
        blocks.append(table(("", "criterion", "points"), rows))
        blocks += map(_criterion, sorted(score.criteria, key=words.urgency))
    return "\n\n".join(blocks) + "\n"


def _criterion(judged: Judged) -> str:
    parts = [
        f"### {words.sign(judged)} {inline(line(judged.criterion.title))} ({words.of_criterion(judged)})",
        inline(words.feedback(judged)),
        "\n".join(f"- {inline(each)}" for each in words.evidence(judged)),
        "\n".join(f"- {inline(each)}" for each in words.unproven(judged)),
    ]
    return "\n\n".join(part for part in parts if part)
