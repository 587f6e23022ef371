"""All reports of a record are written side by side."""

from __future__ import annotations

from pathlib import Path

from samples import sample_record

from harness.record import load
from harness.render import render_history, render_html, render_junit, render_readme, write_all


def test_all_files_are_written_and_nothing_else(tmp_path: Path) -> None:
    paths = write_all(sample_record(), tmp_path / "new" / "report")
    assert [path.name for path in paths] == ["record.json", "README.md", "report.html", "junit.xml", "history.txt"]
    assert sorted((tmp_path / "new" / "report").iterdir()) == sorted(paths)
    assert load(paths[0]) == sample_record()
    renderers = (render_readme, render_html, render_junit, render_history)
    rendered = [render(sample_record()).encode() for render in renderers]
    assert [path.read_bytes() for path in paths[1:]] == rendered


def test_every_report_can_be_made_again_from_record_json_with_the_same_bytes(tmp_path: Path) -> None:
    first = write_all(sample_record(), tmp_path / "first")
    second = write_all(load(first[0]), tmp_path / "second")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
