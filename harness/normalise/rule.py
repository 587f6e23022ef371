"""What a rule is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from harness.model import Fact, Facts


@dataclass(frozen=True, slots=True)
class Observation:
    """What is compared of one command: its text, and the facts that its output gives.

    `open` says that one of the two runs had an open cluster, whose commands name other addresses.
    """

    command: str
    facts: Facts
    open: bool = False


@dataclass(frozen=True, slots=True)
class Masked:
    """An observation after a rule, and how many values the rule replaced: 0 where it did not apply."""

    observation: Observation
    values: int = 0


Pair: TypeAlias = tuple[Observation, Observation]
"""One command in two runs."""


class Rule(Protocol):
    """Something that differs between two honest runs, in a form that does not; each is a module of this package.

    `why` says in a few words why it differs. `example` is a command of two honest runs that the rule makes equal,
    `counter_example` one of two runs that no rule may make equal. A rule keeps every total: a number goes only
    where another number that stays says the same. Rules see derived facts only, never stored ones.
    """

    @property
    def name(self) -> str:
        """The rule's name in the list of masks."""
        ...

    @property
    def why(self) -> str:
        """Why two honest runs differ here."""
        ...

    @property
    def example(self) -> Pair:
        """A command of two honest runs."""
        ...

    @property
    def counter_example(self) -> Pair:
        """A command whose difference must show."""
        ...

    def apply(self, seen: Observation) -> Masked:
        """Give the observation with what is volatile replaced, in time linear in its size."""
        ...


def with_facts(seen: Observation, facts: Facts, values: int) -> Masked:
    """Give the observation with these facts in place of its own of the same names, and the number of values masked."""
    return Masked(replace(seen, facts={**seen.facts, **facts}), values)


def replace_strings(seen: Observation, mask: Callable[[str], str]) -> Masked:
    """Put every string of the facts through `mask`, at any depth; the keys of mappings stay."""
    values = 0

    def counted(text: str) -> str:
        nonlocal values
        masked = mask(text)
        values += masked != text
        return masked

    facts = {name: replaced(fact, counted) for name, fact in seen.facts.items()}
    return Masked(replace(seen, facts=facts), values) if values else Masked(seen)


def replaced(fact: Fact, mask: Callable[[str], str]) -> Fact:
    """Put every string of a fact through `mask`, at any depth; the keys of mappings stay."""
    if isinstance(fact, str):
        return mask(fact)
    if isinstance(fact, Mapping):
        return {key: replaced(value, mask) for key, value in fact.items()}
    if isinstance(fact, Sequence):
        return [replaced(item, mask) for item in fact]
    return fact


def items(fact: Fact) -> Sequence[Fact]:
    """Give the items of a fact that is a list; none for any other."""
    return fact if isinstance(fact, Sequence) and not isinstance(fact, str) else ()


def entry(fact: Fact, key: str) -> Fact:
    """Give one entry of a fact that is a mapping; None where there is none."""
    return fact.get(key) if isinstance(fact, Mapping) else None


def whole(facts: Sequence[Fact]) -> list[int] | None:
    """Give facts that are all whole numbers, or None. `True` is no number."""
    numbers = [fact for fact in facts if isinstance(fact, int) and not isinstance(fact, bool)]
    return numbers if len(numbers) == len(facts) else None
