"""`shown`: the report has a step, with its command, its output, words about it, and a heading above it."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from harness.grade.model import Evidence
from harness.grade.proofs.commands import of_block
from harness.grade.proofs.model import NOTHING, Case, Proven
from harness.grade.proofs.prose import first_heading, is_about
from harness.grade.rubric import Proof, words
from harness.readme.blocks import Kind

_PARTS: Final = {
    "command": "no command",
    "output": "no output below it",
    "words": "no sentence about it",
    "heading": "no heading of its section",
}
_ANSWERS: Final = frozenset({Kind.EXCERPT, Kind.LISTING, Kind.OUTPUT})


def prove(proof: Proof, case: Case) -> Proven:
    """Give the share of the wanted parts that the best place with one of these programs has."""
    blocks = case.submission.blocks
    wanted = words(proof.options.get("with", list(_PARTS)))
    names = set(proof.words)
    said = " or ".join(proof.words)
    answered = {block.answers for block in blocks if block.kind in _ANSWERS}
    heading = first_heading(blocks)
    best: tuple[int, int, list[str]] | None = None
    for at, block in enumerate(blocks):
        if block.kind not in (Kind.COMMAND, Kind.LISTING) or not names & of_block(block, case.submission):
            continue
        there = {
            "command": True,
            "output": block.first_line in answered,
            "words": is_about(blocks, at),
            "heading": at > heading,
        }
        lacking = [part for part in wanted if not there[part]]
        if best is None or len(lacking) < len(best[2]):
            best = (block.first_line, at, lacking)
        if not lacking:
            break
    if best is None:
        return Proven(NOTHING, f"the report has no command with {said}", values={"expected": said})
    line, at, lacking = best
    line, text = next(((line, text) for line, text in blocks[at].printed() if text.strip()), (line, ""))
    evidence = (Evidence("", line, text.strip()[:200]),)
    share = Fraction(len(wanted) - len(lacking), len(wanted))
    why = f"{said}: {', '.join(_PARTS[part] for part in lacking) or ', '.join(wanted)}"
    return Proven(share, why, evidence, {"line": str(line)})
