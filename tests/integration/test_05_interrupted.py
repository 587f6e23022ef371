"""Ctrl-C, SIGTERM and SIGKILL at several moments: the right exit code, a report as far as it came, nothing left."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from machine import HARNESS, Started, keepers, nothing_left, server, started

from harness.settings import cache_dir


def booting(going: Started) -> None:
    going.until(lambda: server("presto"))


def in_a_job(going: Started) -> None:
    going.says("step     load           passed")
    going.until(lambda: server("spark-submit"))


@pytest.mark.parametrize("mode", ["private", "open"])
@pytest.mark.parametrize(
    ("moment", "number", "code"),
    [(booting, signal.SIGINT, 130), (booting, signal.SIGTERM, 143), (in_a_job, signal.SIGINT, 130)],
)
def test_an_interrupted_run_says_so_and_leaves_its_report_and_nothing_else(
    tmp_path: Path, mode: str, moment: object, number: int, code: int
) -> None:
    assert callable(moment)
    with started(tmp_path / "output", HARNESS, "step", "batch", "files", "--mode", mode, "--out", tmp_path) as going:
        moment(going)
        os.killpg(going.process.pid, number)
        ended = going.end(timeout=60)
    assert ended.code == code, ended.output
    nothing_left(within=1)
    record = ended.record(tmp_path)
    assert record["steps"][0]["id"] == "files"
    assert record["steps"][-1]["message"] == "interrupted"


@pytest.mark.parametrize("mode", ["private", "open"])
@pytest.mark.parametrize("moment", [booting, in_a_job])
def test_ten_seconds_after_a_sigkill_of_the_harness_nothing_is_left(tmp_path: Path, mode: str, moment: object) -> None:
    assert callable(moment)
    with started(tmp_path / "output", HARNESS, "step", "batch", "--mode", mode, "--out", tmp_path) as going:
        moment(going)
        going.process.kill()
        going.process.wait(5)
    nothing_left(within=10)


def test_when_the_keeper_itself_is_killed_its_servers_die_and_the_next_start_removes_its_folder(tmp_path: Path) -> None:
    with started(tmp_path / "output", HARNESS, "up") as going:
        booting(going)
        for process in keepers():
            process.kill()
        ended = going.end(timeout=30)
    assert ended.code == 3, ended.output
    assert "the keeper ended" in ended.output
    with started(tmp_path / "again", HARNESS, "up") as going:
        going.says("removed what the killed run")
        going.process.send_signal(signal.SIGINT)
        assert going.end(timeout=60).code == 130
    assert not list((cache_dir() / "runs").glob("*"))
