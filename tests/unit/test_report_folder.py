"""A report's folder belongs to one run at a time, and holds nothing of the last one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from samples import sample_record

from harness.errors import EnvironmentFault
from harness.record import save
from harness.render.renderers import RECORD, RENDERERS
from harness.report_folder import ReportFolder, expected_seconds

Hold = Callable[..., ReportFolder]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def hold(said: list[str], tmp_path: Path) -> Iterator[Hold]:
    held: list[ReportFolder] = []

    def holding(path: Path = tmp_path / "reports" / "latest") -> ReportFolder:
        held.append(ReportFolder(path, said.append))
        return held[-1]

    yield holding
    for folder in held:
        folder.release()


def test_a_folder_is_made_where_there_is_none(hold: Hold, tmp_path: Path, said: list[str]) -> None:
    assert hold().path == tmp_path / "reports" / "latest"
    assert (tmp_path / "reports" / "latest").is_dir()
    assert said == []


def test_only_the_last_runs_own_files_are_taken_away(hold: Hold, tmp_path: Path) -> None:
    out = tmp_path / "reports" / "latest"
    out.mkdir(parents=True)
    for name in (RECORD, *RENDERERS, "analysis.executed.ipynb", "notes.txt", "mine.ipynb"):
        (out / name).write_text("old")
    hold()
    assert sorted(path.name for path in out.iterdir() if not path.name.startswith(".")) == ["mine.ipynb", "notes.txt"]


def test_a_folder_that_another_run_holds_is_left_alone_and_that_is_said(hold: Hold, said: list[str]) -> None:
    first = hold()
    (first.path / "record.json").write_text("theirs")
    second = hold()
    assert second.path.parent == first.path.parent
    assert second.path.name.startswith("latest-")
    assert (first.path / "record.json").read_text() == "theirs"
    assert said == [f"another run writes to {first.path}: this report goes to {second.path}"]


def test_a_released_folder_is_free_again(said: list[str], tmp_path: Path) -> None:
    ReportFolder(tmp_path / "out", said.append).release()
    assert list((tmp_path / "out").iterdir()) == []
    ReportFolder(tmp_path / "out", said.append).release()
    assert said == []


def test_a_folder_that_cannot_be_written_is_the_environments_fault(hold: Hold, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentFault) as caught:
        hold(tmp_path / "file" / "out")
    assert caught.value.headline == "The report's folder cannot be written."
    assert str(tmp_path / "file" / "out") in str(caught.value.wanted)
    assert caught.value.remedy == "choose another with --out"


def test_old_logs_go_unless_a_kept_cluster_writes_to_them(hold: Hold) -> None:
    folder = hold()
    old = folder.path / "logs" / "kafka.log"
    old.parent.mkdir()
    old.touch()
    beside = folder.new_logs(in_use=True)
    assert beside.name.startswith("logs-")
    assert old.exists()
    assert folder.new_logs(in_use=False) == folder.path / "logs"
    assert not old.exists()


def test_what_the_last_run_took_is_expected_of_services_and_of_steps_that_passed(tmp_path: Path) -> None:
    save(sample_record(), tmp_path / "record.json")
    expected = expected_seconds(tmp_path)
    assert expected["service kafka"] == 4.25
    assert expected["step batch"] == 11.0
    assert "step presto" not in expected


@pytest.mark.parametrize("text", [None, "", "{}", "\x00"])
def test_without_a_last_record_nothing_is_expected(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "record.json").write_text(text)
    assert expected_seconds(tmp_path) == {}
