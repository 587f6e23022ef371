"""Errors that carry what a user needs: what was wanted, what was seen, where the evidence is, what to do.

Each error knows the exit code of its party: 2 usage, 3 environment, 5 our own fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """The process exit codes of `harness`."""

    OK = 0
    DISAGREES = 1
    USAGE = 2
    ENVIRONMENT = 3
    NOTHING_CHECKED = 4
    OWN_FAULT = 5
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
    ExitCode.HUNG_UP,
    ExitCode.OWN_FAULT,
    ExitCode.ENVIRONMENT,
    ExitCode.DISAGREES,
    ExitCode.NOTHING_CHECKED,
    ExitCode.OK,
)
"""Which code is given when several apply: the first of these."""


class HarnessError(Exception):
    """An end with a cause that the user can act on.

    The text has up to five parts, one a line: the headline, `wanted`, `seen`, `log` and `try`.
    """

    exit_code = ExitCode.OWN_FAULT

    def __init__(
        self,
        headline: str,
        *,
        wanted: str | None = None,
        seen: str | None = None,
        log: Path | None = None,
        tail: Sequence[str] = (),
        remedy: str | None = None,
    ) -> None:
        self.headline = headline
        self.wanted = wanted
        self.seen = seen
        self.log = log
        self.tail = tuple(tail)
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        lines = [self.headline]
        if self.wanted:
            lines.append(f"  wanted: {self.wanted}")
        if self.seen:
            lines.append(f"  seen:   {self.seen}")
        if self.tail:
            lines.append("  last lines of its log:")
            lines += [f"    | {line}" for line in self.tail]
        if self.log:
            lines.append(f"  log:    {self.log}")
        if self.remedy:
            lines.append(f"  try:    {self.remedy}")
        return "\n".join(lines)


class UsageError(HarnessError):
    """A name, option or setting that the user gave cannot be taken."""

    exit_code = ExitCode.USAGE


class EnvironmentFault(HarnessError):
    """The machine or the cluster, not the student: something is missing, taken, full, or died."""

    exit_code = ExitCode.ENVIRONMENT
