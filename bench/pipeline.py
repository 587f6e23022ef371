"""The standard run by the harness and as a plain script, by turns on one machine; and a step on a kept cluster.

`harness report` is timed whole, as a user waits for it. The plain script (`bench/plain`) starts the same servers one
after another with default flags, and runs the same commands with the same waits. The harness' own share of a run is the
time in which no command was running.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from bench import charts, measured, tables
from bench.plain import cluster as plain
from bench.targets import Target

RESULT = Path(__file__).parent / "results" / "pipeline.json"
ROUNDS = 5
SCRIPT = Path(__file__).parent / "plain" / "pipeline.sh"
KEPT_STEP = "load"
BATCH = "spark-submit jobs/filtered_writes.py"
KINDS = {
    "kafka-topics": "kafka-topics",
    "hadoop fs": "hadoop fs",
    "spark-submit": "spark-submit",
    "hive": "hive",
    "presto": "presto",
}
"""Kinds of commands, by how they begin."""

LOOP = "the feed's loop"
PARTS = {"harness up": "harness up", **KINDS, LOOP: "while true", "harness down": "harness down"}
OTHER, OWN = "other commands", "the harness' own"
"""Parts of a run: commands by how they begin, the others, and the time in which no command runs."""


def measure() -> None:
    """Run both ways by turns, and keep what each took."""
    with tempfile.TemporaryDirectory(prefix="bench-pipeline-") as name:
        folder = Path(name)
        with measured.kept_cluster():
            steps = [_kept_step(folder / f"step-{number}") for number in range(ROUNDS + 1)][1:]
            plain.make(folder / "files")
        ours, script = [], []
        for number in range(ROUNDS):
            ours.append(_by_harness(folder / f"report-{number}"))
            measured.say(f"round {number + 1}: harness {ours[-1]}")
            script.append(_by_script(folder, number))
            measured.say(f"round {number + 1}: script {script[-1]}")
    measured.keep(RESULT, harness=ours, script=script, kept_step=steps)


def _by_harness(out: Path) -> dict[str, Any]:
    clock = time.monotonic()
    measured.harness("report", "--out", str(out))
    seconds = time.monotonic() - clock
    record = json.loads((out / "record.json").read_text())
    return {
        "seconds": round(seconds, 2),
        "parts": _parts(record, seconds),
        "boot": max(each["ready_seconds"] for each in record["services"]),
        "batch": _batch([(each["command"], each["seconds"]) for each in _commands(record)]),
        "kinds": _kinds([(each["command"], each["seconds"]) for each in _commands(record) if not each["background"]]),
        "peak_memory_bytes": record["peak_memory_bytes"],
    }


def _by_script(folder: Path, number: int) -> dict[str, Any]:
    made = folder / f"plain-{number}"
    plain.copy(folder / "files", made)
    clock = time.monotonic()
    with plain.started(made) as boot:
        environment = {**os.environ, "PLAIN": str(made)}
        script = subprocess.Popen(
            [SCRIPT], cwd=measured.PROJECT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            told, _ = script.communicate()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(script.pid, signal.SIGKILL)
        seconds = time.monotonic() - clock
    if script.returncode:
        sys.exit(f"the plain script ended with {script.returncode}\n{told}")
    lines = [line.split("\t", 2) for line in (made / "trace").read_text().splitlines()]
    took = [(command, int(microseconds) / 1e6) for microseconds, _, command in lines]
    return {"seconds": round(seconds, 2), "boot": round(boot, 2), "batch": _batch(took), "kinds": _kinds(took)}


def _kept_step(out: Path) -> dict[str, float]:
    """Run a step on the cluster that is up, and give what the command and its commands took."""
    clock = time.monotonic()
    measured.harness("step", KEPT_STEP, "--out", str(out))
    seconds = time.monotonic() - clock
    own = _parts(json.loads((out / "record.json").read_text()), seconds)[OWN]
    return {"seconds": round(seconds, 2), "commands": round(seconds - own, 2)}


def _commands(record: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (command for step in record["steps"] if not step["reused"] for command in step["commands"])


def _batch(took: Iterable[tuple[str, float]]) -> float:
    return next(seconds for command, seconds in took if command == BATCH)


def _kinds(took: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Give the median seconds of each kind of command."""
    return {
        kind: round(median(seconds for command, seconds in took if command.startswith(begin)), 2)
        for kind, begin in KINDS.items()
    }


def _parts(record: Mapping[str, Any], seconds: float) -> dict[str, float]:
    """Share out a run's seconds: to its commands by kind, each moment to the command that began last, and the rest."""
    ready = {each["name"]: each["ready_seconds"] for each in record["services"]}
    spans = sorted((*_span(each, ready), _part(each["command"])) for each in _commands(record))
    marks = sorted({moment for began, ended, _ in spans for moment in (began, ended)})
    parts = dict.fromkeys((*PARTS, OTHER, OWN), 0.0)
    for begin, end in pairwise(marks):
        running = [part for began, ended, part in spans if began <= begin and ended >= end]
        parts[running[-1] if running else OWN] += end - begin
    parts[OWN] += seconds - (marks[-1] - marks[0])
    return {name: round(took, 2) for name, took in parts.items()}


def _part(command: str) -> str:
    return next((part for part, begin in PARTS.items() if command.startswith(begin)), OTHER)


def _span(command: Mapping[str, Any], ready: Mapping[str, float]) -> tuple[float, float]:
    """Give when a command began and ended; the API, which runs beside all others, until it was ready."""
    began = datetime.fromisoformat(command["started"]).timestamp()
    return began, began + (ready["api"] if _is_api(command) else command["seconds"])


def _is_api(command: Mapping[str, Any]) -> bool:
    """Say whether a command is the API, which runs beside all others."""
    return bool(command["command"].endswith("flask run"))


def _medians(runs: Sequence[Mapping[str, Any]], name: str) -> float:
    return float(median(run[name] for run in runs))


def targets(result: Mapping[str, Any]) -> Iterable[Target]:
    """Give the targets that this result decides."""
    ours, script = result["harness"], result["script"]
    by = "the same in a plain script with default flags"

    def row(number: str, what: str, name: str, goal: float, times: float | None = None) -> Target:
        value = _medians(ours, name)
        return Target(number, what, value, "s", goal, _medians(script, name) / value, by, times)

    yield row("P1", "cluster from nothing until every server is useful", "boot", 11, 2.5)
    over = median(each["seconds"] - each["commands"] for each in result["kept_step"])
    ratio = median(each["seconds"] / each["commands"] for each in result["kept_step"])
    yield Target("P2", "a step on a kept cluster, beyond its commands", over, "s", 1, ratio, "its commands alone")
    yield row("P3", "the standard run, from nothing to the report", "seconds", 75, 3)
    memory = max(run["peak_memory_bytes"] for run in ours) / 2**30
    yield Target("P4", "peak memory (PSS) of the cluster with its driver", memory, "GiB", 2.2)
    yield row("P5", "a Spark batch step", "batch", 6)
    share = median(run["parts"][OWN] / run["seconds"] for run in ours) * 100
    yield Target("P10", "the harness' own share of a run", share, "%", 2)


def page(result: Mapping[str, Any]) -> Iterable[str]:
    """Give this benchmark's part of docs/performance.md."""
    ours, script = result["harness"], result["script"]
    yield "## Against a plain script"
    yield ""
    yield (
        f"Measured by `./run bench pipeline`: the standard run by `harness report`, and by `{_name(SCRIPT)}` on "
        f"servers that start one after another with the default flags of each program; by turns, medians of "
        f"{len(ours)} rounds. The script runs the same commands on the same jars, and waits for the same things."
    )
    yield ""
    pairs = {
        "boot": (_medians(ours, "boot"), _medians(script, "boot")),
        **{
            kind: (median(run["kinds"][kind] for run in ours), median(run["kinds"][kind] for run in script))
            for kind in KINDS
        },
        "the whole run": (_medians(ours, "seconds"), _medians(script, "seconds")),
    }
    rows = [(name, [*both, both[1] / both[0]]) for name, both in pairs.items()]
    yield from tables.table(("", "harness, s", "plain script, s", "times"), rows)
    yield ""
    yield charts.write("pipeline", "Seconds", ("harness", "plain script"), pairs)
    yield ""
    yield from _where(ours, script)


def _where(ours: Sequence[Mapping[str, Any]], script: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """Give where the run's seconds go, and why P3 is what it is."""
    parts = measured.medians([run["parts"] for run in ours])
    loop, seconds, plain = parts[LOOP], _medians(ours, "seconds"), _medians(script, "seconds")
    yield "Where the run's seconds go, each moment counted for the command that began last:"
    yield ""
    yield from tables.table(("", "s"), [(name, [took]) for name, took in parts.items()])
    yield ""
    yield (
        f"The feed's loop, which rests for ten seconds after each of its rounds, takes {loop:.1f} s in both ways. "
        f"Without it the script takes {(plain - loop) / (seconds - loop):.1f} times as long. The most of what remains "
        "are Spark's drivers, one for each step as the assignment has it; the next part says what they do."
    )


def _name(path: Path) -> str:
    return str(path.relative_to(measured.PROJECT))
