"""The harness is killed at random moments of a run on containers: nothing of it is left.

SIGINT and SIGTERM leave nothing when the harness has ended; after SIGKILL the next start removes what was left.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import engine
import pytest
from interrupts import KINDS, interrupt
from machine import containers_left, harness, left, nothing_left

SHORT = len(KINDS)
LONGEST = 60.0
"""Seconds after the start within which a kill comes: before the first container, in the boot, and in steps."""


@pytest.fixture(scope="module", autouse=True)
def built_images() -> None:
    engine.build_images()


@pytest.fixture(autouse=True)
def clean_machine() -> Iterator[None]:
    assert not left()
    assert not containers_left()
    yield
    nothing_left(within=10)
    assert not containers_left()


def test_a_killed_run_leaves_nothing(tmp_path: Path, fault_round: int, request: pytest.FixtureRequest) -> None:
    number, ended = interrupt(tmp_path, "compose", LONGEST, fault_round, request.config.getoption("seed"))
    if number is not signal.SIGKILL:
        assert not containers_left(), ended.output
        assert not left(), ended.output
        return
    again = harness("step", "files", "--backend", "compose", "--out", tmp_path / "again")
    assert again.code == 0, again.output
