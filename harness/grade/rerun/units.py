"""What a rerun types: statements, each with the way in which it is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from harness.readme.typed import Loop, Typed


class Way(StrEnum):
    """How a statement is run.

    `RUN` until it ends. `SERVE`, `FOLLOW` and `STREAM` go on: a server until it answers, a reader that shows what
    comes, a streaming job until it has begun. A `LOOP` makes load in a terminal of its own. `FEED` is typed at a client
    that an earlier command opened, and `CELL` is Python of a notebook. `OPEN` opens such a client. `LOOK` shows again
    what a command that still runs has printed, as our own reports do. `LEAVE` is not run.
    """

    RUN = "run"
    SERVE = "serve"
    FOLLOW = "follow"
    STREAM = "stream"
    LOOP = "loop"
    OPEN = "open"
    FEED = "feed"
    CELL = "cell"
    LOOK = "look"
    LEAVE = "leave"


GOES_ON: Final = (Way.SERVE, Way.FOLLOW, Way.STREAM, Way.LOOP)
"""The ways of what does not end by itself, or not soon."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One statement to type: its text verbatim, its way, and for a feed the command that opened its client.

    `block` is the first line of its block. `reads` says that it looks at data which streams write. `why` says why it
    is left out. `port` is where a server answers. `typed_as` is what is typed on the host for a command that a report
    of ours shows as its service got it. `asks` is what it, or a script that it runs, asks of the cluster: up, down, ….
    `before` are earlier statements of a feed's prompt that still hold there.
    """

    text: str
    typed: Typed
    block: int
    way: Way
    opener: str = ""
    reads: bool = False
    why: str = ""
    port: int = 5000
    typed_as: str = ""
    asks: Sequence[str] = ()
    before: Sequence[str] = ()

    @property
    def is_python(self) -> bool:
        """Whether it is typed at an interpreter of Python, with `spark` or without."""
        return self.way is Way.CELL or (self.way is Way.FEED and self.typed.form in ("pyspark", "python"))

    @property
    def is_endless(self) -> bool:
        """Whether it is a loop that ends only when somebody stops it."""
        return self.way is Way.LOOP and self.typed.loop is Loop.ENDLESS
