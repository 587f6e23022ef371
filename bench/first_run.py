"""The newcomer's first run: a fresh clone, nothing cached, and how a second and third run compare with it.

Bytes are what the network interfaces received (Linux), without loopback.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from bench import measured

PROJECT = Path(__file__).parents[1]
RESULT = Path(__file__).parent / "results" / "first-run.json"
RUNS = ("first", "second", "third")


def measure() -> None:
    """Clone the project, run `./run report` three times with caches of its own, and keep what it took."""
    with tempfile.TemporaryDirectory(prefix="first-run-") as folder:
        root = Path(folder)
        subprocess.run(["git", "clone", "--quiet", PROJECT, root / "clone"], check=True)
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
    result = {"machine": measured.machine(), "runs": results, "megabytes_on_disk": sizes}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


def _received() -> int:
    """Give the bytes that all interfaces but loopback have received."""
    lines = Path("/proc/net/dev").read_text().splitlines()[2:]
    return sum(int(line.split(":")[1].split()[0]) for line in lines if line.split(":")[0].strip() != "lo")


def _megabytes(folder: Path) -> int:
    """Give what a folder takes, each file with several names once."""
    inodes = {file.stat().st_ino: file.stat().st_size for file in folder.rglob("*") if file.is_file()}
    return round(sum(inodes.values()) / 1e6)
