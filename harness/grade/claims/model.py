"""What a claim is made of, and what it can be held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from harness.readme.blocks import Block


class Unit(StrEnum):
    """What a number counts."""

    EVENT = "events"
    REQUEST = "requests"
    ROW = "rows"
    COLUMN = "columns"
    KEY = "keys"
    TABLE = "tables"
    ITEM = "items"
    FILE = "files"
    USER = "users"
    BATCH = "batches"
    LOOP = "loops"
    COMMAND = "commands"
    SERVICE = "services"
    PARTITION = "partitions"
    TYPE = "types"
    ROUTE = "routes"
    OPTION = "requests by -n"


GROUPS_LIMIT = 200
"""More hosts and labels than that in one block are counted together."""

TRAFFIC = frozenset({Unit.EVENT, Unit.REQUEST, Unit.ROW})
"""What one request makes: itself, an event, a row."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word of prose without its punctuation, and where it stands. `tail` is the punctuation after it.

    A token that is `code` or `quoted` names something and counts nothing.
    """

    text: str
    line: int
    tail: str = ""
    code: bool = False
    quoted: bool = False

    @property
    def lower(self) -> str:
        """The word in small letters."""
        return self.text.lower()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a block of prose. `first` and `last` say where in its block it stands, `colon` how it ends."""

    tokens: Sequence[Token]
    first: bool = False
    last: bool = False
    colon: bool = False

    def words(self) -> frozenset[str]:
        """Give its words in small letters."""
        return frozenset(token.lower for token in self.tokens)


@dataclass(frozen=True, slots=True)
class Claim:
    """A number of a sentence, and what it counts.

    `kinds` are the words that name a type of event, `strange` those that nothing in the report explains. `host` is
    whose events they are; where it stands before the number it may be another matter (`host_before`). `firm` is false
    where the sentence supposes or instructs. `each` is true where the number is one of several equal ones.
    """

    number: int
    unit: Unit
    phrase: str
    line: int
    kinds: frozenset[str] = frozenset()
    strange: frozenset[str] = frozenset()
    host: str | None = None
    host_before: str | None = None
    each: bool = False
    part: bool = False
    firm: bool = True
    at: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Some requests, events or rows of one host and one label: a type of event, or a path."""

    host: str | None
    label: str | None
    count: int


def bounded(groups: Sequence[Group]) -> Sequence[Group]:
    """Give the groups, or all of them as one where they are too many."""
    return groups if len(groups) <= GROUPS_LIMIT else [Group(None, None, sum(group.count for group in groups))]


@dataclass(frozen=True, slots=True)
class Shown:
    """What one output, or one table in it, shows: `what` is `log`, `events`, `table`, `listing`, `ab` and so on.

    `groups` count its lines or rows. `counts` gives other units: columns, files, services. `slack` is the number of
    broken lines, which may be of any type. `whole` is false where lines may be left out. `loose` holds numbers that
    stand in it as results, such as that of a `count(*)`.
    """

    what: str
    line: int
    text: str
    groups: Sequence[Group] = ()
    counts: Mapping[Unit, Sequence[int]] = field(default_factory=dict)
    slack: int = 0
    whole: bool = True
    loose: frozenset[int] = frozenset()

    @property
    def total(self) -> int:
        """All its lines or rows."""
        return sum(group.count for group in self.groups)


@dataclass(frozen=True, slots=True)
class Load:
    """What the commands of one block send. `groups` is one pass where the loop is `endless`.

    `opaque` says that something runs whose requests cannot be told. `loops` is the number of passes of its only loop.
    """

    line: int
    text: str
    groups: Sequence[Group] = ()
    options: frozenset[int] = frozenset()
    programs: int = 0
    loops: int | None = None
    endless: bool = False
    opaque: bool = False
    partitions: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A block with what was read from it."""

    block: Block
    shown: Sequence[Shown] = ()
    load: Load | None = None
