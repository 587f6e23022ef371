"""The harness is killed at random moments of a run on containers: nothing of it is left.

SIGINT and SIGTERM leave nothing when the harness has ended; after SIGKILL the next start removes what was left.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import engine
import pytest
from machine import HARNESS, containers_left, harness, left, nothing_left, started

KINDS = ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9))
GOLDEN = (5**0.5 - 1) / 2
"""Steps of the golden ratio, taken modulo 1, lie evenly however many there are."""

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
    number, code = KINDS[fault_round % len(KINDS)]
    first = random.Random(request.config.getoption("seed")).random()
    moment = 0.3 + LONGEST * ((first + fault_round * GOLDEN) % 1)
    print(f"round {fault_round}: {number.name} after {moment:.1f} s")
    with started(tmp_path / "output", HARNESS, "report", "--backend", "compose", "--out", tmp_path / "out") as going:
        time.sleep(moment)
        assert going.process.poll() is None, going.output
        if number is signal.SIGKILL:
            going.process.kill()
        else:
            os.killpg(going.process.pid, number)
        ended = going.end(timeout=120)
    assert ended.code == code, ended.output
    if number is not signal.SIGKILL:
        assert not containers_left(), ended.output
        assert not left(), ended.output
        return
    again = harness("step", "files", "--backend", "compose", "--out", tmp_path / "again")
    assert again.code == 0, again.output
