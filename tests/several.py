"""The cluster of several machines for the tests that need one: `harness multi`, and its addresses."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import engine
import psutil
import pytest
from machine import harness, run

from harness.cluster.compose import multi

MEMORY = 12 * 2**30
"""Bytes that must be free for it, and for a driver beside it."""


@contextmanager
def several_machines() -> Iterator[Mapping[str, str]]:
    """Bring it up, give the variables by which `--backend running` finds it, and take it down.

    Skips with the reason where there is no engine, or too little memory.
    """
    engine.build_images()
    free = psutil.virtual_memory().available
    if free < MEMORY:
        pytest.skip(f"{free / 2**30:.0f} GiB of memory are free; a cluster of several machines takes {MEMORY // 2**30}")
    try:
        ended = harness("multi", "up", timeout=900)
        assert ended.code == 0, ended.output
        lines = [shlex.split(line)[1] for line in ended.output.splitlines() if line.startswith("export ")]
        yield dict(line.split("=", 1) for line in lines)
    finally:
        assert harness("multi", "down").code == 0


def container(service: str) -> str:
    """Give the name of a container."""
    return f"{multi.PROJECT}-{service}-1"


def kill(service: str) -> None:
    """Kill a container, as a machine that loses its power."""
    assert run("docker", "kill", container(service)).code == 0


def revive(*services: str) -> None:
    """Start containers again that were killed."""
    assert run("docker", "start", *map(container, services)).code == 0
