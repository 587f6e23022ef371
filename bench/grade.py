"""What grading costs on a kept cluster: a class of made submissions and the standard run's report, rerun one by one.

`own` is what a submission's commands and streams took, and `whole` what its rerun took, with the sandbox, the questions
to the servers, and what is left to wait of the cleaning, which goes on while the results before are written. `command`
is `harness grade` as a user waits for it, with the cluster's start and the writing of all results.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from bench import measured, tables

RESULT = Path(__file__).parent / "results" / "grade.json"
DRESSES = ("bodies", "nested", "forms", "scripts", "shells")
OURS = "the standard run's report"
FIRST = "0-first"
"""A submission that does nothing: the cluster is there when the others come."""


def measure() -> None:
    """Grade the class, and keep what each submission took."""
    with tempfile.TemporaryDirectory(prefix="bench-grade-") as folder:
        names = _write(Path(folder) / "class")
        out = Path(folder) / "out"
        clock = time.perf_counter()
        words = [sys.executable, "-m", "harness", "grade", str(Path(folder) / "class"), "--out", str(out)]
        code = subprocess.run(words, cwd=measured.PROJECT, check=False, stdout=subprocess.DEVNULL).returncode
        command = time.perf_counter() - clock
        if code not in (0, 1):
            sys.exit(f"harness grade ended with exit code {code}")
        reruns = {name: json.loads((out / file / "rerun.json").read_text()) for file, name in sorted(names.items())}
    measured.keep(
        RESULT,
        command_seconds=round(command, 1),
        submissions={
            name: {
                "commands": sum(each["capture"] is not None for each in rerun["commands"]),
                "whole_seconds": round(rerun["seconds"], 2),
                "own_seconds": round(rerun["own_seconds"], 2),
            }
            for name, rerun in reruns.items()
        },
    )


def page(result: Mapping[str, Any]) -> Iterable[str]:
    """Give this benchmark's part of docs/performance.md."""
    submissions = result["submissions"]
    whole = sum(each["whole_seconds"] for each in submissions.values())
    own = sum(each["own_seconds"] for each in submissions.values())
    yield "## Grading on a kept cluster"
    yield ""
    yield (
        f"Measured by `./run bench grade`: {len(submissions)} submissions, one after another on one cluster; the "
        f"figures are in `bench/results/grade.json`. Their own commands took {own:.0f} s, their reruns {whole:.0f} s: "
        f"the harness adds **{(whole / own - 1) * 100:.1f} %**, which is {(whole - own) / len(submissions):.1f} s a "
        f"submission. The whole command took {result['command_seconds']:.0f} s, with the start of the cluster."
    )
    yield ""
    rows = [
        (name, [each["commands"], each["own_seconds"], each["whole_seconds"], _added(each)])
        for name, each in submissions.items()
    ]
    yield from tables.table(("submission", "commands", "its own, s", "whole, s", "added, %"), rows)
    yield ""
    yield "The names are those of the dresses in `tests/rerun`."


def _added(each: Mapping[str, float]) -> float:
    return (each["whole_seconds"] / each["own_seconds"] - 1) * 100


def _write(folder: Path) -> dict[str, str]:
    """Write the class. Gives what each folder is."""
    sys.path[:0] = [str(measured.PROJECT / "tests"), str(measured.PROJECT / "tests" / "grading")]
    makers = import_module("rerun.dresses").DRESSES
    (folder / FIRST).mkdir(parents=True)
    (folder / FIRST / "README.md").write_text("# Up\n\n```\ndocker-compose up -d\n```\n")
    names = {makers[name]().write(folder).name: name for name in DRESSES}
    own = folder / "standard-run"
    own.mkdir()
    for name in ("app", "jobs", "schemas"):
        shutil.copytree(measured.PROJECT / name, own / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(measured.PROJECT / "reports" / "sample" / "README.md", own)
    return {**names, own.name: OURS}
