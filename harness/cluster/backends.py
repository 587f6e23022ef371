"""Which backend runs a cluster: from the settings for a new one, from its run folder for one that is up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.cluster import runs, toolchain
from harness.cluster.local import LocalCluster
from harness.cluster.protocol import Cluster, Tell
from harness.cluster.toolchain import fetch
from harness.settings import Settings, cache_dir


def prepare(settings: Settings, download: fetch.Progress) -> None:
    """Fetch what a run of this backend needs and can be had before it starts."""
    if settings.backend == "local":
        toolchain.ensure(cache_dir(), download)


def start(settings: Settings, logs: Callable[[], Path], download: fetch.Progress, tell: Tell) -> Cluster:
    """Start a new cluster without servers; it goes down with this process unless it is kept.

    Raises EnvironmentFault or UsageError when it cannot be had.
    """
    if settings.backend == "compose":
        from harness.cluster.compose.cluster import ComposeCluster

        return ComposeCluster.start(settings, logs(), download, tell)
    tools = toolchain.ensure(cache_dir(), download)
    return LocalCluster.start(settings, tools, logs(), tell)


def join(folder: Path, settings: Settings) -> Cluster:
    """Join a cluster that somebody keeps. Raises EnvironmentFault when it is gone."""
    if runs.backend_of(folder) == "compose":
        from harness.cluster.compose.cluster import ComposeCluster

        return ComposeCluster.join(folder, settings)
    return LocalCluster.join(folder, settings)
