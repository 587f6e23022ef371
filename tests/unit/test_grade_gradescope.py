"""The autograder's zip, and its scripts with a stand-in for the harness."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.grade.gradescope import autograder
from harness.grade.rubric import rubric_text

Grade = Callable[[str], subprocess.CompletedProcess[str]]


def unpacked(data: bytes, folder: Path) -> Path:
    source = folder / "source"
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        for entry in zipped.infolist():
            zipped.extract(entry, source)
            (source / entry.filename).chmod(entry.external_attr >> 16)
    return source


def test_it_holds_the_scripts_the_rubric_and_the_wheel(tmp_path: Path) -> None:
    wheel = tmp_path / "pipeline_harness-9-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as made:
        made.writestr("a", "b")
    data = autograder("2018", wheel, report="report's.md")
    source = unpacked(data, tmp_path)
    assert {path.name for path in source.iterdir()} == {
        "setup.sh", "run_autograder", "settings.sh", "rubric.yaml", wheel.name,
    }  # fmt: skip
    for name in ("setup.sh", "run_autograder"):
        assert (source / name).stat().st_mode & stat.S_IXUSR
        subprocess.run(["bash", "-n", str(source / name)], check=True)
    assert (source / "rubric.yaml").read_text() == rubric_text("2018")
    said = subprocess.run(
        ["bash", "-c", '. "$1"; printf "%s|%s|%s" "$PACKAGE" "$STATIC" "$REPORT"', "-", str(source / "settings.sh")],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert said == f"source/{wheel.name}||report's.md"
    assert autograder("2018", wheel, report="report's.md") == data


def test_a_rubric_or_a_wheel_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        autograder(str(tmp_path / "none.yaml"))
    (tmp_path / "no.whl").write_text("no")
    with pytest.raises(UsageError, match="is no wheel"):
        autograder("2018", tmp_path / "no.whl")


@pytest.fixture
def grade(tmp_path: Path) -> Grade:
    """Run the autograder with a harness that does what a script says."""
    unpacked(autograder("2018"), tmp_path)
    program = tmp_path / "harness" / "bin" / "harness"
    program.parent.mkdir(parents=True)

    def graded(script: str) -> subprocess.CompletedProcess[str]:
        program.write_text(
            f'#!/bin/bash\necho "$@" >>{tmp_path}/typed\n'
            f'folder="{tmp_path}/graded/student"\n'
            'write() { mkdir -p "$folder"; echo "$1" >"$folder/results.json"; }\n'
            f"{script}\n"
        )
        program.chmod(0o755)
        return subprocess.run(
            ["bash", str(tmp_path / "source" / "run_autograder")],
            env={**os.environ, "AUTOGRADER": str(tmp_path)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return graded


def test_the_results_go_where_gradescope_reads_them(grade: Grade, tmp_path: Path) -> None:
    assert grade("""write '{"score": 1}'; exit 1""").returncode == 0
    assert json.loads((tmp_path / "results" / "results.json").read_text()) == {"score": 1}
    typed = (tmp_path / "typed").read_text()
    assert typed == f"grade {tmp_path}/submission --rubric {tmp_path}/source/rubric.yaml --out {tmp_path}/graded\n"


def test_without_a_sandbox_the_report_alone_is_graded(grade: Grade, tmp_path: Path) -> None:
    found = grade("""case "$*" in *--static) write '{"score": 2}' ;; *) exit 3 ;; esac""")
    assert found.returncode == 0
    assert "nothing can be rerun here" in found.stderr
    assert json.loads((tmp_path / "results" / "results.json").read_text()) == {"score": 2}


def test_without_results_it_fails_and_gives_no_points(grade: Grade, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "results.json").write_text("old")
    found = grade("exit 5")
    assert found.returncode == 1
    assert "no results were written" in found.stderr
    assert not (tmp_path / "results" / "results.json").exists()
