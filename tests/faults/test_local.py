"""The harness is killed at random moments of a run on local processes: nothing of it is left.

SIGINT and SIGTERM leave nothing when the harness has ended, SIGKILL nothing after ten seconds.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from interrupts import interrupt
from machine import left, nothing_left

SHORT = 0
"""The short form has none: `tests/integration/test_05_interrupted.py` ends runs at chosen moments."""

LONGEST = 80.0
"""Seconds after the start within which a kill comes: in the boot, in every step, in the teardown's first part."""


def test_a_killed_run_leaves_nothing(tmp_path: Path, fault_round: int, request: pytest.FixtureRequest) -> None:
    assert not left()
    number, ended = interrupt(tmp_path, "local", LONGEST, fault_round, request.config.getoption("seed"))
    if number is not signal.SIGKILL:
        assert not left(), ended.output
    nothing_left(within=10)
