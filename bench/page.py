"""docs/performance.md, written from the committed results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from bench import api, cluster, compose, extract, first_run, grade, growth, parts, pipeline, static, visible
from bench.targets import Target, lines

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


class Benchmark(Protocol):
    """What each module of a benchmark has; one that decides targets has `targets(result)` too."""

    RESULT: Path

    def measure(self) -> None:
        """Measure, and keep the result."""

    def page(self, result: Any, /) -> Iterable[str]:
        """Give its part of the page."""


BENCHMARKS: Mapping[str, Benchmark] = {
    "pipeline": pipeline,
    "parts": parts,
    "extract": extract,
    "api": api,
    "visible": visible,
    "growth": growth,
    "static": static,
    "grade": grade,
    "first-run": first_run,
    "compose": compose,
    "cluster": cluster,
}
"""The benchmarks by name, in the order of the page."""


def write() -> list[Target]:
    """Write the page, and give the targets."""
    kept = [(each, json.loads(each.RESULT.read_text())) for each in BENCHMARKS.values() if each.RESULT.exists()]
    rows = [row for each, result in kept if hasattr(each, "targets") for row in each.targets(result)]
    rows.sort(key=lambda row: int(row.id.split()[0].removeprefix("P")))
    text = ["# What it costs", "", *_targets(rows)]
    for each, result in kept:
        text += ["", *each.page(result)]
    PAGE.write_text("\n".join(text) + "\n", encoding="utf-8")
    return rows


def _targets(rows: Iterable[Target]) -> Iterable[str]:
    yield "## The targets"
    yield ""
    yield (
        "Written by `./run bench` from the results in `bench/results`, each measured on one machine in one run; "
        "`bench.json` has the same rows. Times on a shared machine are noisy, and ratios less so."
    )
    yield ""
    yield from lines(rows)
