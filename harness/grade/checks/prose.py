"""Claims in prose against the outputs, commands and code that stand around them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from harness.grade.checks import own_summary
from harness.grade.claims.arithmetic import sums
from harness.grade.claims.code import of_files
from harness.grade.claims.comments import loop_comments
from harness.grade.claims.context import Context
from harness.grade.claims.evidence import shown
from harness.grade.claims.extract import claims
from harness.grade.claims.judge import Judged, judge, judge_comment
from harness.grade.claims.loads import load
from harness.grade.claims.model import TRAFFIC, Claim, Piece, Sentence, Unit
from harness.grade.claims.names import names
from harness.grade.claims.places import Report
from harness.grade.claims.tokens import sentences
from harness.grade.claims.vocabulary import number_at
from harness.grade.model import Evidence, Finding, Submission, Verdict, Weight
from harness.readme.blocks import Kind

_TASK = ("task", "instruction", "requirement", "rubric", "options", "do the following", "turn in", "assignment:")
_MATCHING = frozenset({"match", "matches", "matching", "corresponds", "corresponding", "equal", "equals"})
_SHARED = frozenset({"each", "per", "every", "apiece", "respectively"})
_TEXT_LIMIT = 120


def check_prose(submission: Submission) -> Iterator[Finding]:
    """Find the claims of the prose, and say of every one whether the report bears it out."""
    pieces = [Piece(block, tuple(shown(block)), load(block, submission.files)) for block in submission.blocks]
    known, report = names(pieces), Report(pieces, of_files(submission.files))
    file = str(submission.report)
    task = False
    for at, piece in enumerate(pieces):
        heading = piece.block.kind is Kind.HEADING
        if heading:
            task = any(words in piece.block.text.lower() for words in _TASK)
        for claim in loop_comments(piece, known):
            yield _finding(claim, judge_comment(claim, piece), pieces, file)
        if not (heading or piece.block.kind is Kind.PROSE) or task or own_summary.is_own(piece.block):
            continue
        following, whole = False, None
        for sentence in sentences(piece.block):
            read = (claim for claim in claims(sentence, known) if claim.unit is not Unit.OPTION or report.options)
            found = [replace(claim, firm=claim.firm and not heading) for claim in read]
            context = Context.of(sentence, found, at, following)
            following = context.back
            for claim in found:
                yield _finding(claim, judge(claim, context, report), pieces, file)
            whole = yield from _split(sentence, found, whole, known.types, file)
            whole = whole if sentence.colon else None
            yield from _matches(sentence, found, file)
            yield from _sums(sentence, file)


def _finding(claim: Claim, judged: Judged, pieces: Sequence[Piece], file: str) -> Finding:
    if judged.agrees is not None:
        seen = judged.agrees
        where = f"{seen.file} defines" if seen.file else f"line {seen.line} shows"
        message = f"“{claim.phrase}” agrees with what {where}."
        evidence = [Evidence(seen.file or file, seen.line, seen.text[:_TEXT_LIMIT])]
        return Finding(
            "prose-count", Verdict.AGREES, claim.line, message, claim.number, claim.number, seen.block,
            evidence=evidence,
        )  # fmt: skip
    if judged.against is None:
        message = f"Nothing near “{claim.phrase}” says for sure how many {claim.unit.value} it means."
        return Finding("prose-count", Verdict.NOT_CHECKED, claim.line, message, None, claim.number)
    seen = judged.against
    if judged.missing:
        fence = next(piece.block for piece in pieces if piece.block.first_line <= seen.line <= piece.block.last_line)
        message = (
            f"The table has {seen.number} {_rows(seen.number)}, but it is presented as “{claim.phrase}” in line "
            f"{claim.line}."
        )
        evidence = [Evidence(file, claim.line, claim.phrase[:_TEXT_LIMIT])]
        return Finding(
            "prose-count", Verdict.DISAGREES, fence.first_line, message, seen.number, claim.number, seen.block,
            evidence=evidence,
        )  # fmt: skip
    source = "The command in" if seen.sent else "What is shown from"
    message = f"The text says “{claim.phrase}”. {source} line {seen.line} has {seen.number}: {seen.text[:60]}."
    evidence = [Evidence(file, seen.line, seen.text[:_TEXT_LIMIT])]
    return Finding(
        "prose-count", Verdict.DISAGREES, claim.line, message, seen.number, claim.number, seen.block,
        weight=Weight.ERROR if judged.certain else Weight.WARNING, evidence=evidence,
    )  # fmt: skip


def _rows(number: int) -> str:
    return "row" if number == 1 else "rows"


def _matches(sentence: Sentence, found: Sequence[Claim], file: str) -> Iterator[Finding]:
    """Compare two numbers of which the sentence says that they match; what else it means is not known."""
    words = [token.lower for token in sentence.tokens]
    counts = [claim for claim in found if claim.unit in TRAFFIC]
    for one, other in pairwise(counts):
        between = words[one.at : other.at]
        if _MATCHING.isdisjoint(between) or not _SHARED.isdisjoint(words) or "not" in between:
            continue
        rest = [claim.number for claim in counts if claim.at >= other.at]
        evidence = [Evidence(file, other.line, other.phrase[:_TEXT_LIMIT])]
        if one.number in (*rest, sum(rest)):
            message = f"“{one.phrase}” and “{other.phrase}” are the same number, as the text says."
            yield Finding(
                "prose-match", Verdict.AGREES, one.line, message, one.number, one.number, evidence=evidence
            )  # fmt: skip
        elif one.firm:
            message = f"The text says that “{one.phrase}” match “{other.phrase}”: these are not the same number."
            yield Finding(
                "prose-match", Verdict.DISAGREES, one.line, message, other.number, one.number,
                weight=Weight.WARNING, evidence=evidence,
            )  # fmt: skip


def _split(
    sentence: Sentence, found: Sequence[Claim], whole: Claim | None, names: frozenset[str], file: str
) -> Generator[Finding, None, Claim | None]:
    """Compare a number of events with those of the types behind it: `29 events: 20 default and 9 join_guild`.

    `whole` is the number at the end of a sentence before, where a colon ends it. Gives that of this sentence. A number
    that is no claim may be of one more type, so with one nothing is compared.
    """
    named = [claim for claim in found if claim.phrase.rpartition(" ")[2].lower() in names]
    plain = [claim for claim in found if claim not in named]
    if len(plain) == 1 and plain[0].unit in TRAFFIC and not (plain[0].kinds or plain[0].each or plain[0].host):
        whole = plain[0]
    elif plain:
        whole = None
    types = {claim.phrase.rpartition(" ")[2].lower() for claim in named}
    words = [token.lower for token in sentence.tokens]
    numbers = sum(number_at(words, at) is not None for at in range(len(words)))
    if (
        whole
        and whole.firm
        and numbers == len(found)
        and len(types) == len(named) > 1
        and not any(claim.each for claim in named)
    ):
        total = sum(claim.number for claim in named)
        listed = ", ".join(claim.phrase for claim in named)[:_TEXT_LIMIT]
        evidence = [Evidence(file, named[0].line, listed)]
        if total == whole.number:
            message = f"“{whole.phrase}” is the sum of {listed}."
            yield Finding("prose-split", Verdict.AGREES, whole.line, message, total, total, evidence=evidence)
        elif named[0].at > whole.at or whole not in found:
            message = f"The text says “{whole.phrase}”, but {listed} are {total} together."
            yield Finding(
                "prose-split", Verdict.DISAGREES, whole.line, message, total, whole.number,
                weight=Weight.WARNING, evidence=evidence,
            )  # fmt: skip
    return whole


def _sums(sentence: Sentence, file: str) -> Iterator[Finding]:
    for line, left, right, text in sums(sentence):
        verdict = Verdict.AGREES if left == right else Verdict.DISAGREES
        message = f"“{text[:_TEXT_LIMIT]}” is {'right' if left == right else f'wrong: it gives {left}'}."
        evidence = [Evidence(file, line, text[:_TEXT_LIMIT])]
        yield Finding("prose-sum", verdict, line, message, left, right, evidence=evidence)
