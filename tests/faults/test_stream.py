"""The stream's driver is killed in every phase of a batch, while events and poison come: nothing lost, nothing double.

Counted through Presto, against a ledger of what the broker acknowledged. The step itself is in `stream/`.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from machine import PATIENT, copy_of_project, harness, nothing_left

SHORT = 1
GROUP = 5
"""Batches of one partition of a table: fewer than usual, so that files become one often."""

STREAM = Path(__file__).with_name("stream")


def test_each_acknowledged_message_is_counted_once(
    tmp_path: Path, fault_round: int, request: pytest.FixtureRequest
) -> None:
    long = request.config.getoption("rounds") is not None
    kills, events = (20, 30_000) if long else (4, 2_000)
    project, out = copy_of_project(tmp_path), tmp_path / "out"
    shutil.copytree(STREAM, project / "stream", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.move(project / "stream" / "kills_step.py", project / "assignment" / "test_30_kills.py")
    files = project / "jobs" / "batch_files.py"
    files.write_text(re.sub(r"^GROUP = \d+$", f"GROUP = {GROUP}", files.read_text(), flags=re.MULTILINE))
    given = {
        "FAULTS_GROUP": GROUP,
        "FAULTS_KILLS": kills,
        "FAULTS_EVENTS": events,
        "FAULTS_POISON": events // 50,
        "FAULTS_SECONDS": kills * (40 if long else 20),
        "FAULTS_SEED": request.config.getoption("seed") * 1000 + fault_round,
    }
    environment = {**PATIENT, **{name: str(value) for name, value in given.items()}}
    ended = harness("step", "kills", "--out", out, cwd=project, env=environment, timeout=3600)
    assert ended.code == 0, ended.output
    (step,) = [each for each in ended.record(out)["steps"] if each["id"] == "kills"]
    (kill,) = [each for each in step["commands"] if "kill_driver.py" in each["command"]]
    print(f"round {fault_round}, {given}\n{kill['stdout']}")
    nothing_left(within=10)
