"""A rerun on the compose backend: the submission's services in containers, its host's terminal in a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from harness.cluster.compose import strangers
from harness.cluster.compose.cluster import ComposeCluster
from harness.cluster.compose.entered import Entrance
from harness.cluster.compose.strangers import Admitted, Contained
from harness.cluster.stack import REDIS
from harness.errors import EnvironmentFault, UsageError
from harness.grade.rerun import host
from harness.grade.rerun.compose_desk import Folders, confine
from harness.grade.rerun.host import Work
from harness.grade.rerun.limits import Limits, forks_refused, memory_killed
from harness.grade.rerun.model import Breach, Ending, Help, Limit, Ran, Rerun
from harness.grade.rerun.runner import Say
from harness.grade.rerun.streams import Ask

_GROUP_FILES: Final = (
    "/sys/fs/cgroup/memory.events",
    "/sys/fs/cgroup/pids.events",
    "/sys/fs/cgroup/memory/memory.oom_control",
    "/sys/fs/cgroup/pids/pids.events",
)
"""Where a control group tells of its limits, of either version, as its container sees it."""


def refused(backend: str, work: Work, problem: UsageError) -> Rerun:
    """Give the rerun of a submission whose compose file is refused: nothing of it was run."""
    seen = f" ({problem.seen})" if problem.seen else ""
    note = f"the compose file is refused: {problem.headline.rstrip('.')}{seen}"
    return Rerun(backend, [Ran(unit.typed, unit.block, Ending.LEFT_OUT, note=note) for unit in work.units])


def rerun(
    work: Work,
    admitted: Admitted,
    cluster: ComposeCluster,
    folders: Folders,
    copied: Path,
    limits: Limits,
    ask: Ask,
    say: Say = lambda _: None,
) -> Rerun:
    """Run a submission's commands on its services, which are up. What the submission does never raises."""
    way = cluster.entrance()
    _prepare(admitted, way)
    breaches: list[Breach] = []

    def faults() -> str | None:
        breaches.extend(_breaches(admitted, way, limits))
        found = next(map(str, cluster.faults()), None)
        return None if breaches else found  # a server that ended for want of memory ended by what ran beside it

    with confine(work, admitted, cluster, way, folders, copied, limits) as desk:
        found = host.perform(cluster.backend, work, desk, ask, folders.private, limits, say, faults)
    helps = [*found.helps, *(Help("compose-file", note) for note in dict.fromkeys(admitted.notes))]
    return replace(found, helps=helps, breaches=(*found.breaches, *breaches), versions=cluster.versions())


def _prepare(admitted: Admitted, way: Entrance) -> None:
    """Lead places of mounts to the work folder; say which containers ended at once."""
    for name, service in list(admitted.services.items()):
        if not way.runs(name):
            admitted.lacking[name] = "its container has ended"
            del admitted.services[name]
        for path, to in service.links.items():
            way.link(name, path, to)


def _breaches(admitted: Admitted, way: Entrance, limits: Limits) -> Iterator[Breach]:
    """Give the limits that containers ran into, as the kernel tells."""
    for name in admitted.services:
        events = way.read(name, _GROUP_FILES)
        if memory_killed(events):
            yield Breach(Limit.MEMORY, f"more memory than the container of {name} may have")
        if forks_refused(events):
            yield Breach(Limit.PROCESSES, f"more than {limits.processes} processes in the container of {name}")


def bring_up(
    config: Mapping[str, Any],
    contained: Contained,
    file: Path,
    start: Callable[[Path], ComposeCluster],
    servers: Sequence[str],
    say: Say,
) -> tuple[ComposeCluster, Admitted]:
    """Bring up the services of a compose file; where they do not come up those of the harness' own file, and say so.

    Raises UsageError for a file that is refused, EnvironmentFault where nothing comes up.
    """
    admitted = strangers.admit(config, contained)
    try:
        return _up(admitted, file, start, servers), admitted
    except EnvironmentFault as problem:
        if not config:
            raise
        note = f"with its own compose file the services did not come up ({problem.headline} {problem.seen or ''})"
        say(f"{note}: the one of the harness is used")
        admitted = strangers.admit({}, contained)
        admitted.notes.append(f"{note.rstrip()}: the one of the harness was used")
        return _up(admitted, file, start, servers), admitted


def _up(
    admitted: Admitted, file: Path, start: Callable[[Path], ComposeCluster], servers: Sequence[str]
) -> ComposeCluster:
    file.write_text(admitted.text(), encoding="utf-8")
    cluster = start(file)
    try:
        redis = [REDIS.name] if any(each.role == REDIS.name for each in admitted.services.values()) else []
        cluster.up([*servers, *redis])
    except BaseException:
        cluster.down(quick=True)
        raise
    return cluster
