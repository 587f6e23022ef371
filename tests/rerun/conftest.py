"""One cluster for all reruns of a module, as a class has it; afterwards nothing of it may be left.

`--dresses N` and `--hostile N` rerun so many of the made submissions, instead of the few of the short form, and
`--students N` makes a class of so many, kills its grader and its cluster, and goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from machine import harness, nothing_left
from rich.console import Console

from harness.cluster import backends
from harness.cluster.local import LocalCluster
from harness.cluster.stack import Stack
from harness.grade.rerun.stage import LocalStage
from harness.progress import DownloadProgress
from harness.settings import Settings


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("rerun")
    group.addoption("--dresses", type=int, help="how many of the right submissions are rerun (default: a few)")
    group.addoption("--students", type=int, help="how many submissions a class has that is killed and goes on")
    group.addoption("--hostile", type=int, help="how many of the hostile submissions are rerun (default: a few)")


@pytest.fixture(scope="session")
def toolchain() -> None:
    """The servers' parts are in the cache, whatever runs first."""
    ended = harness("setup", timeout=1800)
    assert ended.code == 0, ended.output


@pytest.fixture(scope="module")
def stage(toolchain: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStage]:
    """Where submissions are rerun."""
    folder = tmp_path_factory.mktemp("stage")
    (folder / "project").mkdir()
    settings = Settings(project=folder / "project", out=folder, title="rerun", mode="private", guests=True)

    def start(stack: Stack) -> LocalCluster:
        logs: Path = tmp_path_factory.mktemp("logs")
        cluster = backends.start(
            replace(settings, stack=stack), lambda: logs, DownloadProgress(Console(quiet=True)), lambda _: None
        )
        assert isinstance(cluster, LocalCluster)
        return cluster

    stage = LocalStage(start, print)
    yield stage
    stage.close()
    nothing_left(within=10)
