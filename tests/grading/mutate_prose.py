"""Mistakes in what the author says."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import wording as say
from document import Claim, Part, Role, Submission
from mutation import Mutated, mutation, other

_OWN_KIND = ("rounds", "option")


def _claims(submission: Submission) -> list[tuple[int, Claim]]:
    return [(number, claim) for number, part in enumerate(submission.parts) for claim in part.claims]


def _change(rng: random.Random, submission: Submission, number: int, claim: Claim, new: str) -> Mutated:
    part = submission.parts[number]
    line = re.sub(rf"(?<![\w.-]){re.escape(claim.written)}(?![\w-])", new, part.lines[claim.line], count=1)
    return Mutated(submission.with_part(number, part.with_line(claim.line, line)), lines={(number, claim.line)})


def _wrong(rng: random.Random, submission: Submission, claim: Claim, *, word: bool) -> str | None:
    """Give a number that no claim of the report has."""
    taken = {claim.value for _, claim in _claims(submission)}
    for _ in range(30):
        new = other(rng, claim.value)
        if new not in taken and new > 1 and (not word or say.spelt(new)):
            text = say.spelt(new) if word else str(new)
            return text.capitalize() if text and claim.written[0].isupper() else text
    return None


def _any(rng: random.Random, submission: Submission, *, word: bool) -> Mutated | None:
    found = [(n, c) for n, c in _claims(submission) if c.about not in _OWN_KIND and c.written.isdigit() is not word]
    found = [(n, c) for n, c in found if c.written not in submission.parts[n].lines[c.line][: _at(submission, n, c)]]
    if not found:
        return None
    number, claim = rng.choice(found)
    new = _wrong(rng, submission, claim, word=word)
    return _change(rng, submission, number, claim, new) if new else None


def _at(submission: Submission, number: int, claim: Claim) -> int:
    line = submission.parts[number].lines[claim.line]
    found = re.search(rf"(?<![\w.-]){re.escape(claim.written)}(?![\w-])", line)
    return found.start() if found else 0


@mutation("prose_digits")
def prose_digits(rng: random.Random, submission: Submission) -> Mutated | None:
    return _any(rng, submission, word=False)


@mutation("prose_word")
def prose_word(rng: random.Random, submission: Submission) -> Mutated | None:
    return _any(rng, submission, word=True)


@mutation("prose_option")
def prose_option(rng: random.Random, submission: Submission) -> Mutated | None:
    """Say -n 10 of a command that has -n 2."""
    found = [(number, claim) for number, claim in _claims(submission) if claim.about == "option"]
    if not found:
        return None
    number, claim = rng.choice(found)
    new = _wrong(rng, submission, claim, word=False)
    return _change(rng, submission, number, claim, new) if new else None


@mutation("loop_times")
def loop_times(rng: random.Random, submission: Submission) -> Mutated | None:
    """Call a loop of eleven rounds one of ten."""
    found = [(number, claim) for number, claim in _claims(submission) if claim.about == "rounds" and claim.value > 2]
    if not found:
        return None
    number, claim = rng.choice(found)
    new: str | None = str(claim.value - 1)
    if not claim.written.isdigit():
        new = say.spelt(claim.value - 1)
    return _change(rng, submission, number, claim, new) if new else None


@mutation("prose_ambiguous")
def prose_ambiguous(rng: random.Random, submission: Submission) -> Mutated | None:
    """Say one number twice in a sentence, differently: 40 calls for 20 actions."""
    found = [(number, claim) for number, claim in _claims(submission) if claim.about == "log" and claim.value > 3]
    if not found:
        return None
    number, claim = rng.choice(found)
    less = claim.value // 2
    text = f"The log has {claim.value} API calls, which match the {less} actions of the players:"
    part = submission.parts[number]
    return Mutated(submission.with_part(number, part.with_lines([text])), lines={(number, 0)})


@mutation("wrong_question")
def wrong_question(rng: random.Random, submission: Submission) -> Mutated | None:
    """Answer a question about one type of event with the table of another."""
    tables = [number for number in submission.tagged("groups") if submission.parts[number].role is Role.COMMAND]
    things = list(submission.facts.get("others", []))  # type: ignore[call-overload]
    if not tables or not things:
        return None
    number = rng.choice(tables)
    command, output = submission.parts[number], submission.parts[number + 1]
    verb, thing = rng.choice(things)
    text = rng.choice(
        [
            f"How many times did each player {verb} a {thing}?",
            f"What is the average number of times that a player did {verb} a {thing}?",
            f"Next question: which player did {verb} the most {thing}s?",
        ]
    )
    new = [Part(Role.PROSE, [text]), command, output]
    at = number + 2
    parts = [*submission.parts[:at], *new, *submission.parts[at:]]
    changed = replace(submission, parts=parts)
    return Mutated(changed, parts={at, at + 1, at + 2})
