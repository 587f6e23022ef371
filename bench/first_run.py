"""The newcomer's first run: a fresh clone, nothing cached, and how a second and third run compare with it.

Bytes are what the network interfaces received (Linux), without loopback.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench import measured, tables

RESULT = Path(__file__).parent / "results" / "first-run.json"
RUNS = ("first", "second", "third")
NETWORK = 10.0
"""Megabytes a second at which the newcomer's network is reckoned."""


def measure() -> None:
    """Clone the project, run `./run report` three times with caches of its own, and keep what it took."""
    with tempfile.TemporaryDirectory(prefix="first-run-") as folder:
        root = Path(folder)
        subprocess.run(["git", "clone", "--quiet", measured.PROJECT, root / "clone"], check=True)
        environment = {**os.environ, "HARNESS_CACHE": str(root / "cache"), "PIP_CACHE_DIR": str(root / "pip")}
        results = []
        for name in RUNS:
            received, clock = _received(), time.monotonic()
            subprocess.run(["./run", "report"], cwd=root / "clone", env=environment, check=True)
            seconds = time.monotonic() - clock
            record = json.loads((root / "clone" / "reports" / "latest" / "record.json").read_text())
            results.append(
                {
                    "run": name,
                    "seconds": round(seconds, 1),
                    "seconds_of_the_record": record["seconds"],
                    "megabytes_received": round((_received() - received) / 1e6),
                    **measured.figures(record),
                }
            )
        sizes = {name: _megabytes(root / name) for name in ("clone/.venv", "cache")}
    measured.keep(RESULT, runs=results, megabytes_on_disk=sizes)


def page(result: dict[str, Any]) -> Iterable[str]:
    """Give this benchmark's part of docs/performance.md."""
    first, second, third = result["runs"]
    machine = f"{result['machine']['processors']} processors and {result['machine']['memory_gigabytes']} GB of memory"
    download = first["megabytes_received"] / NETWORK
    yield "## The newcomer's runs"
    yield ""
    yield (
        f"Measured by `./run bench first-run` on a machine with {machine}: a fresh clone, no cached package and no "
        "cached jar, then a second and a third `./run report` in it. Times are one run each on a shared machine. The "
        "figures are in `bench/results/first-run.json`, from which this page is written."
    )
    yield ""
    yield "### The first run"
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
    yield "### Runs"
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
    yield "### Seconds until each server was useful"
    yield ""
    yield from tables.per_run("server", "services", result["runs"])
    yield ""
    yield "They start side by side, so the cluster is there when the last one is."
    yield ""
    yield "### Seconds of each step"
    yield ""
    yield from tables.per_run("step", "steps", result["runs"])
    yield ""
    yield (
        "`write-stream` waits by design: three rounds of a loop that rests ten seconds, and micro-batches every ten "
        f"seconds. The second run took {second['seconds'] / first['seconds']:.2f} of the first one's time, the third "
        f"{third['seconds'] / first['seconds']:.2f}."
    )


def _received() -> int:
    """Give the bytes that all interfaces but loopback have received."""
    lines = Path("/proc/net/dev").read_text().splitlines()[2:]
    return sum(int(line.split(":")[1].split()[0]) for line in lines if line.split(":")[0].strip() != "lo")


def _megabytes(folder: Path) -> int:
    """Give what a folder takes, each file with several names once."""
    inodes = {file.stat().st_ino: file.stat().st_size for file in folder.rglob("*") if file.is_file()}
    return round(sum(inodes.values()) / 1e6)
