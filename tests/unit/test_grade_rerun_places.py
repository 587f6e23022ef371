"""Where a submission must stand so that its own commands find their files."""

from __future__ import annotations

from pathlib import PurePosixPath as Path

import pytest

from harness.grade.rerun.places import places


def test_the_folder_is_where_the_commands_name_its_files() -> None:
    files = ["README.md", "app/game_api.py", "jobs/stream.py"]
    texts = ["flask /w205/project-3-kim/app/game_api.py", "spark-submit /w205/project-3-kim/jobs/stream.py"]
    found = places("p3", files, texts)
    assert found.target == Path("/w205/project-3-kim")
    assert not found.links


def test_a_second_name_leads_to_the_same_files() -> None:
    files = ["a.py", "b.py"]
    found = places("p3", files, ["x /w205/one/a.py", "x /w205/one/b.py", "x /w205/full-stack/a.py"])
    assert found.target == Path("/w205/one")
    assert list(found.links) == [(Path("/w205/full-stack"), Path("/w205/one"))]


def test_a_folder_of_the_submission_may_be_what_is_mounted() -> None:
    found = places("p3", ["README.md", "code/a.py", "code/docker-compose.yml"], ["spark-submit /w205/full-stack/a.py"])
    assert found.target == Path("/w205/p3")
    assert list(found.links) == [(Path("/w205/full-stack"), Path("/w205/p3/code"))]
    assert found.folder == Path("/w205/p3/code")


def test_files_may_be_named_right_below_the_course_folder() -> None:
    found = places("p3", ["a.py", "lib/b.py"], ["spark-submit /w205/a.py"])
    assert dict(found.links) == {Path("/w205/a.py"): Path("/w205/p3/a.py"), Path("/w205/lib"): Path("/w205/p3/lib")}


@pytest.mark.parametrize("text", ["cd ~/w205/project-kim", "cd /home/science/w205/project-kim && ls"])
def test_a_folder_that_is_only_entered_is_there(text: str) -> None:
    found = places("p3", ["README.md"], [text])
    assert Path("/w205/project-kim") in {found.target, *(path for path, _ in found.links)}


@pytest.mark.parametrize("name", ["a b", "../x", "<script>", "...", "$(id)"])
def test_a_name_of_a_folder_needs_no_quotes(name: str) -> None:
    found = places(name, ["README.md"], [])
    assert found.target.parent == Path("/w205")
    assert all(each.isalnum() or each in "_.@+-" for each in found.target.name)
