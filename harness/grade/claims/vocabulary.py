"""The words that claims are made of: numbers, what is counted, and what makes a number no count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from harness.grade.claims.model import Unit

_SMALL: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_LARGE: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_ONES: Final = {word: number for number, word in enumerate(_SMALL.split())}
_TENS: Final = {word: 10 * number for number, word in enumerate(_LARGE.split(), start=2)}
_SCALES: Final = {"dozen": 12, "hundred": 100, "thousand": 1000}
_DIGITS: Final = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,9}")
_PARTS: Final = re.compile(r"[A-Z]?[a-z]++|[A-Z]++|\d++")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


NOUNS: Final = {
    Unit.EVENT: "event events message messages record records entry entries purchases response responses",
    Unit.REQUEST: "request requests call calls hit hits action actions",
    Unit.ROW: "row rows",
    Unit.COLUMN: "column columns field fields",
    Unit.KEY: "key keys attribute attributes",
    Unit.TABLE: "table tables",
    Unit.ITEM: "item items",
    Unit.FILE: "file files",
    Unit.USER: "user users host hosts player players",
    Unit.BATCH: "batch batches micro-batch micro-batches microbatch microbatches",
    Unit.LOOP: "loop loops iteration iterations round rounds times",
    Unit.COMMAND: "command commands",
    Unit.SERVICE: "container containers service services",
    Unit.PARTITION: "partition partitions",
    Unit.TYPE: "type types kind kinds sort sorts",
    Unit.ROUTE: "route routes endpoint endpoints",
}
UNITS: Final = {word: unit for unit, words in NOUNS.items() for word in words.split()}

STOPS: Final = _set(
    "a an the and or but nor so of in on at to from for by with without into onto over under as is are was were "
    "be been being am do does did has have had having that which who whom whose where when while this these those "
    "it its i we you he she they them my our your his her their not no than then if because since after before "
    "during until about can could will would shall should may might must there here what how why very too just "
    "only per each via using up down out off through between within across see saw seen show shows showed get "
    "gets got & plus = + - – — vs minus"
)
"""No word of a phrase that names what is counted."""

IDENTIFIED: Final = _set(
    "version v port step week assignment part section chapter figure fig table project option user player batch "
    "window terminal node line page number no nr question query test example item task lab activity python spark "
    "http kafka flask ubuntu java apache presto hive python3 id exercise tab screen phase stage level lines steps "
    "number: unit partition broker worker day row column event request command terminals windows assignments "
    "weeks ports appendix advanced code status exit error month january february march april may june july august "
    "september october november december jan feb mar apr jun jul aug sep sept oct nov dec volume module lecture "
    "class"
)
"""A number after one of these is a name."""

INEXACT: Final = _set(
    "about around approximately approx roughly nearly almost over under than least most max maximum min minimum "
    "between ~ ≈ circa ca exceeding within above below until or every limit not first last top next other another "
    "previous remaining past final initial additional extra nth > < >= <= ≥ ≤ × * x / through up-to and/or via "
    "only-about"
)
"""A number after one of these is a bound, a guess, an order, or a part of a sum."""

AFTER: Final = _set("or to - – — + x × * / % percent or-so ish ≈")
"""A number before one of these likewise."""

MEASURES: Final = _set(
    "second seconds sec secs s ms minute minutes min mins hour hours hr hrs day days week weeks month months year "
    "years byte bytes kb mb gb tb kib mib gib percent % dollar dollars usd euro euros gold coin coins point "
    "points am pm gig cpu cpus core cores gbs vcpu vcpus degree degrees star stars credit credits"
)

PLAIN: Final = _set(
    "total new more batched batch api kafka different generated successful get http same following such json "
    "separate individual filtered unique actual test simple web flask ab raw logged extracted response resulting "
    "single distinct whole initial complete overall original bench apache dictionary available well formatted "
    "defined post put delete main parquet data docker running parallel matching combined expected identical "
    "consecutive possible of similar valid incoming existing simulated produced returned game nested created "
    "streaming stream hive external and all entire sample mock fake"
)
"""Words of a phrase that narrow nothing down."""

PARTIAL: Final = _set(
    "sample samples example examples snippet excerpt partial part some few first last top tail head truncated "
    "abridged shortened subset portion limit limited cropped omitted one-of beginning start abbreviated among cut "
    "such like similar"
)
"""A sentence with one of these may speak of a part of what there is."""

FRESH: Final = _set("new more additional latest recent another further extra newly just since")
"""A sentence with one of these may speak of what came last only."""

ONCE: Final = _set(
    "before was were initially until but now previously once no-longer started start earlier yet first since when "
    "while after if previous originally"
)
"""A sentence with one of these may say that something was empty at another time."""

REPEATING: Final = _set(
    "repeatedly several multiple again twice thrice couple repeat repeated repeating many times manually each every per"
)
"""A sentence with one of these may speak of a command that ran more than once."""

SUPPOSING: Final = _set(
    "would should could might may if suppose assume expect assuming hopefully plan want wanted need needs "
    "let's imagine ideally instead unless originally previously earlier yesterday tried wish e.g eg example "
    "instance probably likely perhaps maybe"
)
"""A sentence with one of these does not say what is."""

SHOWING: Final = _set(
    "see sees saw seen show shows showed shown showing get gets got output outputs outputted result results "
    "display displays displayed contain contains contained consist consists return returns returned list lists "
    "listed has have had following below there print prints printed find found observe observed view appear "
    "appears received receive correspond corresponds looks"
)
"""A sentence that presents an output has one of these."""

SENDING: Final = _set(
    "generate generates generated generating create creates created creating send sends sent sending make makes "
    "made making run runs ran running submit submits submitted issue issues issued fire fires add adds added feed "
    "feeds fed feeding produce produces produced simulate simulates simulated simulating perform performs "
    "performed trigger triggers call calls called calling execute executes executed hit hits loop loops iterate "
    "iterates repeat repeats publish publishes"
)
"""A sentence that describes a command has one of these."""

FOREIGN: Final = _set(
    "le la les des et du une que est dans pour avec sont der das und ist mit von nicht ein eine wir sind im den "
    "dem zu el los las y para con una por del se al è sono di il che nel della och som är het een met van zijn "
    "wij os um uma dos são nous voici"
)
ENGLISH: Final = _set(
    "the of and we there this that are with from by were following using which my i to it is in was for a as"
)


def number_at(words: list[str], at: int) -> tuple[int, int] | None:
    """Give the number that starts at a word, and the index after it; None where there is none.

    Reads `20`, `1,000`, `twelve`, `twenty-one`, `two hundred`, `a dozen`.
    """
    word = words[at]
    if _DIGITS.fullmatch(word):
        value = int(word.replace(",", ""))
        following = words[at + 1] if at + 1 < len(words) else ""
        return (value * _SCALES[following], at + 2) if following in ("hundred", "thousand") else (value, at + 1)
    if word == "a" and at + 1 < len(words) and words[at + 1] in _SCALES:
        return _SCALES[words[at + 1]], at + 2
    if word in ("dozen", "both"):
        return (12 if word == "dozen" else 2), at + 1
    tens, _, ones = word.partition("-")
    value = _ONES.get(word, _TENS.get(tens, -1))
    if value < 0 or (ones and not 1 <= _ONES.get(ones, 0) <= 9):
        return None
    value += _ONES.get(ones, 0)
    after = at + 1
    if value in range(20, 100, 10) and after < len(words) and 1 <= _ONES.get(words[after], 0) <= 9:
        value += _ONES[words[after]]
        after += 1
    if after < len(words) and words[after] in _SCALES:
        value *= _SCALES[words[after]]
        after += 1
    return value, after


def parts(name: str) -> frozenset[str]:
    """Give the words of a name such as `purchase_sword`, `/purchase_a_sword` or `joinGuild`, in the singular."""
    found = (singular(part.lower()) for part in _PARTS.findall(name[:200]))
    return frozenset(part for part in found if part not in ("a", "an", "the", "of", "my", "event"))


def singular(word: str) -> str:
    """Give a word without the s of the plural."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def is_foreign(words: Sequence[str]) -> bool:
    """Whether the words of a sentence are of another language than English."""
    foreign = sum(word in FOREIGN for word in words)
    return foreign >= 2 and foreign >= sum(word in ENGLISH for word in words)
