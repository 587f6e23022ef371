"""A rerun on the local backend: a private cluster, and a sandbox that shares its network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from harness.cluster.local import LocalCluster
from harness.cluster.stack import REDIS
from harness.grade.model import Submission
from harness.grade.rerun import host, sandbox
from harness.grade.rerun.confined import size_of
from harness.grade.rerun.host import Desk, Room, Work
from harness.grade.rerun.limits import Limits
from harness.grade.rerun.model import Rerun
from harness.grade.rerun.packages import VARIABLE, Packages
from harness.grade.rerun.runner import Say
from harness.grade.rerun.sandbox import INSIDE, Seen
from harness.grade.rerun.streams import Ask

LOGS: Mapping[str, Sequence[str]] = {
    "zookeeper": ("zookeeper",),
    "kafka": ("kafka",),
    "cloudera": ("namenode", "datanode", "metastore"),
    "presto": ("presto",),
}


def rerun(
    folder: Path | None,
    submission: Submission,
    cluster: LocalCluster,
    limits: Limits,
    ask: Ask,
    say: Say = lambda _: None,
    packages: Packages = Packages(),  # noqa: B008 - it is frozen
    redis: Sequence[str] = (),
) -> Rerun:
    """Run a submission's commands on a cluster that is up and clean, whose servers `ask` asks.

    `redis` are the names by which it calls its Redis, where it has one.

    Raises EnvironmentFault when no sandbox can be had; what the submission does never raises.
    """
    work = Work.of(folder, submission)
    with host.stage() as stage:

        def faults() -> str | None:
            return next(map(str, cluster.faults()), None)

        with _confine(work, cluster, limits, stage, packages, redis) as desk:
            return host.perform(cluster.backend, work, desk, ask, stage / "rerun", limits, say, faults)


@contextmanager
def _confine(
    work: Work, cluster: LocalCluster, limits: Limits, stage: Path, packages: Packages, redis: Sequence[str]
) -> Iterator[Desk]:
    """Have the sandbox with the submission in it."""
    if why := sandbox.why_not():
        raise sandbox.refuse(why)
    told = cluster.keeper.ask(op="guest")
    if packages.folder:
        told["readable"].append(str(packages.folder))
        for environment in told["environments"].values():
            environment[VARIABLE] = str(packages.folder)
    python = told["python"]
    own = told["environments"].pop(REDIS.name, None)
    told["environments"] |= {name: own for name in redis if own}
    rooms = {
        room: {
            "environment": environment,
            "folder": "/w205",
            "logs": [f"{INSIDE}/logs/{log}.log" for log in LOGS.get(room, ())],
        }
        for room, environment in told["environments"].items()
    }
    told_inside = {"rooms": rooms, "lacking": {}, "project": work.project, "ended": "/tmp/.w205-ended"}  # noqa: S108
    inside = host.furnish(stage, python, told_inside)
    copied = stage / "rerun" / "submission"
    host.copy(work, copied)
    logs = {
        INSIDE / "logs" / f"{log}.log": file
        for log in (each for many in LOGS.values() for each in many)
        if (file := cluster.log_folder / f"{log}.log").exists()
    }
    for path in logs:
        (inside / "logs" / path.name).touch()
    placed = {INSIDE: inside, INSIDE / "inbox": stage / "rerun" / "inbox", INSIDE / "submission": copied, **logs}
    seen = Seen([Path(p) for p in told["readable"]], [Path(p) for p in told["masked"]], placed, redis)
    environment = host.terminal()
    spark = told["environments"]["spark"]
    cells = Room(
        [python, str(INSIDE / "cells.py")],
        {**spark, "PATH": f"{spark['PATH']}:{INSIDE}/bin", "HARNESS_HELPS": environment["HARNESS_HELPS"]},
    )
    grows, network = partial(size_of, cluster.folder), sandbox.network_of(cluster.folder)
    log = stage / "sandbox.log"
    with host.confine(python, seen, limits, stage, work.at, log, grows, network=network) as confined:
        yield Desk(confined, environment, cells)
