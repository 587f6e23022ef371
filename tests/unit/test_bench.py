"""The benchmarks' results: all targets are there, and what is shown is what the results say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import charts, page, static, targets
from bench.targets import Target

IDS = [f"P{number}" for number in range(1, 11)]


def test_every_target_has_a_row_and_what_is_shown_is_what_the_results_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = page.PAGE.read_text()
    committed = json.loads(targets.FILE.read_text())
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(charts, "FOLDER", tmp_path)
    monkeypatch.setattr(targets, "FILE", tmp_path / "bench.json")
    rows = page.write()
    targets.write(rows)
    assert (tmp_path / "performance.md").read_text() == shown
    assert json.loads((tmp_path / "bench.json").read_text()) == committed
    assert [row["id"] for row in committed if " " not in row["id"]] == IDS
    for row in committed:
        assert {"id", "value", "unit", "ratio", "against", "goal", "reached"} <= set(row)


def test_a_short_measurement_makes_its_part_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "RESULT", tmp_path / "static.json")
    monkeypatch.setattr(static, "ROUNDS", 1)
    static.measure()
    result = json.loads(static.RESULT.read_text())
    assert "".join(static.page(result)).startswith("## Without a cluster")
    (target,) = static.targets(result)
    assert (target.id, target.unit) == ("P9", "s")


@pytest.mark.parametrize(
    ("target", "reached"),
    [
        (Target("P1", "a", 10, "s", 11), True),
        (Target("P1", "a", 12, "s", 11), False),
        (Target("P1", "a", 10, "s", 11, 2.4, "b", 2.5), False),
        (Target("P1", "a", 10, "s", 11, 2.5, "b", 2.5), True),
        (Target("P7", "a", 900, "1/s", 800, more_is_better=True), True),
        (Target("P7", "a", 700, "1/s", 800, more_is_better=True), False),
        (Target("P7", "a", 0, "lost", 0), True),
    ],
)
def test_a_target_is_reached_when_value_and_ratio_are(target: Target, reached: bool) -> None:
    assert target.reached is reached
