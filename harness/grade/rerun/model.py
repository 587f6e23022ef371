"""What a rerun gives: each command of the report with what became of it, and what was there at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from harness.model import Capture
from harness.readme.typed import Typed


class Ending(StrEnum):
    """How a command of the report ended in the rerun.

    `ENDED` by itself, with whatever exit code. `STOPPED`: one that goes on until somebody stops it (a server, a stream,
    an endless loop), stopped by the rerun when it had done its work. `TIMED_OUT`: one that should have ended, and was
    stopped at its limit. `LEFT_OUT` was not run, and `note` says why. `LOST`: the cluster or the harness failed.
    """

    ENDED = "ended"
    STOPPED = "stopped"
    TIMED_OUT = "timed out"
    LEFT_OUT = "left out"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Ran:
    """One command of the report, and what it printed.

    `block` is the first line of the report's block that it stands in. `capture` has the output of this command alone,
    with its facts; it is None where it was left out. A command in a loop or a script is captured with the whole.
    `looks` are later views of one that goes on: what it had printed each time the report shows its output again.
    `expired` says that a wait for it ran out, as `note` tells, and that the next commands were typed all the same.
    """

    typed: Typed
    block: int
    ending: Ending
    capture: Capture | None = None
    note: str = ""
    looks: Sequence[Capture] = ()
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Help:
    """A help that the rerun gave because versions differ: its name, what it did, and how often."""

    name: str
    text: str
    times: int = 1


class Limit(StrEnum):
    """The limits of the sandbox."""

    MEMORY = "memory"
    PROCESSES = "processes"
    DISK = "disk"
    OUTPUT = "output"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that the submission ran into: what it had, what it wanted, and the report's line of the command."""

    limit: Limit
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What the submission left in the cluster, asked from the servers themselves before anything was ended.

    `topics`: messages by topic. `paths`: files of data by the HDFS folder right above them. `tables`: rows by table, as
    Presto counts them, or None where Presto cannot read the table; `errors` says why. `lacking` says why nothing is
    known, where the servers could not be asked.
    """

    topics: Mapping[str, int] = field(default_factory=dict)
    paths: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, int | None] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class Rerun:
    """One rerun of a submission.

    `fault` is set when the cluster or the harness failed: then nothing of it counts, and it is to be run again.
    `seconds` is wall time of the whole, `own_seconds` that of the submission's commands. `cut` says why the sandbox
    ended before the report was through, where it did.
    """

    backend: str
    commands: Sequence[Ran]
    helps: Sequence[Help] = ()
    breaches: Sequence[Breach] = ()
    state: State = State()
    fault: str | None = None
    seconds: float = 0.0
    own_seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    cut: str = ""

    @property
    def ran(self) -> list[Ran]:
        """The commands that were run."""
        return [each for each in self.commands if each.capture is not None]
