"""All reports of a record are written side by side, and only the record decides what is in them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from machine import PROJECT, run
from samples import capture, record_of, sample_record

from harness.check import compare
from harness.record import load
from harness.render.renderers import RENDERERS, write_all


def test_all_files_are_written_and_nothing_else(tmp_path: Path) -> None:
    paths = write_all(sample_record(), tmp_path / "new" / "report")
    names = ["record.json", "README.md", "report.html", "summary.md", "junit.xml", "ctrf.json", "history.txt"]
    assert [path.name for path in paths] == names
    assert sorted((tmp_path / "new" / "report").iterdir()) == sorted(paths)
    assert load(paths[0]) == sample_record()
    assert [path.read_bytes() for path in paths[1:]] == [each(sample_record()).encode() for each in RENDERERS.values()]


def test_every_report_can_be_made_again_from_record_json_with_the_same_bytes(tmp_path: Path) -> None:
    first = write_all(sample_record(), tmp_path / "first")
    second = write_all(load(first[0]), tmp_path / "second")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.parametrize("name", ["sample", "sample-compose"])
def test_the_committed_reports_are_what_their_record_renders(name: str, tmp_path: Path) -> None:
    """Another folder, hash seed, time zone and locale change no byte."""
    committed = PROJECT / "reports" / name
    for seed, zone, locale in (("1", "Pacific/Chatham", "C"), ("2", "America/Caracas", "POSIX")):
        out = tmp_path / f"the folder {seed}"
        env = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        command = [sys.executable, "-m", "harness", "render", committed / "record.json", "--out", out]
        ended = run(*command, cwd=tmp_path, env=env)
        assert ended.code == 0, ended.output
        found = {path.name: path.read_bytes() for path in out.iterdir()}
        assert found == {path.name: path.read_bytes() for path in committed.iterdir() if path.is_file()}


def test_an_output_of_fifty_megabytes_is_compared_and_shown_in_part() -> None:
    text = "a line of a log that does not end\n" * 1_500_000
    record = record_of(capture("a", "spark", "spark-submit jobs/endless.py", text))
    for name, render in RENDERERS.items():
        assert len(render(record).encode()) < 200_000, name
    assert compare(record, record).equal
    other = record_of(capture("a", "spark", "spark-submit jobs/endless.py", f"{text}rows in x: 1\n"))
    assert not compare(record, other).equal
