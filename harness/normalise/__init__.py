"""What differs between two honest runs, taken away by rules before two records are compared.

Each rule is a module: why it is needed, an example of two runs that it makes equal, a counter-example that no rule
may make equal, and the function itself. What a rule masked is counted, and always shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness import extend
from harness.model import Facts
from harness.normalise import (
    addresses,
    event_ids,
    part_files,
    row_order,
    stream_batches,
    stream_files,
    stream_folder,
    timestamps,
)
from harness.normalise.rule import Masked, Observation, Pair, Rule

__all__ = ["RULES", "Applied", "Masked", "Normal", "Observation", "Pair", "Rule", "all_rules", "normalise"]

RULES: tuple[Rule, ...] = (
    stream_batches,
    stream_folder,
    stream_files,
    part_files,
    timestamps,
    event_ids,
    row_order,
    addresses,
)
"""In the order in which they are applied: rows are counted when they are masked, and commands are read before."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule that replaced something: the facts before it and after it."""

    rule: str
    before: Facts
    after: Facts

    @property
    def facts(self) -> tuple[Facts, Facts]:
        """The facts before and after."""
        return self.before, self.after


@dataclass(frozen=True, slots=True)
class Normal:
    """An observation in the form that is compared, how many values each rule replaced in it, and how."""

    observation: Observation
    masks: dict[str, int]
    applied: tuple[Applied, ...] = ()


def all_rules() -> tuple[Rule, ...]:
    """Give the rules, those of extensions last."""
    return (*RULES, *extend.RULES)


def normalise(seen: Observation) -> Normal:
    """Apply every rule, one after another. Rules that replaced nothing are not listed."""
    masks: dict[str, int] = {}
    applied: list[Applied] = []
    for rule in all_rules():
        masked = rule.apply(seen)
        if masked.values:
            masks[rule.name] = masked.values
        if masked.observation.facts != seen.facts:
            applied.append(Applied(rule.name, seen.facts, masked.observation.facts))
        seen = masked.observation
    return Normal(seen, masks, tuple(applied))
