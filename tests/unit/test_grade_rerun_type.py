"""The shell that types one command of a report: what it waits for, and how an endless loop ends."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.grade.rerun import guest

TYPE = Path(guest.__file__).parent / "type.sh"
Type = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def type_it(tmp_path: Path) -> Type:
    def typing(text: str, *words: str) -> subprocess.Popen[bytes]:
        (tmp_path / "command.sh").write_text(f"{text}\n")
        command = ["bash", "--noprofile", "--norc", TYPE, tmp_path / "command.sh", tmp_path / "state", *words]
        return subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)

    return typing


def test_an_endless_loop_of_a_script_in_the_background_goes_on_until_it_is_told_to_end(
    type_it: Type, tmp_path: Path
) -> None:
    (tmp_path / "feed.sh").write_text("while :\ndo\n  echo fed >> fed.txt\n  sleep 0.05\ndone\n")
    typed = type_it("bash feed.sh > /dev/null 2>&1 &", "wait", str(tmp_path / "stop"), str(tmp_path / "rounds"))
    with pytest.raises(subprocess.TimeoutExpired):
        typed.wait(1)
    assert (tmp_path / "rounds").stat().st_size >= 2
    (tmp_path / "stop").touch()
    assert typed.wait(30) == 0
    fed = (tmp_path / "fed.txt").read_text().count("fed")
    assert fed == (tmp_path / "rounds").stat().st_size - 1


def test_a_command_in_the_background_that_is_no_loop_is_not_waited_for(type_it: Type, tmp_path: Path) -> None:
    typed = type_it("(while [ ! -e end ]; do sleep 0.05; done; echo ended > ended) & cd /", "-")
    assert typed.wait(30) == 0
    assert not (tmp_path / "ended").exists()
    assert "cd /" in (tmp_path / "state").read_text()
    (tmp_path / "end").touch()


def test_what_a_command_sets_is_there_for_the_next_and_its_code_is_kept(type_it: Type, tmp_path: Path) -> None:
    assert type_it("HOST=user1; greet() { echo hello > $HOST; }; false", "wait").wait(30) == 1
    assert type_it("greet", "wait").wait(30) == 0
    assert (tmp_path / "user1").read_text() == "hello\n"
