"""The numbers of a run in words, from the facts that `harness.outputs` derived.

A number that no output gave leaves its words out; nothing is guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from harness.model import Capture, Outcome, Record
from harness.render.text import inline, plural

_SQL_COUNT = re.compile(r"\bselect\s+count\s*\(", re.IGNORECASE)
_OTHER_ENDS = {
    Outcome.FAILED: "failed",
    Outcome.BLOCKED: "blocked",
    Outcome.INFRASTRUCTURE: "lost to the cluster",
}


def requests(captures: Iterable[Capture]) -> int | None:
    """Add up the requests that `ab` completed; None where no output tells."""
    counts = [number for capture in captures if (number := _count(capture, "complete")) is not None]
    return sum(counts) if counts else None


def rows(captures: Iterable[Capture]) -> int | None:
    """Give the most rows that a command showed, counted by SQL, or streamed; None where no output tells."""
    return max((number for capture in captures if (number := _rows(capture)) is not None), default=None)


def result(record: Record) -> str:
    """Say how many steps ended how, and how many invariants hold."""
    ended = Counter(step.outcome for step in record.steps)
    parts = [f"{ended[Outcome.PASSED]} of {plural(len(record.steps), 'step')} passed"]
    parts += [f"{ended[outcome]} {word}" for outcome, word in _OTHER_ENDS.items() if ended[outcome]]
    count = len(record.invariants)
    held = sum(invariant.holds for invariant in record.invariants)
    invariants = f"{held} of {plural(count, 'invariant')} {'holds' if count == 1 else 'hold'}" if count else ""
    return "; ".join(filter(None, [", ".join(parts), invariants]))


def summary(record: Record) -> str:
    """Say in one paragraph what was done, with what came of it in numbers."""
    steps = {step.id: step.commands for step in record.steps}
    load, batch, presto, shown, written = (
        steps.get(step, ()) for step in ("load", "batch", "presto", "filter-stream", "write-stream")
    )
    messages = [number for capture in load if (number := _count(capture, "messages")) is not None]
    filled = sum(size > 0 for capture in shown for size in _batches(capture))
    said = [
        _said(requests(load), "request", "{} went to the game API"),
        _said(max(messages, default=None), "event", "{} lay in the Kafka topic"),
        _said(rows(batch), "row", "the batch job kept {}"),
        _said(rows(presto), "row", "Presto gave back {}"),
        _said(rows(shown), "row", f"the stream showed {{}} in {plural(filled, 'batch')}"),
        _said(rows(written), "row", "the stream to HDFS left {}"),
    ]
    servers = inline(_listed([service.name for service in record.services]))
    ran = plural(sum(map(len, steps.values())), "command")
    opening = f"All that follows was printed in one run: {ran} in {record.seconds:.0f} seconds"
    opening += f", on {servers}." if servers else "."
    numbers = ", ".join(filter(None, said))
    return f"{opening} {numbers[0].upper()}{numbers[1:]}." if numbers else opening


def _rows(capture: Capture) -> int | None:
    if batches := _batches(capture):
        return sum(batches)
    if _SQL_COUNT.search(capture.command):
        match capture.facts.get("values"):
            case [[str(cell)]] if cell.isdecimal() and len(cell) < 20:
                return int(cell)
    return _count(capture, "rows")


def _batches(capture: Capture) -> list[int]:
    """Give the rows of each micro-batch that the console showed."""
    found = capture.facts.get("batches")
    batches = found if isinstance(found, list | tuple) else ()
    return [size for batch in batches if isinstance(batch, Mapping) and isinstance(size := batch.get("rows"), int)]


def _count(capture: Capture, fact: str) -> int | None:
    number = capture.facts.get(fact)
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _said(number: int | None, noun: str, words: str) -> str:
    return "" if number is None else words.format(plural(number, noun))
