"""SIGTERM and SIGHUP end a run in order: cleaning up is done once, undisturbed, and the exit code is the shell's."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from test_grade_command import RIGHT, grade

from harness.cli import grade_commands
from harness.grade import grade_class
from harness.signals import ENDING, Terminated, orderly, undisturbed


def me(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_runs_what_cleans_up_and_a_second_one_does_not_disturb_it(number: int, code: int) -> None:
    before = [signal.getsignal(each) for each in ENDING]
    cleaned = []

    def run() -> None:
        with orderly():
            try:
                me(number)
            finally:
                me(number)
                cleaned.append(True)

    with pytest.raises(Terminated) as ended:
        run()
    assert (cleaned, int(ended.value.exit_code)) == ([True], code)
    assert [signal.getsignal(each) for each in ENDING] == before


def test_a_signal_that_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with orderly():
            me(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_nothing_disturbs_an_end() -> None:
    before = signal.getsignal(signal.SIGINT)
    with undisturbed():
        for number in (signal.SIGINT, *ENDING):
            me(number)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_grading_ends_its_stage_when_it_is_terminated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    closed: list[bool] = []

    @contextmanager
    def stage(_backend: str | None, _packages: Sequence[str]) -> Iterator[None]:
        try:
            yield None
        finally:
            closed.append(True)

    monkeypatch.setattr(grade_commands, "_stage", stage)
    monkeypatch.setattr(grade_class, "_rerun", lambda *_: me(number))
    (tmp_path / "README.md").write_text(RIGHT)
    assert grade(tmp_path).return_value == code
    assert closed == [True]
