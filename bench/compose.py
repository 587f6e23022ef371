"""The compose backend: building its images, booting its cluster, and a whole run on it.

The first build is on a base image of its own, so that no layer of an earlier build serves it; the second follows a
change in a file that every image holds.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from bench import measured, tables
from harness.cluster.compose import engine, images

RESULT = Path(__file__).parent / "results" / "compose.json"
RUNS = ("first", "second", "third")


def measure() -> None:
    """Build from nothing, build after a change, run three times, and keep what it took."""
    base = f"pipeline-harness/bench-base:{secrets.token_hex(4)}"
    made: list[str] = [base]
    with tempfile.TemporaryDirectory(prefix="bench-compose-") as folder:
        root = Path(folder)
        (root / "Dockerfile").write_text(f"FROM {images.base_image()}\nLABEL bench={base}\n")
        subprocess.run(["docker", "build", "--quiet", "--tag", base, root], check=True)
        (root / "Dockerfile").unlink()
        subprocess.run(["git", "clone", "--quiet", measured.PROJECT, root / "clone"], check=True)
        environment = {**os.environ, "BASE_IMAGE": base, "PYTHONPATH": str(root / "clone")}
        try:
            build = _timed_build(root / "clone", environment, made)
            with (root / "clone" / "harness" / "cluster" / "probes.py").open("a") as file:
                file.write("# a change\n")
            rebuild = _timed_build(root / "clone", environment, made)
        finally:
            subprocess.run(["docker", "image", "rm", "--force", *made], check=False, stdout=subprocess.DEVNULL)
        subprocess.run([sys.executable, "-m", "harness", "images"], cwd=measured.PROJECT, check=True)
        runs = [_run(name) for name in RUNS]
    base_size = engine.image_size(images.base_image()) or 0
    measured.keep(
        RESULT,
        engine=engine.versions(),
        build_seconds=build,
        rebuild_seconds=rebuild,
        base_megabytes=round(base_size / 1e6),
        image_megabytes={image.service: round((image.size or 0) / 1e6) for image in images.images()},
        runs=runs,
    )


def _timed_build(clone: Path, environment: Mapping[str, str], made: list[str]) -> float:
    clock = time.monotonic()
    command = [sys.executable, "-m", "harness", "images"]
    done = subprocess.run(command, cwd=clone, env=environment, check=True, capture_output=True, text=True)
    seconds = round(time.monotonic() - clock, 1)
    names = [line.split()[0] for line in done.stdout.splitlines() if line.startswith(f"{images.REPOSITORY}/")]
    made += [*names, f"{images.REPOSITORY}/base:{names[0].split(':')[1]}"]
    return seconds


def _run(name: str) -> dict[str, Any]:
    """Run the whole assignment; the last run's report stays in reports/latest-compose."""
    out, clock = measured.PROJECT / "reports" / "latest-compose", time.monotonic()
    command = [sys.executable, "-m", "harness", "report", "--backend", "compose", "--out", str(out)]
    subprocess.run(command, cwd=measured.PROJECT, check=True)
    seconds = time.monotonic() - clock
    record = json.loads((out / "record.json").read_text())
    return {"run": name, "seconds": round(seconds, 1), **measured.figures(record)}


def page(result: Mapping[str, Any]) -> Iterable[str]:
    """Give the lines of docs/performance.md on it."""
    versions = result["engine"]
    yield "## On Docker Compose"
    yield ""
    yield (
        f"Measured by `./run bench compose` with engine {versions['docker-engine']} and Compose "
        f"{versions['docker-compose']}, on a machine with {result['machine']['processors']} processors and "
        f"{result['machine']['memory_gigabytes']} GB of memory; the figures are in `bench/results/compose.json`."
    )
    yield ""
    yield (
        f"The six images are built from nothing in **{result['build_seconds']} s** (jars and Python packages cached), "
        f"and in **{result['rebuild_seconds']} s** after a change in a file that all of them hold. The base image has "
        f"{result['base_megabytes']} MB; every image shares it, so that is counted in each of these sizes:"
    )
    yield ""
    yield from tables.table(("image", "MB"), [(name, [size]) for name, size in result["image_megabytes"].items()])
    yield ""
    rows = [
        ("the whole command, s", [run["seconds"] for run in result["runs"]]),
        ("boot: until the last server is useful, s", [run["steps"]["cluster"] for run in result["runs"]]),
        (
            "peak memory of all processes in the containers (PSS), MB",
            [run["peak_memory_megabytes"] for run in result["runs"]],
        ),
    ]
    yield from tables.table(("", *RUNS), rows)
    yield ""
    yield "### Seconds until each server was useful, and of each step"
    yield ""
    yield from tables.per_run("server", "services", result["runs"])
    yield ""
    yield from tables.per_run("step", "steps", result["runs"])
    yield ""
    yield (
        "`files` starts the container of the commands, and `cluster` all others. The median boot took "
        f"{median(run['steps']['cluster'] for run in result['runs']):.1f} s, without class-data archives (goal: 20)."
    )
