"""A background command gives whole lines while it runs, all when it has ended, and a later process finds it again."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import cast

import pytest

from harness.cluster.background import LocalBackground
from harness.cluster.control import Message
from harness.cluster.keeper_client import KeeperClient


class Keeper:
    """Answers for the keeper: the command has this exit code, None while it runs."""

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self.asked: list[Message] = []

    def ask(self, **request: object) -> Message:
        self.asked.append(request)
        return {"event": "state", "exit_code": self.exit_code, "timed_out": False}


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def command(keeper: Keeper, tmp_path: Path) -> LocalBackground:
    out, err = tmp_path / "out", tmp_path / "err"
    out.touch()
    err.touch()
    return LocalBackground(cast("KeeperClient", keeper), "mids", "flask run", out, err)


def prints(folder: Path, text: bytes, name: str = "out") -> None:
    with (folder / name).open("ab") as file:
        file.write(text)


def test_a_look_gives_whole_lines_and_each_once(command: LocalBackground, tmp_path: Path) -> None:
    prints(tmp_path, b"one\ntw")
    assert command.look(since_last=True).stdout == "one\n"
    prints(tmp_path, b"o\n")
    assert command.look(since_last=True).stdout == "two\n"
    assert command.look(since_last=True).stdout == ""


def test_a_plain_look_gives_all_and_takes_nothing_from_the_next(command: LocalBackground, tmp_path: Path) -> None:
    prints(tmp_path, b"one\ntw")
    assert command.look().stdout == "one\ntw"
    assert command.look(since_last=True).stdout == "one\n"


def test_both_outputs_are_looked_at_apart(command: LocalBackground, tmp_path: Path) -> None:
    prints(tmp_path, b"printed\n")
    prints(tmp_path, b"warned\n", "err")
    shown = command.look(since_last=True)
    assert (shown.stdout, shown.stderr) == ("printed\n", "warned\n")
    assert (shown.command, shown.service, shown.background, shown.exit_code) == ("flask run", "mids", True, None)


def test_when_it_has_ended_the_last_line_needs_no_line_end(
    command: LocalBackground, keeper: Keeper, tmp_path: Path
) -> None:
    prints(tmp_path, b"one\nlast")
    keeper.exit_code = 0
    shown = command.look(since_last=True)
    assert (shown.stdout, shown.exit_code) == ("one\nlast", 0)


def test_stop_tells_the_keeper_how_and_gives_all(command: LocalBackground, keeper: Keeper, tmp_path: Path) -> None:
    prints(tmp_path, b"one\n")
    command.look(since_last=True)
    command.id = 7
    keeper.exit_code = 130
    shown = command.stop(signal.SIGINT, group=True, grace=3.0)
    assert (shown.stdout, shown.exit_code) == ("one\n", 130)
    assert keeper.asked[-1] == {"op": "stop", "id": 7, "signal": 2, "group": True, "grace": 3.0}


def test_bytes_that_are_no_text_are_shown(command: LocalBackground, tmp_path: Path) -> None:
    prints(tmp_path, b"caf\xe9\n")
    assert command.look().stdout == "caf\\xe9\n"


def test_its_facts_are_those_of_what_is_new(command: LocalBackground, tmp_path: Path) -> None:
    line = b'127.0.0.1 - - [01/Mar/2026 09:00:31] "GET / HTTP/1.0" 200 -\n'
    prints(tmp_path, line * 2, "err")
    assert command.look(since_last=True).facts["requests"] == 2
    prints(tmp_path, line, "err")
    assert command.look(since_last=True).facts["requests"] == 1


def test_a_later_process_goes_on_where_an_earlier_one_looked_last(
    command: LocalBackground, keeper: Keeper, tmp_path: Path
) -> None:
    prints(tmp_path, b"one\n")
    command.look(since_last=True)
    command.id = 7
    again = LocalBackground.restore(cast("KeeperClient", keeper), json.loads(json.dumps(command.state())))
    prints(tmp_path, b"two\n")
    shown = again.look(since_last=True)
    assert (shown.stdout, shown.command, shown.service) == ("two\n", "flask run", "mids")
    assert keeper.asked[-1]["id"] == 7
