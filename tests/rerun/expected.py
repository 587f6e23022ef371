"""What a true rerun of a submission gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Aid(StrEnum):
    """The helps that a rerun must need; each stands for the help that the rerun lists, whatever it is called there."""

    ZOOKEEPER = "kafka-topics --zookeeper"
    UDF = "a udf's type as text"
    ROWS = "the fields of a Row in the order of their names"
    CTAS = "create table as select over a filled location"


@dataclass(frozen=True)
class Growth:
    """A number that an endless load makes grow: `before` it was begun, then `each` more at a time."""

    before: int
    each: int

    def holds(self, seen: int) -> bool:
        """Whether a number can be that of some moment when at least one turn was over."""
        return seen > self.before and (seen - self.before) % self.each == 0


@dataclass(frozen=True)
class Typing:
    """A command as its author meant it: where it runs, what that service gets, and how it goes on.

    `stops` says that it goes on until somebody stops it. `loop` is that of `harness.readme.typed.Loop`.
    """

    where: str | None
    inner: str
    form: str = "shell"
    background: bool = False
    loop: str = ""
    stops: bool = False


@dataclass(frozen=True)
class Answer:
    """An output as its author meant it: its form, a line of it, and what printed it (the number of the command)."""

    form: str
    line: str
    command: int


@dataclass(frozen=True)
class Expected:
    """What must hold after a true rerun.

    `topics` gives messages by topic and `tables` rows by table through Presto; a `Growth` for what an endless load
    makes. Tables of one group of `equal` have the same number of rows when all streams have caught up. All commands
    but those that `stops` end with exit code 0. `helps` names the helps that must be listed as used.
    """

    commands: Sequence[Typing]
    answers: Sequence[Answer]
    topics: Mapping[str, int | Growth]
    tables: Mapping[str, int | Growth]
    equal: Sequence[frozenset[str]] = ()
    helps: frozenset[Aid] = frozenset()
    folder: str = ""
    packages: frozenset[str] = frozenset()
    left_out: frozenset[str] = field(default_factory=frozenset)

    @property
    def end(self) -> list[Typing]:
        """The commands that must end by themselves, with exit code 0."""
        return [each for each in self.commands if not each.stops and each.inner not in self.left_out]
