"""Markdown tables of figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def per_run(head: str, key: str, runs: Sequence[dict[str, Any]]) -> Iterable[str]:
    """Give a table of what each run took for each server or step."""
    rows = [(name, [run[key][name] for run in runs]) for name in runs[0][key]]
    return table((head, "first", "second", "third"), rows)


def table(head: Sequence[str], rows: Iterable[tuple[str, Sequence[float]]]) -> Iterable[str]:
    """Give a table of named rows of numbers."""
    yield f"| {' | '.join(head)} |"
    yield f"| --- |{' ---: |' * (len(head) - 1)}"
    for name, values in rows:
        yield f"| {name} | {' | '.join(str(round(value, 1)) for value in values)} |"
