"""Relations that must hold across steps, derived from the record alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.model import Fact, Invariant, Outcome, StepRecord


class Evidence:
    """The facts of a record's steps, by the kind of output that they came from. It notes which steps were asked."""

    def __init__(self, steps: Mapping[str, StepRecord]) -> None:
        self._steps = steps
        self.asked: set[str] = set()

    def all(self, step: str, kind: str, fact: str) -> list[Fact]:
        """Give a fact of every output of one kind in a step, in order."""
        self.asked.add(step)
        if step not in self._steps:
            return []
        commands = self._steps[step].commands
        return [c.facts.get(fact) for c in commands if c.facts.get("kind") == kind]

    def total(self, step: str, kind: str, fact: str) -> int:
        """Give the sum of a count."""
        return sum(value for value in self.all(step, kind, fact) if isinstance(value, int))

    def last(self, step: str, kind: str, fact: str) -> Fact:
        """Give the fact of the last such output; None when there is none."""
        found = self.all(step, kind, fact)
        return found[-1] if found else None

    def entry(self, step: str, kind: str, fact: str, key: str) -> Fact:
        """Give one entry of a mapping, from the last such output that has it."""
        found = [value[key] for value in self.all(step, kind, fact) if isinstance(value, Mapping) and key in value]
        return found[-1] if found else None


Rule = Callable[[Evidence], tuple[Fact, Fact]]


@dataclass(frozen=True, slots=True)
class DeclaredInvariant:
    """An invariant of the assignment: `rule` gives what is expected and what was seen."""

    id: str
    rule: Rule


_DECLARED: dict[str, DeclaredInvariant] = {}


def invariant(invariant_id: str) -> Callable[[Rule], Rule]:
    """Declare an invariant: a function from `Evidence` to (expected, actual)."""

    def declare(rule: Rule) -> Rule:
        _DECLARED[invariant_id] = DeclaredInvariant(invariant_id, rule)
        return rule

    return declare


def declared() -> Sequence[DeclaredInvariant]:
    """Give all declared invariants in order."""
    return list(_DECLARED.values())


def evaluate(steps: Sequence[StepRecord], rules: Sequence[DeclaredInvariant] | None = None) -> tuple[Invariant, ...]:
    """Derive every invariant whose steps ran; one with a step that did not run is left out."""
    by_id = {item.id: item for item in steps}
    ran = {item.id for item in steps if item.outcome in (Outcome.PASSED, Outcome.FAILED)}
    found = []
    for item in declared() if rules is None else rules:
        evidence = Evidence(by_id)
        try:
            expected, actual = item.rule(evidence)
        except Exception as problem:  # a rule that stumbles over what is not there must not cost the record
            expected, actual = None, f"{type(problem).__name__}: {problem}"
        if evidence.asked <= ran:
            holds = expected == actual and expected is not None
            found.append(Invariant(item.id, expected, actual, holds))
    return tuple(found)
