"""Errors on the wire between keeper and harness."""

from __future__ import annotations

from pathlib import Path

from harness.cluster.control import Message
from harness.errors import EnvironmentFault, HarnessError, UsageError

_KINDS = {"environment": EnvironmentFault, "usage": UsageError, "own": HarnessError}


def as_message(problem: HarnessError) -> Message:
    """Give an error as JSON can carry it."""
    return {
        "kind": next(kind for kind, cls in _KINDS.items() if isinstance(problem, cls)),
        "headline": problem.headline,
        "wanted": problem.wanted,
        "seen": problem.seen,
        "log": str(problem.log) if problem.log else None,
        "tail": list(problem.tail),
        "remedy": problem.remedy,
    }


def as_error(message: Message) -> HarnessError:
    """Give the error that a message carries."""
    return _KINDS[message["kind"]](
        message["headline"],
        wanted=message.get("wanted"),
        seen=message.get("seen"),
        log=Path(message["log"]) if message.get("log") else None,
        tail=message.get("tail") or (),
        remedy=message.get("remedy"),
    )
