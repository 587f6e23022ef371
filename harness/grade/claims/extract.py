"""Claims in a sentence: a number, the noun that it counts, and the words between and around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from harness.grade.claims.model import TRAFFIC, Claim, Sentence, Token, Unit
from harness.grade.claims.names import Names, host_at
from harness.grade.claims.vocabulary import (
    AFTER,
    IDENTIFIED,
    INEXACT,
    MEASURES,
    PLAIN,
    STOPS,
    SUPPOSING,
    UNITS,
    is_foreign,
    number_at,
    singular,
)

_PHRASE_LIMIT = 6
_REACH = 12
"""How many words around a number may say whose events they are."""

_DONE = frozenset(
    (
        "were",
        "was",
        "are",
        "is",
        "have",
        "been",
        "being",
        "generated",
        "created",
        "made",
        "sent",
        "performed",
        "produced",
    )
)
_OPERATORS = (["x"], ["×"], ["*"], ["="], ["+"])
_OF_WHOM = frozenset({"from", "by", "for"})
_INSTRUCTIONS = frozenset({"your", "you're", "yours", "please", "submission", "turn"})
_NEGATED = frozenset({"not", "non", "never", "longer", "isn't", "wasn't", "won't", "aren't", "if", "non-empty"})
_EMPTY_THINGS = {"batch": Unit.EVENT, "table": Unit.ROW, "dataframe": Unit.ROW, "result": Unit.ROW, "output": Unit.ROW}


@dataclass(slots=True)
class _Found:
    """A number that waits for its noun, or has it. `end` is the index after its phrase."""

    number: int
    at: int
    end: int
    unit: Unit | None = None
    words: list[str] = field(default_factory=list)
    named: bool = True


def claims(sentence: Sentence, known: Names) -> list[Claim]:
    """Give the claims of a sentence in their order; none where it instructs, or is in another language."""
    words = [token.lower for token in sentence.tokens]
    if not words or not _INSTRUCTIONS.isdisjoint(words) or is_foreign(words):
        return []
    found = _numbers(sentence.tokens, words, known)
    firm = SUPPOSING.isdisjoint(words) and "you" not in words and not _is_call(words)
    made = [_claim(sentence.tokens, words, found, at, known, firm) for at in range(len(found))]
    made += [*_nothing(sentence.tokens, words, known, firm), *_options(sentence.tokens, words, firm)]
    return sorted(made, key=lambda claim: claim.at)


def _is_call(words: list[str]) -> bool:
    """Whether a sentence calls on somebody: `let us send`, `let me show`, or begins with `let`."""
    return any(one == "let" and (at == 0 or words[at + 1 : at + 2] in (["us"], ["me"])) for at, one in enumerate(words))


def _options(tokens: Sequence[Token], words: list[str], firm: bool) -> list[Claim]:
    """Give the claims of `-n 10`, in code or as two words that the sentence speaks of."""
    found = []
    for at, word in enumerate(words):
        name, _, digits = word.partition(" ")
        if name != "-n" or not (tokens[at].code or at):
            continue
        if (
            not digits
            and not tokens[at].code
            and at + 2 < len(words)
            and words[at + 2] in ("is", "means", "sets", "makes")
        ):
            digits = words[at + 1]
        if digits.isascii() and digits.isdigit() and len(digits) < 8:
            found.append(Claim(int(digits), Unit.OPTION, f"-n {digits}", tokens[at].line, firm=firm, at=at))
    return found


def _numbers(tokens: Sequence[Token], words: list[str], known: Names) -> list[_Found]:
    found: list[_Found] = []
    waiting: list[_Found] = []
    governor: _Found | None = None
    at = 0
    while at < len(words):
        read = None if tokens[at].code or tokens[at].quoted else number_at(words, at)
        typed = read is not None and read[1] < len(words) and words[read[1]] in known.types
        if read is None or not _counts(tokens, words, at, read[1], typed=typed):
            at = _after(words, at, read[1]) if read else at + 1
            continue
        one = _phrase(tokens, words, at, *read, known)
        if one is None and governor and governor.unit in TRAFFIC and _is_elliptic(words, read[1], known):
            one = _Found(read[0], at, read[1], governor.unit, governor.words, named=False)
        if one is None or words[one.end : one.end + 1] in _OPERATORS:
            waiting = []
        elif one.unit is None:
            waiting.append(one)
        else:
            found += [replace(each, unit=one.unit) for each in waiting]
            waiting = []
            found.append(one)
            governor = one if one.named else governor
        at = max(one.end if one else 0, read[1])
    return found


def _counts(tokens: Sequence[Token], words: list[str], at: int, end: int, *, typed: bool = False) -> bool:
    """Whether a number may be a count: not a name, a bound, an order, an option or a part of something longer."""
    before = words[at - 1] if at and not tokens[at - 1].tail.strip("*_)") else ""
    if before.startswith("-") or before.endswith(("#", "$", "€", "£", "=")) or before in INEXACT:
        return False
    if (
        before in IDENTIFIED
        and not typed
        and not (at > 1 and words[at - 2] in ("each", "per", "this", "that", "every"))
    ):
        return False
    if before in ("to", "of") and at > 1 and words[at - 2] in ("up", "instead", "close", "limit", "order", "maximum"):
        return False
    if before == "in" and 1990 <= (number_at(words, at) or (0, 0))[0] < 2050:
        return False
    if words[at] == "one" and before in ("this", "that", "no", "any", "which", "another", "the"):
        return False
    after = words[end] if end < len(words) else ""
    if after == "to" and (end + 1 >= len(words) or number_at(words, end + 1) is None):
        return True
    return after not in AFTER and "%" not in tokens[end - 1].tail and not _is_plural_scale(words, at)


def _after(words: list[str], at: int, end: int) -> int:
    """Give the index after a number that counts nothing, and after the other end of its range."""
    between = at and words[at - 1] == "between" and words[end : end + 1] == ["and"]
    if (between or words[end : end + 1] in (["to"], ["or"], ["-"], ["–"])) and end + 1 < len(words):
        other = number_at(words, end + 1)
        return other[1] if other else end
    return end


def _is_plural_scale(words: list[str], at: int) -> bool:
    return words[at] in ("hundreds", "dozens", "thousands")


def _phrase(tokens: Sequence[Token], words: list[str], at: int, number: int, end: int, known: Names) -> _Found | None:
    """Read on from a number to the last noun of its phrase; without a noun it may share that of the next number."""
    if any(mark in tokens[end - 1].tail for mark in ",;)"):
        return None
    if end < len(words) and words[end] in known.types and _ends_there(tokens, words, end):
        return _Found(number, at, end + 1, Unit.EVENT, [tokens[end].text])
    inner: list[str] = []
    step = end
    while step < min(len(words), end + _PHRASE_LIMIT):
        word = words[step]
        if not tokens[step].code and word in ("and", "&", "plus") and inner and _number_follows(words, step):
            return _Found(number, at, step, None, inner)
        unit = None if tokens[step].code else UNITS.get(word)
        if unit is not None:
            return _with_noun(tokens, words, _Found(number, at, step + 1, unit, inner))
        if word in MEASURES or (not tokens[step].code and (word in STOPS or number_at(words, step))):
            return None
        if word.endswith("s") and not word.endswith("ss") and singular(word) not in known.words and word not in PLAIN:
            return None
        inner.append(tokens[step].text)
        step += 1
        tail = tokens[step - 1].tail
        if any(mark in tail for mark in ",;("):
            return _Found(number, at, step, None, inner) if _number_follows(words, step - 1) and "," in tail else None
        if ")" in tail:
            return None
    return None


def _ends_there(tokens: Sequence[Token], words: list[str], at: int) -> bool:
    """Whether nothing but a further number, or the end of a part of the sentence, comes after a word."""
    return bool(tokens[at].tail.strip("*_")) or at + 1 == len(words) or words[at + 1] in ("and", "&", "plus")


def _number_follows(words: list[str], at: int) -> bool:
    after = at + 1 + (at + 1 < len(words) and words[at + 1] in ("and", "&"))
    return after < len(words) and number_at(words, after) is not None


def _with_noun(tokens: Sequence[Token], words: list[str], one: _Found) -> _Found | None:
    """Take a noun, or the last of two that stand together: `api calls`, `event types`, `types of events`."""
    at = one.end - 1
    if words[at] in ("type", "types", "kind", "kinds", "sort", "sorts"):
        return one
    while at + 1 < len(words) and not tokens[at].tail and not tokens[at + 1].code and words[at + 1] in UNITS:
        if words[at] not in ("event", "events", "api", "action", "request"):
            one.words.append(words[at])
        at += 1
        one.unit, one.end = UNITS[words[at]], at + 1
    if words[at] in ("purchases", "purchase"):
        one.words.append("purchase")
    after = words[at + 1 : at + 3]
    if after[:1] in (["per"], ["a"]) and len(after) > 1 and after[1] in MEASURES:
        return None
    if one.unit is Unit.LOOP and words[at] == "times" and words[at + 1 : at + 2] in (["more"], ["as"], ["faster"]):
        return None
    return one


def _is_elliptic(words: list[str], at: int, known: Names) -> bool:
    """Whether `10 from user1` or `10 were generated by user1` stands here."""
    step = at
    while step < min(len(words), at + 4) and words[step] in _DONE:
        step += 1
    if step + 1 >= len(words) or words[step] not in _OF_WHOM:
        return False
    return words[step + 1] in ("each", "every") or host_at(words, step + 1, known) is not None


def _claim(
    tokens: Sequence[Token], words: list[str], found: Sequence[_Found], which: int, known: Names, firm: bool
) -> Claim:
    one = found[which]
    unit = one.unit or Unit.EVENT
    start = found[which - 1].end if which else 0
    stop = found[which + 1].at if which + 1 < len(found) else len(words)
    after = words[one.end : min(stop, one.end + _REACH)]
    host = next((name for at in range(one.end, one.end + len(after)) if (name := host_at(words, at, known))), None)
    if one.named and host and not _OF_WHOM.intersection(after):
        host = None
    reach = range(one.at - 1, max(start, one.at - _REACH) - 1, -1)
    before = next((name for at in reach if (name := host_at(words, at, known))), None)
    kinds = {part for word in one.words for part in _kinds(word)}
    near = {*words[max(0, one.at - 5) : one.at], *words[one.end : one.end + 4]}
    strange = {word for word in kinds - known.words if word not in PLAIN and not word.endswith("ing")}
    return Claim(
        number=one.number,
        unit=unit,
        phrase=" ".join(token.text for token in tokens[one.at : one.end]),
        line=tokens[one.at].line,
        kinds=frozenset(kinds & known.words),
        strange=frozenset(strange),
        host=host,
        host_before=before,
        each=not near.isdisjoint({"each", "per", "every", "apiece"}),
        part="out" in words[max(0, one.at - 3) : one.at] or words[one.at] == "both",
        firm=firm,
        at=one.at,
    )


def _kinds(word: str) -> list[str]:
    return [singular(part) for part in word.lower().replace("_", " ").replace("-", " ").replace("/", " ").split()]


def _nothing(tokens: Sequence[Token], words: list[str], known: Names, firm: bool) -> list[Claim]:
    """Give the claims of nothing: `no events`, `an empty table`, `the batch is empty`."""
    found: list[Claim] = []
    for at, word in enumerate(words):
        if tokens[at].code or tokens[at].quoted:
            continue
        if word == "no":
            one = _phrase(tokens, words, at, 0, at + 1, known)
            if one is None or one.unit not in TRAFFIC:
                continue
            kinds = {part for each in one.words for part in _kinds(each)}
            unit, end = one.unit, one.end
        elif word == "empty" and _NEGATED.isdisjoint(words[max(0, at - 3) : at]):
            near = [*words[at + 1 : at + 3], *reversed(words[max(0, at - 4) : at])]
            thing = next((_EMPTY_THINGS[singular(each)] for each in near if singular(each) in _EMPTY_THINGS), None)
            if thing is None:
                continue
            kinds, unit, end = set(), thing, at + 1
        else:
            continue
        phrase = " ".join(token.text for token in tokens[at:end])
        known_kinds = frozenset(kinds & known.words)
        found.append(Claim(0, unit, phrase, tokens[at].line, known_kinds, firm=firm, at=at))
    return found
