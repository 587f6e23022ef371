"""Sums in prose: `10 × 52 = 520`, `52 loops x 10 requests = 520 requests`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import prod

from harness.grade.claims.model import Sentence
from harness.grade.claims.vocabulary import UNITS

_ATOM = re.compile(r"\d[\d,.%:/]*+|[^\W\d][\w-]*+|=|\S")
_TIMES, _PLUS = frozenset({"x", "×", "*", "X"}), frozenset({"+"})
_GOING_ON = _TIMES | _PLUS | {"-", "/", "=", ".", "%", "÷", "−"}
_LIMIT = 400


def sums(sentence: Sentence) -> Iterator[tuple[int, int, int, str]]:
    """Give each sum of whole numbers: its line, what its left side gives, what stands at its right, and its text."""
    atoms: list[tuple[str, int]] = []
    for token in sentence.tokens[:_LIMIT]:
        if not token.code:
            atoms += [(atom, token.line) for atom in _ATOM.findall(token.text + token.tail.strip(".,;:!?"))]
    for at, (atom, line) in enumerate(atoms):
        if atom != "=" or at + 1 >= len(atoms) or not (right := _number(atoms[at + 1][0])):
            continue
        if any(after in _GOING_ON for after, _ in atoms[at + 2 : at + 5]):
            continue
        left, start = _left([each for each, _ in atoms[:at]])
        if left is not None:
            yield line, left, right, " ".join(each for each, _ in atoms[start : at + 2])


def _left(atoms: Sequence[str]) -> tuple[int | None, int]:
    """Read a chain of operands and operators backwards; None for the value where there is none, or it is not plain."""
    products: list[list[int]] = [[]]
    at = len(atoms) - 1
    operators = 0
    while True:
        words = 0
        while at >= 0 and words < 3 and atoms[at][0].isalpha() and atoms[at] not in _TIMES:
            words += 1
            at -= 1
        if at < 0 or (number := _number(atoms[at])) is None or (words and atoms[at + words].lower() not in UNITS):
            return None, 0
        products[-1].append(number)
        at -= 1
        if at < 0 or atoms[at] not in (*_TIMES, *_PLUS):
            break
        if atoms[at] in _PLUS:
            products.append([])
        operators += 1
        at -= 1
    if not operators or (at >= 0 and not (atoms[at][0].isalpha() or atoms[at] in ("(", ",", ";"))):
        return None, 0
    return sum(prod(factors) for factors in products), at + 1


def _number(atom: str) -> int | None:
    digits = atom.replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
