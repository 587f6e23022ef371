"""Comments in commands that say how often the loop below them runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.grade.claims.extract import claims
from harness.grade.claims.model import Claim, Piece, Unit
from harness.grade.claims.names import Names
from harness.grade.claims.tokens import sentences
from harness.readme.blocks import Block, Kind

_LOOPS = ("for ", "while ", "until ")
_REACH = 3
"""How many lines below a comment its loop may begin."""


def loop_comments(piece: Piece, known: Names) -> Iterator[Claim]:
    """Give the claims of the comments of a command that count the passes of its only loop."""
    if piece.load is None or piece.load.loops is None:
        return
    printed = piece.block.printed()
    for at, (line, text) in enumerate(printed):
        comment = text.strip()
        below = [each.strip() for _, each in printed[at + 1 : at + 1 + _REACH]]
        if not comment.startswith("#") or not any(each.startswith(_LOOPS) for each in below):
            continue
        block = Block(Kind.PROSE, comment.lstrip("# "), line, line)
        for sentence in sentences(block):
            found = [claim for claim in claims(sentence, known) if claim.unit is Unit.LOOP]
            loops = "loop" in sentence.words() or "iterate" in sentence.words()
            yield from (replace(claim, firm=claim.firm and loops) for claim in found)
