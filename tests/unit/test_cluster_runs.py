"""A run lives as long as its keeper's lock is held; what no keeper holds is swept away."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.cluster import runs
from harness.cluster.control import PATH_LIMIT
from harness.cluster.runs import RunSpec
from harness.errors import EnvironmentFault
from harness.locks import take

Make = Callable[..., Path]


def spec(run_id: str, project: Path, starter: int = 0) -> RunSpec:
    pid = starter or os.getpid()
    return RunSpec(run_id, "open", str(project), "/logs", "app.py", "/java", "/prepared", pid, {"kafka": 29092})


def ended_process() -> int:
    """Give the id of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))


@pytest.fixture
def make() -> Iterator[Make]:
    """Make a run folder, by default with a keeper that lives."""
    locks = []

    def made(name: str, *, project: Path = Path("/project"), alive: bool = True) -> Path:
        folder = runs.run_dir(name)
        folder.mkdir(parents=True)
        runs.write_spec(folder, spec(name, project, 0 if alive else ended_process()))
        locks.append(take(runs.lock_path(folder)))
        if not alive:
            os.close(locks.pop())
        return folder

    yield made
    for lock in locks:
        os.close(lock)


def age(folder: Path, seconds: float) -> None:
    """Make a folder as old as that."""
    now = folder.stat().st_mtime
    os.utime(folder, (now - seconds, now - seconds))


def test_what_a_keeper_is_told_reads_the_same(make: Make) -> None:
    assert runs.read_spec(make("one")) == spec("one", Path("/project"))


def test_the_runs_of_a_project_whose_keepers_live_are_living(make: Make) -> None:
    one = make("one")
    make("elsewhere", project=Path("/other"))
    make("dead", alive=False)
    assert runs.living(Path("/project")) == [one]


def test_the_newest_run_comes_last(make: Make) -> None:
    made = [make(name) for name in ("c", "a", "b")]
    newest = 0.0
    for folder in made:
        while folder.stat().st_ctime <= newest:
            folder.touch()
        newest = folder.stat().st_ctime
    assert runs.living(Path("/project")) == made


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "one"}', '{"unknown": 1}', "\x00"])
def test_a_run_whose_spec_cannot_be_read_is_passed_over(make: Make, text: str) -> None:
    (make("broken") / "spec.json").write_text(text)
    one = make("one")
    assert runs.living(Path("/project")) == [one]


def test_without_any_run_none_is_living_and_nothing_is_swept() -> None:
    assert runs.living(Path("/project")) == []
    assert runs.sweep() == []


def test_sweep_removes_what_killed_keepers_left_and_says_so(make: Make) -> None:
    living, dead = make("living"), make("dead", alive=False)
    (dead / "data").mkdir()
    (dead / "data" / "file").touch()
    assert runs.sweep() == ["dead"]
    assert living.exists()
    assert not dead.exists()
    assert runs.sweep() == []


def test_a_run_that_just_begins_has_its_time_to_take_the_lock() -> None:
    folder = runs.run_dir("new")
    folder.mkdir(parents=True)
    runs.write_spec(folder, spec("new", Path("/project")))
    assert runs.sweep() == []
    age(folder, runs.START_TIME + 1)
    assert runs.sweep() == ["new"]
    assert not folder.exists()


def test_ids_are_short_and_differ() -> None:
    ids = {runs.new_id() for _ in range(50)}
    assert len(ids) == 50
    assert {len(run_id) for run_id in ids} == {6}


def test_the_longest_cache_path_that_is_taken_has_a_socket_path_of_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rest = len("/runs/123456/control")
    fits = "/" + "x" * (PATH_LIMIT - rest - 1)
    monkeypatch.setenv("HARNESS_CACHE", fits)
    path = runs.socket_path(runs.run_dir(runs.new_id()))
    assert len(str(path)) == PATH_LIMIT
    monkeypatch.setenv("HARNESS_CACHE", f"{fits}x")
    with pytest.raises(EnvironmentFault) as caught:
        runs.new_id()
    assert caught.value.headline == "The cache folder's path is too long."
    assert caught.value.wanted == f"a Unix socket path of at most {PATH_LIMIT} bytes"
    assert f"{PATH_LIMIT + 1} bytes: {fits}x/runs/" in str(caught.value.seen)
    assert caught.value.remedy == "set HARNESS_CACHE to a folder with a shorter path"


def test_the_limit_counts_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_CACHE", "/" + "é" * 45)
    with pytest.raises(EnvironmentFault, match="too long"):
        runs.new_id()
