"""docs/performance.md, written from the committed results."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench import api, cluster, compose, extract, first_run, grade, static, tables, visible

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
NETWORK = 10.0
"""Megabytes a second at which the newcomer's network is reckoned."""


def write() -> None:
    """Write the page."""
    lines = list(_page(json.loads(first_run.RESULT.read_text())))
    for benchmark in (compose, cluster, extract, api, visible, static, grade):
        if benchmark.RESULT.exists():
            lines += ["", *benchmark.page(json.loads(benchmark.RESULT.read_text()))]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _page(result: dict[str, Any]) -> Iterable[str]:
    first, second, third = result["runs"]
    machine = f"{result['machine']['processors']} processors and {result['machine']['memory_gigabytes']} GB of memory"
    download = first["megabytes_received"] / NETWORK
    yield "# What it costs"
    yield ""
    yield (
        f"Measured by `./run bench first-run` on a machine with {machine}: a fresh clone, no cached package and no "
        "cached jar, then a second and a third `./run report` in it. Times are one run each on a shared machine. The "
        "figures are in `bench/results/first-run.json`, from which this page is written."
    )
    yield ""
    yield "## The first run"
    yield ""
    yield (
        f"The very first run received **{first['megabytes_received']} MB** and took "
        f"**{first['seconds'] / 60:.1f} minutes** here, of which {first['seconds_of_the_record'] / 60:.1f} were the "
        f"run itself. At {NETWORK:.0f} MB a second the download alone takes {download:.0f} s; on a network of that "
        f"speed the whole takes less than {first['seconds'] + download:.0f} s."
    )
    yield ""
    sizes = result["megabytes_on_disk"]
    yield (
        f"On disk: {sizes['clone/.venv']} MB for the virtual environment, {sizes['cache']} MB for the cache (jars, and "
        "the class-data archives that the first run makes so that later ones start faster)."
    )
    yield ""
    yield "## Runs"
    yield ""
    rows = [
        ("the whole command, s", [run["seconds"] for run in result["runs"]]),
        ("received, MB", [run["megabytes_received"] for run in result["runs"]]),
        (
            "peak memory of all processes of the cluster (PSS), MB",
            [run["peak_memory_megabytes"] for run in result["runs"]],
        ),
    ]
    yield from tables.table(("", "first", "second", "third"), rows)
    yield ""
    yield "What a second or third run receives is other traffic of the machine: a run without any network is a test."
    yield ""
    yield "## Seconds until each server was useful"
    yield ""
    yield from tables.per_run("server", "services", result["runs"])
    yield ""
    yield "They start side by side, so the cluster is there when the last one is."
    yield ""
    yield "## Seconds of each step"
    yield ""
    yield from tables.per_run("step", "steps", result["runs"])
    yield ""
    yield (
        "`write-stream` waits by design: three rounds of a loop that rests ten seconds, and micro-batches every ten "
        f"seconds. The second run took {second['seconds'] / first['seconds']:.2f} of the first one's time, the third "
        f"{third['seconds'] / first['seconds']:.2f}."
    )
