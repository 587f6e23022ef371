"""A submission is read as it lies there: the report is found, nothing is followed, and what is left out is said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.errors import ExitCode, UsageError
from harness.grade import submission
from harness.grade.submission import NoReportError, load

REPORT = "# The pipeline\n\n```\ndocker-compose up -d\n```\n\n```\nspark-submit job.py\n```\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "README.md").write_text("# What this is\n")
    (tmp_path / "report.md").write_text(REPORT)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "api.py").write_text("app = 1\n")
    return tmp_path


def test_the_report_is_the_file_that_shows_most_commands(folder: Path) -> None:
    found = load(folder)
    assert str(found.report) == "report.md"
    assert found.text == REPORT
    assert found.files == {"README.md": "# What this is\n", "app/api.py": "app = 1\n"}


def test_a_report_can_be_named(folder: Path) -> None:
    assert str(load(folder, "README.md").report) == "README.md"
    with pytest.raises(UsageError, match=r"none\.md is no file"):
        load(folder, "none.md")
    with pytest.raises(UsageError):
        load(folder, "../outside.md")


def test_a_report_alone_is_a_submission_without_other_files(folder: Path) -> None:
    found = load(folder / "report.md")
    assert (str(found.report), found.files) == ("report.md", {})


def test_an_empty_folder_and_one_without_a_report_have_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(NoReportError, match="no report") as caught:
        load(tmp_path)
    assert caught.value.exit_code is ExitCode.NOTHING_CHECKED
    (tmp_path / "job.py").write_text("")
    with pytest.raises(NoReportError, match="1 other file"):
        load(tmp_path)


def test_a_path_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        load(tmp_path / "nothing")


def test_links_are_never_followed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.md").write_text(REPORT * 10)
    (folder / "link.md").symlink_to(outside / "secret.md")
    (folder / "linked").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    found = load(folder)
    assert str(found.report) == "report.md"
    assert set(found.skipped) == {"link.md", "linked", "loop"}
    assert not any("secret" in name for name in found.files)


def test_what_is_no_text_is_left_out_and_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "LARGEST", 50)
    (folder / "data.bin").write_bytes(b"\0\1")
    (folder / "large.txt").write_text("x" * 51)
    (folder / "latin.txt").write_bytes(b"caf\xe9")
    os.mkfifo(folder / "pipe.md")
    (folder / ".git").mkdir()
    (folder / ".git" / "config.md").write_text(REPORT)
    found = load(folder)
    assert found.skipped == {
        "data.bin": "not text",
        "large.txt": "larger than 50 bytes",
        "pipe.md": "no regular file",
    }
    assert found.files["latin.txt"] == "caf\ufffd"
    assert not any(".git" in name for name in found.files)


def test_a_folder_of_many_files_is_read_in_part(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "MOST_FILES", 2)
    assert "…" in load(folder).skipped


def test_names_that_are_no_utf8_do_no_harm(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.py")).write_text("x = 1\n")
    assert len(load(folder).files) == 3
