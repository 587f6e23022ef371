"""An honest run agrees with the golden record, also beside a program that keeps a processor busy."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import PATIENT, harness, nothing_left, started

SHORT = 0
"""The short form has none: `tests/integration/test_01_report.py` checks runs that are beside each other."""

LONGEST = 1200
"""Seconds after which the busy program ends by itself."""

BUSY = f"import time; end = time.monotonic() + {LONGEST}\nwhile time.monotonic() < end: pass"


@pytest.fixture
def busy_processor(tmp_path: Path) -> Iterator[None]:
    """The last processor that this process may use is busy; the run may still use all."""
    last = max(os.sched_getaffinity(0))
    pinned = f"import os; os.sched_setaffinity(0, [{last}]); {BUSY}"
    with started(tmp_path / "busy", sys.executable, "-c", pinned) as busy:
        yield
        assert busy.process.poll() is None, busy.output


def test_a_run_beside_a_busy_program_is_equal(tmp_path: Path, fault_round: int, busy_processor: None) -> None:
    out = tmp_path / "out"
    ended = harness("report", "--out", out, env=PATIENT, timeout=LONGEST)
    assert ended.code == 0, ended.output
    checked = harness("check", out / "record.json", env={"CI": "true"})
    print(f"round {fault_round}: {ended.record(out)['seconds']:.0f} s; {checked.output.splitlines()[-1]}")
    assert checked.code == 0, checked.output
    nothing_left(within=10)
