"""Which backend runs a cluster: from the settings for a new one, from its run folder for one that is up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from harness import extend
from harness.cluster import runs, toolchain
from harness.cluster.local import LocalCluster
from harness.cluster.protocol import Cluster, Tell
from harness.cluster.running.cluster import RunningCluster
from harness.cluster.toolchain import fetch
from harness.errors import EnvironmentFault
from harness.settings import Settings, cache_dir


def prepare(settings: Settings, download: fetch.Progress) -> None:
    """Fetch what a run of this backend needs and can be had before it starts."""
    if settings.backend in ("local", "running"):
        toolchain.ensure(cache_dir(), download, settings.stack)


def start(settings: Settings, logs: Callable[[], Path], download: fetch.Progress, tell: Tell) -> Cluster:
    """Start a new cluster without servers; it goes down with this process unless it is kept.

    Raises EnvironmentFault or UsageError when it cannot be had.
    """
    if own := extend.BACKENDS.get(settings.backend):
        return own.start(settings, logs(), tell)
    for run_id in _sweep_containers():
        tell({"event": "note", "text": f"removed what the killed run {run_id} left"})
    if settings.backend == "compose":
        from harness.cluster.compose.cluster import ComposeCluster

        return ComposeCluster.start(settings, logs(), download, tell)
    tools = toolchain.ensure(cache_dir(), download, settings.stack)
    return (RunningCluster if settings.backend == "running" else LocalCluster).start(settings, tools, logs(), tell)


def _sweep_containers() -> list[str]:
    """Remove the containers of runs whose harness was killed; asks no engine when there is no such run."""
    if all(runs.backend_of(folder) != "compose" for folder in runs.abandoned()):
        return []
    from harness.cluster.compose.cluster import sweep

    with suppress(EnvironmentFault):
        return sweep()
    return []


def join(folder: Path, settings: Settings) -> Cluster:
    """Join a cluster that somebody keeps. Raises EnvironmentFault when it is gone."""
    if own := extend.BACKENDS.get(runs.backend_of(folder)):
        return own.join(folder, settings)
    if runs.backend_of(folder) == "compose":
        from harness.cluster.compose.cluster import ComposeCluster

        return ComposeCluster.join(folder, settings)
    return (RunningCluster if runs.backend_of(folder) == "running" else LocalCluster).join(folder, settings)
