"""Steps that keep their cluster: the next ones join it, and do not repeat what has passed in it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from machine import PROJECT, harness, left, outcomes, run

OPTIONS = ("guilds", "items", "cart", "inventory", "state-stream", "analytics")


def test_steps_join_the_kept_cluster_and_loading_twice_gives_40_messages(tmp_path: Path) -> None:
    first = harness("step", "load", "--keep", "--out", tmp_path)
    assert first.code == 0, first.output
    assert list(outcomes(first.record(tmp_path))) == ["cluster", "api", "topic", "load"]
    try:
        second = harness("step", "load", "--keep", "--out", tmp_path)
        assert second.code == 0, second.output
        assert "joined the cluster" in second.output
        record = second.record(tmp_path)
        assert [s["id"] for s in record["steps"] if s["reused"]] == ["cluster", "api", "topic"]
        assert messages(record) == 40

        third = run(sys.executable, "-m", "pytest", "-k", "presto", "--keep", f"--out={tmp_path}")
        assert third.code == 0, third.output
        record = third.record(tmp_path)
        assert outcomes(record) == dict.fromkeys(
            ("cluster", "api", "topic", "load", "batch", "hive", "presto"), "passed"
        )
        assert [s["id"] for s in record["steps"] if not s["reused"]] == ["batch", "hive", "presto"]
        assert all(item["holds"] for item in record["invariants"])

        options_join_it_too(tmp_path)
    finally:
        down = harness("down")
    assert down.code == 0, down.output
    assert not left()


def options_join_it_too(out: Path) -> None:
    """Every option passes, as the golden record has it, with the API and the stream's driver killed in between."""
    ended = harness("step", "analytics", "--keep", "--out", out, timeout=900)
    assert ended.code == 0, ended.output
    record = ended.record(out)
    assert [s["id"] for s in record["steps"] if not s["reused"]] == list(OPTIONS)
    holds = {item["id"]: item["holds"] for item in record["invariants"]}
    assert holds["state-agrees"]
    golden = PROJECT / "reports" / "golden" / "options.json"
    checked = harness("check", out / "record.json", "--golden", golden, "--steps", ",".join(OPTIONS))
    assert checked.code == 0, checked.output
    notebook = json.loads((out / "analysis.executed.ipynb").read_text())
    assert all(cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code")


def messages(record: dict[str, Any]) -> int:
    load = next(step for step in record["steps"] if step["id"] == "load")
    return int([c["facts"]["messages"] for c in load["commands"] if c["facts"].get("kind") == "json_lines"][-1])


def test_without_a_cluster_exec_says_what_to_do() -> None:
    ended = harness("exec", "mids", "true")
    assert ended.code == 3
    assert "harness up" in ended.output
    assert os.fspath(PROJECT) in ended.output
