"""rerun.json is read as it was written, with facts that come from the outputs alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cluster.captures import captured
from harness.errors import UsageError
from harness.grade.rerun.model import Breach, Ending, Help, Limit, Ran, Rerun, State
from harness.grade.rerun.record import load, save
from harness.readme.typed import Loop, Typed

LISTED = "Found 1 items\ndrwxr-xr-x   - root supergroup          0 2026-11-24 20:00 /tmp/a\n"


def made() -> Rerun:
    """Give a rerun with one of everything."""
    typed = Typed("hadoop fs -ls /tmp", 7, "shell", "cloudera", "hadoop fs -ls /tmp", False, Loop.FINITE)
    printed = captured("cloudera", "hadoop fs -ls /tmp", LISTED, "\x1b[31m\udc80", 0, started="2026", seconds=1.5)
    return Rerun(
        "local",
        (
            Ran(typed, 6, Ending.STOPPED, printed, "a note", (printed,), True),
            Ran(typed, 6, Ending.LEFT_OUT, note="belongs to the terminal"),
        ),
        (Help("row", "sorted", 2),),
        (Breach(Limit.MEMORY, "more than 1 MiB", 7), Breach(Limit.TIME, "longer")),
        State({"events": 40}, {"/tmp/a": 1}, {"a": 3, "b": None}, {"b": "no such file"}, "no answer"),
        None,
        12.5,
        10.0,
        {"java": "17"},
        "longer than 1 s",
    )


def test_a_rerun_is_read_as_it_was_written(tmp_path: Path) -> None:
    save(made(), tmp_path / "rerun.json", "abc", 2)
    rerun, digest, attempts = load(tmp_path / "rerun.json")
    assert (rerun, digest, attempts) == (made(), "abc", 2)
    assert rerun.ran[0].capture is not None
    assert rerun.ran[0].capture.facts["found"] == 1


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"schema_version": 2}', '{"schema_version": 1, "commands": 3}', "null"]
)
def test_one_that_cannot_be_read_is_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rerun.json"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"rerun\.json cannot be read"):
        load(file)


def test_one_that_is_cut_short_is_said(tmp_path: Path) -> None:
    file = tmp_path / "rerun.json"
    save(made(), file, "abc")
    file.write_text(file.read_text()[:-40])
    with pytest.raises(UsageError, match="cannot be read"):
        load(file)
