"""Ends a run at a moment and by a signal that follow from a round and a seed."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from machine import HARNESS, Ended, started

KINDS = ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9))
GOLDEN = (5**0.5 - 1) / 2
"""Steps of the golden ratio, taken modulo 1, lie evenly however many there are."""


def interrupt(folder: Path, backend: str, longest: float, fault_round: int, seed: int) -> tuple[signal.Signals, Ended]:
    """Start a report, end it within `longest` seconds, and check its exit code. Gives the signal, and how it ended."""
    number, code = KINDS[fault_round % len(KINDS)]
    moment = 0.3 + longest * ((random.Random(seed).random() + fault_round * GOLDEN) % 1)
    print(f"round {fault_round}: {number.name} after {moment:.1f} s")
    with started(folder / "output", HARNESS, "report", "--backend", backend, "--out", folder / "out") as going:
        time.sleep(moment)
        assert going.process.poll() is None, going.output
        if number is signal.SIGKILL:
            going.process.kill()
        else:
            os.killpg(going.process.pid, number)
        ended = going.end(timeout=120)
    assert ended.code == code, ended.output
    return number, ended
