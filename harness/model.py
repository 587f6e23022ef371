"""The record's data: frozen values that every part of the harness passes on.

A run is a `Record`. It holds the `ServiceRecord` of each server, a `StepRecord` for each step with the
`Capture` of each command, and the `Invariant`s that must hold across steps. Everything here maps one to one
onto `record.json` (see `record.schema.json`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

Fact: TypeAlias = "str | int | float | bool | Sequence[Fact] | Mapping[str, Fact] | None"
"""A JSON value derived from a command's output: a count, a column list, an exit code."""

Facts: TypeAlias = Mapping[str, Fact]

SCHEMA_VERSION = 1

STOPPED = frozenset({-15, -9, -2, 130, 137, 143})
"""Exit codes of a background command that the run itself ended: by SIGTERM, SIGKILL or SIGINT."""


class Outcome(StrEnum):
    """How a step ended.

    `BLOCKED` steps did not run, because a step that they need failed. `INFRASTRUCTURE` is the cluster's
    fault and never counts against the student.
    """

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    INFRASTRUCTURE = "infrastructure"


@dataclass(frozen=True, slots=True)
class Capture:
    """One command and what it printed.

    `exit_code` is None while a background command still runs. `seconds` is wall time; `started` is UTC in
    ISO 8601. `facts` are derived from `command`, `stdout` and `stderr` by `harness.outputs.derive` alone.

    `typed` is the line that a user types for it on this backend, where that is not the command itself. The service
    `host` is the user's own machine: a command there belongs to its backend, and another backend has none like it.
    """

    id: str
    service: str
    command: str
    stdout: str
    stderr: str
    exit_code: int | None
    started: str
    seconds: float
    background: bool = False
    facts: Facts = field(default_factory=dict)
    typed: str | None = None

    @property
    def as_typed(self) -> str:
        """The line that a user types for it."""
        return self.typed or self.command

    @property
    def stopped(self) -> bool:
        """Whether it is a background command that the run itself ended."""
        return self.background and self.exit_code in STOPPED

    @property
    def went_wrong(self) -> bool:
        """Whether it ended by itself with another exit code than 0."""
        return self.exit_code not in (0, None) and not self.stopped

    @property
    def shows_stderr(self) -> bool:
        """Whether a reader wants to see its stderr: it went wrong, it logs there, or it printed nothing else."""
        return self.went_wrong or self.facts.get("kind") == "access_log" or not self.stdout.strip()


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a step states must hold, and what was seen."""

    what: str
    expected: Fact
    actual: Fact
    holds: bool


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of the assignment: its explanation, its commands, and how it ended.

    `message` says why a step did not pass. `reused` is true when a kept cluster already held its result.
    """

    id: str
    title: str
    explanation: str
    outcome: Outcome
    blocked_by: str | None
    seconds: float
    commands: tuple[Capture, ...]
    checks: tuple[Check, ...] = ()
    message: str | None = None
    reused: bool = False


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """A server process or container: seconds until its own protocol answered, and its peak resident memory."""

    name: str
    ready_seconds: float
    peak_rss_bytes: int


@dataclass(frozen=True, slots=True)
class Invariant:
    """A relation that must hold across steps, such as requests = messages."""

    id: str
    expected: Fact
    actual: Fact
    holds: bool


@dataclass(frozen=True, slots=True)
class Record:
    """One run from boot to teardown. `seconds` is the wall time of the whole run so far."""

    assignment: str
    backend: str
    mode: str
    versions: Mapping[str, str]
    started: str
    seconds: float
    services: tuple[ServiceRecord, ...]
    steps: tuple[StepRecord, ...]
    invariants: tuple[Invariant, ...]
    peak_memory_bytes: int = 0
    names: Mapping[str, str] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION
