"""What a comparison finds: differences, masks, changed sources, and how much was compared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.check.facts import Side


class Kind(StrEnum):
    """What disagrees: the two records, one of them with its own outputs, or with what every record must be."""

    RECORDS = "records"
    STORED_IN_EXPECTED = "stored in expected"
    STORED_IN_ACTUAL = "stored in actual"
    HIDDEN = "hidden by a rule"
    NOT_PASSED = "not passed"


@dataclass(frozen=True, slots=True)
class Command:
    """Which command it is: its id in the expected record, or in the actual one if only that has it.

    `at` are its places among the commands of its step in the expected and the actual record.
    """

    id: str
    service: str
    text: str
    at: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the records differ.

    `step` is None for an invariant, `command` also for a step's outcome. `field` is `outcome`, `command` (only one
    record has it), `exit code`, the path of a fact, or an invariant's id with `expected`, `actual` or `holds`. For
    a fact stored in a record that its output does not give again, `expected` is what the output gives, `actual`
    what is stored. For a rule that hides too much, `field` names the rule, `expected` is what it may do.
    """

    step: str | None
    command: Command | None
    field: str
    expected: Side
    actual: Side
    kind: Kind = Kind.RECORDS


@dataclass(frozen=True, slots=True)
class Mask:
    """A rule that was applied to a command, and how many values it replaced in each record."""

    rule: str
    step: str
    command: Command
    expected: int
    actual: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences, all masks, and how much was compared.

    `without_facts` counts the compared commands whose output no parser reads: only their exit codes count.
    `sources` are the files of the project whose listings differ: that is said, and is no difference.
    """

    differences: tuple[Difference, ...]
    masks: tuple[Mask, ...]
    steps: int
    commands: int
    without_facts: int
    invariants: int
    sources: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether there is no difference of any kind."""
        return not self.differences
