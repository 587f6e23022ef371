"""Every test here runs the real thing, and after every test nothing of it may be left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from machine import harness, left, nothing_left


@pytest.fixture(scope="session", autouse=True)
def toolchain() -> None:
    """The servers' parts are in the cache, whatever runs first; the machine is clean."""
    ended = harness("setup", timeout=1800)
    assert ended.code == 0, ended.output
    assert not left(), "clusters of an earlier time are there: `harness down` ends them"


@pytest.fixture(autouse=True)
def clean_machine() -> Iterator[None]:
    """After each test no process, port or folder of ours is left."""
    yield
    nothing_left(within=10)
