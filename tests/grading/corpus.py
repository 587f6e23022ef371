"""Makes the corpus: right submissions by seed, and copies of them with one mistake each."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import dress
import mutate_ab
import mutate_code
import mutate_outputs
import mutate_prose
import mutate_queries
import story
from document import Submission
from mutation import MUTATIONS, Mutated

MODULES = (mutate_ab, mutate_code, mutate_outputs, mutate_prose, mutate_queries)
"""The modules whose import registers the kinds."""


def right(seed: int) -> Submission:
    """Make the right submission of a seed."""
    return story.tell(seed, dress.choose(seed))


def report_text(submission: Submission) -> str:
    """Give the report as the text of its file."""
    if submission.report.endswith(".ipynb"):
        return dress.notebook(submission)
    text = dress.render(submission).text
    return text.replace("\n", "\r\n") if submission.dress.get("crlf") else text


def write(submission: Submission, folder: Path) -> Path:
    """Write a submission's files. Returns the folder."""
    for path, text in {**submission.files, submission.report: report_text(submission)}.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, newline="")
    return folder


@dataclass(frozen=True)
class Mistake:
    """A submission with one mistake of a kind, and the right one that it was made from."""

    kind: str
    base: Submission
    mutated: Mutated

    @property
    def name(self) -> str:
        return f"{self.kind} in {self.base.name}"


def mistake(kind: str, base: Submission, seed: int) -> Mistake | None:
    """Make a mistake of a kind in a submission. None where it has nothing of which that kind could be made."""
    mutated = MUTATIONS[kind](random.Random(f"{kind} {base.name} {seed}"), base)
    if mutated is None or (
        mutated.submission.files == base.files and list(mutated.submission.parts) == list(base.parts)
    ):
        return None
    return Mistake(kind, base, mutated)


def mistakes(seed: int, each: int) -> list[Mistake]:
    """Make some mistakes of every kind, each in a right submission of its own dress."""
    found = []
    for number, kind in enumerate(sorted(MUTATIONS)):
        made = 0
        for attempt in range(200):
            one = mistake(kind, right(seed * 100_000 + number * 1000 + attempt), seed)
            if one:
                found.append(one)
                made += 1
            if made == each:
                break
    return found
