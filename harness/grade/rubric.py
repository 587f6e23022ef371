"""A rubric: criteria with points, what proves each of them, and what the student is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from harness.errors import UsageError
from harness.grade.rubric_check import KINDS, check, fault
from harness.grade.rubric_yaml import Path as Place
from harness.grade.rubric_yaml import Plain, read

SHIPPED: Final = ("2018", "2019")
"""The rubrics of this package: assignments 9 to 12 of 2018, and project 3 from autumn 2019 on."""

PLACEHOLDERS: Final = ("actual", "expected", "file", "line", "max", "missing", "points")
"""The words in braces that a feedback text may have."""

_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_OTHERS: Final = frozenset({"needed", "weight"})


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that proves a criterion. `what` is the value of its kind's key, `options` are the keys beside it.

    `inner` are the proofs of `any`. Where a `needed` proof gives nothing, the whole criterion gives nothing.
    """

    kind: str
    what: Plain
    options: Mapping[str, Plain] = field(default_factory=dict)
    weight: Fraction = Fraction(1)
    needed: bool = False
    inner: Sequence[Proof] = ()

    @property
    def words(self) -> list[str]:
        """The value of its kind's key as a list of words."""
        return words(self.what)

    def number(self, option: str, default: Fraction) -> Fraction:
        """Give an option that is a number."""
        found = self.options.get(option)
        return default if found is None else amount(found)


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the student is told for full, partial and no credit."""

    full: str
    partial: str
    none: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a rubric.

    `levels` are the shares of its points that can be had: None for any share. The points of a bonus come on top of the
    rubric's. A hidden criterion is never shown to a student.
    """

    id: str
    title: str
    points: Fraction
    proofs: Sequence[Proof]
    feedback: Feedback
    levels: Sequence[Fraction] | None = None
    bonus: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Rubric:
    """A rubric as it was read. Points are exact.

    A criterion's points are rounded half up to a multiple of `step`, and the total is the sum of the rounded ones, at
    most `most`. `hidden_counted` says whether hidden criteria count in the total. Findings of the checks that match
    `hidden_checks` are for graders alone.
    """

    name: str
    title: str
    points: Fraction
    most: Fraction
    step: Fraction
    criteria: Sequence[Criterion]
    hidden_counted: bool = False
    hidden_checks: Sequence[str] = ()

    def counts(self, criterion: Criterion) -> bool:
        """Whether a criterion's points are part of the total."""
        return self.hidden_counted or not criterion.hidden

    def hides(self, check: str) -> bool:
        """Whether findings of a check are for graders alone."""
        return any(fnmatchcase(check, pattern) for pattern in self.hidden_checks)


def load_rubric(name: str) -> Rubric:
    """Read a rubric: one of `SHIPPED` by its name, or a file. Raises UsageError with file, line and remedy."""
    return parse(rubric_text(name), f"{name}.yaml" if name in SHIPPED else name)


def rubric_text(name: str) -> str:
    """Give the text of a rubric: one of `SHIPPED` by its name, or a file. Raises UsageError when it cannot be read."""
    if name in SHIPPED:
        return resources.files("harness.grade").joinpath("rubrics", f"{name}.yaml").read_text(encoding="utf-8")
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        seen = problem.strerror if isinstance(problem, OSError) else str(problem)
        wanted = f"a file of YAML, or one of {', '.join(SHIPPED)}"
        raise UsageError(f"The rubric {name!r} cannot be read.", wanted=wanted, seen=seen) from problem


def parse(text: str, name: str) -> Rubric:
    """Read the text of a rubric; `name` is said in errors."""
    tree = read(text, name)
    check(tree, name)
    rubric = _rubric(_mapping(tree.data))
    for path, wanted, seen in _faults(rubric):
        raise fault(tree, name, path, wanted, seen)
    return rubric


def amount(value: Plain) -> Fraction:
    """Give a number of a rubric exactly: `1`, `0.75`, or `1/3` as a text."""
    if isinstance(value, int | Decimal | str):
        return Fraction(value)
    raise TypeError(f"no number: {value!r}")


def words(value: Plain) -> list[str]:
    """Give a word, or a list of words, as a list."""
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]


@cache
def placeholders(text: str) -> tuple[str, ...]:
    """Give the words in braces of a feedback text."""
    return tuple(_BRACES.findall(text))


def _rubric(data: Mapping[str, Plain]) -> Rubric:
    points = amount(data["points"])
    criteria = data["criteria"]
    assert isinstance(criteria, list)
    return Rubric(
        name=str(data["rubric"]),
        title=str(data["title"]),
        points=points,
        most=amount(data.get("at_most", data["points"])),
        step=amount(data.get("round", Decimal("0.01"))),
        criteria=tuple(_criterion(_mapping(each)) for each in criteria),
        hidden_counted=data.get("hidden_points") == "counted",
        hidden_checks=tuple(words(data.get("hidden_checks", []))),
    )


def _criterion(data: Mapping[str, Plain]) -> Criterion:
    partial = data.get("partial", "shares")
    levels: Sequence[Fraction] | None = None
    if partial != "shares":
        given = partial if isinstance(partial, list) else []
        levels = tuple(sorted({Fraction(0), Fraction(1), *map(amount, given)}))
    texts = _mapping(data["feedback"])
    proofs = data["proof"]
    assert isinstance(proofs, list)
    return Criterion(
        id=str(data["id"]),
        title=str(data["title"]),
        points=amount(data["points"]),
        proofs=tuple(_proof(_mapping(each)) for each in proofs),
        feedback=Feedback(*(" ".join(str(texts[level]).split()) for level in ("full", "partial", "none"))),
        levels=levels,
        bonus=data.get("bonus") is True,
        hidden=data.get("hidden") is True,
    )


def _proof(data: Mapping[str, Plain]) -> Proof:
    kind = next(each for each in KINDS if each in data)
    what = data[kind]
    inner = tuple(_proof(_mapping(each)) for each in what) if kind == "any" and isinstance(what, list) else ()
    options = {key: value for key, value in data.items() if key != kind and key not in _OTHERS}
    return Proof(kind, what, options, amount(data.get("weight", 1)), data.get("needed") is True, inner)


def _faults(rubric: Rubric) -> Iterator[tuple[Place, str, str]]:
    """Find what the schema cannot say: sums, names that are taken twice, placeholders."""
    seen: set[str] = set()
    for at, each in enumerate(rubric.criteria):
        place: Place = ("criteria", at)
        if each.id in seen:
            yield (*place, "id"), "an id of its own", each.id
        seen.add(each.id)
        if each.points % rubric.step:
            yield (*place, "points"), f"a multiple of {rubric.step}, as points are rounded", str(each.points)
        for level in ("full", "partial", "none"):
            for name in placeholders(getattr(each.feedback, level)):
                if name not in PLACEHOLDERS:
                    allowed = ", ".join(f"{{{word}}}" for word in PLACEHOLDERS)
                    yield (*place, "feedback", level), f"one of {allowed}", f"{{{name}}}"
    total = sum((each.points for each in rubric.criteria if rubric.counts(each) and not each.bonus), Fraction(0))
    if total != rubric.points:
        yield ("points",), f"the sum of the criteria that are no bonus, {total}", str(rubric.points)
    if rubric.most < rubric.points:
        yield ("at_most",), f"no less than points, {rubric.points}", str(rubric.most)


def _mapping(value: Plain) -> Mapping[str, Plain]:
    return value if isinstance(value, Mapping) else {}
