"""What the work without a cluster takes: read a record, derive and normalise, compare, render, read the report back.

Each part is timed over several rounds in one process, and the commands as a user waits for them, with the start of
Python.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench import measured, tables
from bench.targets import Target
from harness import readme
from harness import record as records
from harness.check import compare
from harness.render.renderers import RENDERERS

RECORD = measured.PROJECT / "reports" / "sample" / "record.json"
RESULT = Path(__file__).parent / "results" / "static.json"
ROUNDS = 7
CHECK = "harness grade --static"


def measure() -> None:
    """Time the standard run's record, and keep the result."""
    record = records.load(RECORD)
    report = RENDERERS["README.md"](record)
    parts: dict[str, Callable[[], object]] = {
        "read record.json, with its schema": lambda: records.load(RECORD),
        "parse, normalise and compare with the golden record": lambda: compare(record, record),
        **{f"render {name}": partial(render, record) for name, render in RENDERERS.items()},
        "read README.md back": lambda: readme.read(report),
    }
    with tempfile.TemporaryDirectory(prefix="static-") as folder:
        harness = [sys.executable, "-m", "harness"]
        commands = {
            "harness check": [*harness, "check", str(RECORD), "--golden", str(RECORD)],
            "harness render": [*harness, "render", str(RECORD), "--out", folder],
            "harness readme": [*harness, "readme", str(RECORD.with_name("README.md"))],
            CHECK: [*harness, "grade", "--static", str(RECORD.with_name("README.md"))],
        }
        measured.keep(
            RESULT,
            rounds=ROUNDS,
            megabytes={path.name: path.stat().st_size / 1e6 for path in (RECORD, RECORD.with_name("README.md"))},
            parts={name: _times(work) for name, work in parts.items()},
            commands={name: _times(partial(_run, words)) for name, words in commands.items()},
        )


def targets(result: Mapping[str, Any]) -> Iterable[Target]:
    """Give the target that this result decides."""
    size = result["megabytes"]["README.md"] * 1000
    yield Target("P9", f"static check of a report of {size:.0f} kB", median(result["commands"][CHECK]), "s", 1)


def page(result: Mapping[str, Any]) -> Iterable[str]:
    """Give this benchmark's part of docs/performance.md."""
    yield "## Without a cluster"
    yield ""
    yield (
        f"Measured by `./run bench static` with the committed record of the standard run "
        f"({result['megabytes']['record.json'] * 1000:.0f} kB), {result['rounds']} rounds; the figures are in "
        "`bench/results/static.json`. All parts together take "
        f"**{sum(map(median, result['parts'].values())):.2f} s** in one process."
    )
    for head, key in (("part", "parts"), ("command, with the start of Python", "commands")):
        yield ""
        rows = [(name, [median(times) * 1000, max(times) * 1000]) for name, times in result[key].items()]
        yield from tables.table((head, "median, ms", "longest, ms"), rows)


def _times(work: Callable[[], object]) -> list[float]:
    times = []
    for _ in range(ROUNDS):
        clock = time.perf_counter()
        work()
        times.append(round(time.perf_counter() - clock, 4))
    return times


def _run(words: list[str]) -> None:
    subprocess.run(words, check=True, capture_output=True, cwd=measured.PROJECT)
