"""A class: what is a submission, and none of them stops the others, whatever is in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_folders import nest
from test_grade_command import RIGHT

from harness.errors import EnvironmentFault, UsageError
from harness.folders import remove
from harness.grade import grade_class as module
from harness.grade.class_folder import submissions
from harness.grade.grade_class import Order, grade_class
from harness.grade.rerun.limits import Limits
from harness.grade.results import write
from harness.grade.results.graded import Graded
from harness.grade.rubric import load_rubric
from harness.grade.score import State
from harness.grade.submission import load


@pytest.fixture
def students(tmp_path: Path) -> Iterator[Path]:
    """Give a class of three."""
    folder = tmp_path / "class"
    for name in ("amy", "bob", "cat"):
        (folder / name).mkdir(parents=True)
        (folder / name / "README.md").write_text(RIGHT)
    yield folder
    remove(folder)


def graded(folder: Path, out: Path | None = None) -> list[Graded]:
    return grade_class(Order(sorted(folder.iterdir()), load_rubric("2018"), out, Limits(), None))


def states(out: Path) -> dict[str, str]:
    return {file.parent.name: json.loads(file.read_text())["state"] for file in sorted(out.glob("*/result.json"))}


def test_a_submission_with_folders_too_deep_is_for_a_person_and_the_class_goes_on(
    students: Path, tmp_path: Path
) -> None:
    nest(students / "bob", "d")
    amy, bob, cat = graded(students, tmp_path / "out")
    assert (bob.score.state, bob.score.points) == (State.HUMAN, None)
    assert "more than 100 deep" in bob.problem
    assert amy.score.points == cat.score.points is not None
    assert list(states(tmp_path / "out")) == ["amy", "bob", "cat"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_a_folder_that_may_not_be_read_is_for_a_person_and_the_class_goes_on(students: Path, mode: int) -> None:
    (students / "bob").chmod(mode)
    try:
        assert [each.score.state for each in graded(students)][1] is State.HUMAN
    finally:
        (students / "bob").chmod(0o755)


@pytest.mark.parametrize(
    ("problem", "state"),
    [
        (PermissionError(13, "Permission denied", "bob"), State.HUMAN),
        (RecursionError(), State.INFRASTRUCTURE),
        (MemoryError(), State.INFRASTRUCTURE),
    ],
)
def test_whatever_reading_one_raises_the_others_are_graded(
    students: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception, state: State
) -> None:
    lstat = Path.lstat

    def fails(path: Path) -> os.stat_result:
        if path.parent.name == "bob":
            raise problem
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", fails)
    assert [each.score.state for each in graded(students, tmp_path / "out")][1] is state
    assert states(tmp_path / "out")["bob"] == state.value
    assert len(states(tmp_path / "out")) == 3


def test_results_that_cannot_be_shown_are_our_fault_and_the_class_goes_on(
    students: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = write.render_page

    def fails(*words: object) -> str:
        if pages.pop():
            raise RecursionError
        return page(*words)  # type: ignore[arg-type]

    pages = [False, False, True, False, False]
    monkeypatch.setattr(write, "render_page", fails)
    found = graded(students, tmp_path / "out")
    assert [each.fault for each in found] == [False, True, False]
    assert states(tmp_path / "out")["bob"] == "infrastructure"


def test_a_folder_of_results_that_cannot_be_written_ends_the_class(students: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(EnvironmentFault):
        graded(students, tmp_path / "out")


def test_one_alone_that_cannot_be_read_is_refused(students: Path) -> None:
    nest(students / "bob", "d", 200)
    with pytest.raises(UsageError, match="cannot be read"):
        load(students / "bob")


def names(path: Path, out: Path | None = None) -> tuple[list[str], str]:
    said: list[str] = []
    return [each.name for each in submissions([path], out, said.append)], "\n".join(said)


def test_folders_with_nothing_beside_them_are_a_class(students: Path) -> None:
    assert names(students) == (["amy", "bob", "cat"], f"{students} is taken for a class of 3 submissions")


def test_the_results_in_a_class_are_no_submission(students: Path) -> None:
    (students / "results" / "amy").mkdir(parents=True)
    for out in (students / "results", students / "results" / "again"):
        assert names(students, out)[0] == ["amy", "bob", "cat"]
    assert names(students, students.parent)[0] == ["amy", "bob", "cat", "results"]


def test_a_note_beside_the_folders_of_a_class_is_none_and_is_said(students: Path) -> None:
    (students / "notes.md").write_text("Marks are due on Friday.\n")
    (students / "dan").mkdir()
    found, said = names(students)
    assert found == ["amy", "bob", "cat", "dan"]
    assert said.endswith("a class of 4 submissions; notes.md beside them belongs to none")


def test_a_folder_that_has_a_report_with_commands_is_one_submission(students: Path) -> None:
    (students / "README.md").write_text(RIGHT)
    found, said = names(students)
    assert found == ["class"]
    assert said.endswith("is taken for one submission: README.md lies beside its folders")


@pytest.mark.parametrize("name", ["docker-compose.yml", "README.md", "api.py"])
def test_work_beside_folders_without_reports_is_one_submission(tmp_path: Path, name: str) -> None:
    for folder in ("app", "jobs"):
        (tmp_path / folder).mkdir()
    (tmp_path / name).write_text("")
    assert names(tmp_path)[0] == [tmp_path.name]


def test_links_and_what_is_hidden_are_no_submissions(students: Path) -> None:
    (students / "link").symlink_to(students / "amy")
    (students / ".git").mkdir()
    assert names(students)[0] == ["amy", "bob", "cat"]
    with pytest.raises(UsageError, match="is not there"):
        names(students / "eve")


def test_a_rerun_that_is_written_withdraws_the_old_result(
    students: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    graded(students, out)
    assert "bob" in states(out)

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "score", ended)
    with pytest.raises(KeyboardInterrupt):
        grade_class(Order([students / "bob"], load_rubric("2018"), out / "bob", Limits(), _Stage()))
    assert "bob" not in states(out)
    assert (out / "bob" / "rerun.json").exists()


class _Stage:
    """A stage on which nothing is run."""

    backend = "local"
    variant = "local"

    def rerun(self, *_: object) -> module.Rerun:
        return module.Rerun("local", ())

    def restart(self) -> None: ...

    def close(self) -> None: ...
