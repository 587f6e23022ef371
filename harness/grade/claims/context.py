"""How a sentence stands to what is around it: whether it introduces an output, comments on one, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from harness.grade.claims.model import Claim, Sentence
from harness.grade.claims.vocabulary import SHOWING

_POINTING_AHEAD: Final = frozenset({"following", "below"})
_POINTING_BACK: Final = frozenset({"which", "this", "these", "here", "above"})
_SEEING: Final = frozenset(
    {
        ("we", "see"), ("i", "see"), ("we", "can"), ("i", "can"), ("the", "output"), ("the", "above"),
        ("the", "table"), ("the", "log"), ("the", "result"), ("it", "shows"), ("in", "summary"), ("in", "total"),
    }
)  # fmt: skip
_FOLLOWING_ON: Final = frozenset({("there", "are"), ("within", "these"), ("of", "these"), ("of", "those")})
_LATER: Final = frozenset({"will", "next", "then", "now", "later", "again"})
_ADVERBS: Final = frozenset({"first", "finally", "lastly", "last"})
_NAMING: Final = frozenset({("which", "are"), ("these", "are"), ("this", "is"), ("in", "summary"), ("in", "total")})
_RESTRICTING: Final = frozenset(
    {"the", "our", "my", "these", "those", "both", "only", "we", "i", "that", "which", "of"}
)
_LEAD: Final = 4
"""Words before a number in which a verb such as `see` takes the number for its object."""


@dataclass(frozen=True, slots=True)
class Context:
    """A sentence with its claims and its block's place in the report.

    `following` says that the sentence before it in its block comments on an output.
    """

    sentence: Sentence
    claims: Sequence[Claim]
    at: int
    words: frozenset[str]
    following: bool = False

    @classmethod
    def of(cls, sentence: Sentence, claims: Sequence[Claim], at: int, following: bool) -> Context:
        """Make the context. An adverb at a sentence's start (`First I send …`) is no part of what it says."""
        tokens = sentence.tokens[1:] if sentence.tokens[0].lower in _ADVERBS else sentence.tokens
        return cls(sentence, claims, at, frozenset(token.lower for token in tokens), following)

    @property
    def ahead(self) -> bool:
        """Whether the sentence introduces what follows it."""
        return self.sentence.last and (self.sentence.colon or not _POINTING_AHEAD.isdisjoint(self.words))

    @property
    def introduces(self) -> bool:
        """Whether the sentence ends with a colon."""
        return self.sentence.colon

    @property
    def back(self) -> bool:
        """Whether the sentence speaks of what it follows."""
        opening = self._opening()
        if not _LATER.isdisjoint(self.words):
            return False
        points = opening[0] in _POINTING_BACK or opening in _SEEING
        return (self.sentence.first and points) or (self.following and opening in _FOLLOWING_ON)

    @property
    def presents(self) -> bool:
        """Whether the sentence presents or names an output."""
        return not self.words.isdisjoint(SHOWING) or self._opening() in _NAMING

    def is_object(self, claim: Claim) -> bool:
        """Whether the number is what the sentence shows: `see the following 40`, `shows 20`, `there are 3`."""
        words = [token.lower for token in self.sentence.tokens[max(0, claim.at - _LEAD) : claim.at]]
        return not SHOWING.isdisjoint(words) or (claim.at <= _LEAD and self._opening() in _NAMING)

    def is_definite(self, claim: Claim) -> bool:
        """Whether the number may be a part of more: `the two tables`, `3 items that we made`."""
        words = [token.lower for token in self.sentence.tokens]
        end = claim.at + len(claim.phrase.split(" "))
        near = {*words[max(0, claim.at - 2) : claim.at], *words[end : end + 1]}
        return not near.isdisjoint(_RESTRICTING)

    def _opening(self) -> tuple[str, str]:
        words = [token.lower for token in self.sentence.tokens[:2]]
        return words[0], words[1] if len(words) > 1 else ""
