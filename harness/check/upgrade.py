"""Older records and golden records, as today's harness would have written them.

Outputs are the truth: the facts of each command are derived again, by today's parsers. Nothing that ran or was printed
is changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.model import Capture, Record
from harness.outputs import derive


@dataclass(frozen=True, slots=True)
class Upgraded:
    """A record of today's form, and the ids of the commands whose facts are others now."""

    record: Record
    changed: tuple[str, ...]


def upgraded(record: Record) -> Upgraded:
    """Give a record with the facts that today's parsers find in its outputs."""
    changed: list[str] = []

    def again(capture: Capture) -> Capture:
        facts = derive(capture.command, capture.stdout, capture.stderr)
        if not facts and capture.facts:
            return capture  # a parser that an extension brought, and that is not here
        if facts != dict(capture.facts):
            changed.append(capture.id)
        return replace(capture, facts=facts)

    steps = tuple(replace(step, commands=tuple(map(again, step.commands))) for step in record.steps)
    return Upgraded(replace(record, steps=steps), tuple(changed))
