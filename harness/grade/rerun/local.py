"""A rerun on the local backend: a private cluster, and a sandbox that shares its network."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.cluster.local import LocalCluster
from harness.errors import HarnessError
from harness.grade.model import Submission
from harness.grade.rerun import guest, sandbox
from harness.grade.rerun.cells import Interpreter
from harness.grade.rerun.confined import Confined
from harness.grade.rerun.leftovers import own_folder
from harness.grade.rerun.limits import ControlGroup, Limits, is_root
from harness.grade.rerun.model import Rerun
from harness.grade.rerun.packages import Packages
from harness.grade.rerun.places import HOME, Places, places
from harness.grade.rerun.runner import HELPS, Runner, Say
from harness.grade.rerun.sandbox import INSIDE, Seen
from harness.grade.rerun.script import script, texts
from harness.grade.rerun.streams import Ask, Streams

_LOGS: Mapping[str, Sequence[str]] = {
    "zookeeper": ("zookeeper",),
    "kafka": ("kafka",),
    "cloudera": ("namenode", "datanode", "metastore"),
    "presto": ("presto",),
}
_SKIPPED = frozenset({".git", "__pycache__", ".ipynb_checkpoints", "node_modules", ".venv", "venv"})


@dataclass(frozen=True, slots=True)
class Room:
    """How cells of Python are run: the words of the interpreter, and its environment."""

    words: Sequence[str]
    environment: Mapping[str, str]


def rerun(
    folder: Path | None,
    submission: Submission,
    cluster: LocalCluster,
    limits: Limits,
    ask: Ask,
    say: Say = lambda _: None,
    packages: Packages = Packages(),  # noqa: B008 - it is frozen
) -> Rerun:
    """Run a submission's commands on a cluster that is up and clean, whose servers `ask` asks.

    Raises EnvironmentFault when no sandbox can be had; what the submission does never raises.
    """
    began = time.monotonic()
    units = script(submission)
    name = folder.name if folder else "submission"
    at = places(name, submission.files, list(texts(submission, units)))
    streams = Streams(ask, submission.files)
    with own_folder() as stage:
        (stage / "rerun").mkdir(mode=0o700)
        confined, environment, spark = _confine(folder, submission, at, cluster, limits, stage, packages)
        runner = Runner(
            confined,
            submission,
            units,
            streams,
            folder=stage / "rerun",
            work=str(at.folder),
            environment=environment,
            interpreter=Interpreter(confined, spark.words, spark.environment, str(at.folder), stage / "rerun"),
            limits=limits,
            say=say,
        )
        fault: str | None = None
        commands = []
        try:
            commands = runner.run()
        except HarnessError as problem:
            fault = str(problem)
        finally:
            confined.close()
    faults = cluster.faults()
    if faults:
        fault = str(faults[0])
    return Rerun(
        cluster.backend,
        commands,
        runner.helps,
        (*confined.breaches, *runner.breaches),
        runner.state,
        fault,
        time.monotonic() - began,
        runner.own_seconds,
    )


def _confine(
    folder: Path | None,
    submission: Submission,
    at: Places,
    cluster: LocalCluster,
    limits: Limits,
    stage: Path,
    packages: Packages,
) -> tuple[Confined, Mapping[str, str], Room]:
    """Start the sandbox with the submission in it. Gives it, the environment of the host's terminal, and Python's."""
    if why := sandbox.why_not():
        raise sandbox.refuse(why)
    told = cluster.keeper.ask(op="guest", packages=list(packages.names))
    if packages.folder:
        told["readable"].append(str(packages.folder))
        for environment in told["environments"].values():
            environment["PYTHONPATH"] += f":{packages.folder}"
    inside = stage / "inside"
    (inside / "bin").mkdir(parents=True)
    own = Path(guest.__file__).parent
    for name in ("spawner.py", "type.sh", "compose_shim.py", "cells.py"):
        shutil.copy(own / name, inside / name)
    python = told["python"]
    for program in ("docker-compose", "docker"):
        script_file = inside / "bin" / program
        script_file.write_text(f'#!/bin/sh\nexec {shlex.quote(python)} -I -S {INSIDE}/compose_shim.py {program} "$@"\n')
        script_file.chmod(0o755)
    for program in ("sudo",):
        (inside / "bin" / program).write_text('#!/bin/sh\nwhile [ "${1#-}" != "$1" ]; do shift; done\nexec "$@"\n')
        (inside / "bin" / program).chmod(0o755)
    rooms = {
        room: {
            "environment": environment,
            "folder": "/w205",
            "logs": [f"{INSIDE}/logs/{log}.log" for log in _LOGS.get(room, ())],
        }
        for room, environment in told["environments"].items()
    }
    told_inside = {"rooms": rooms, "lacking": {}, "project": _project(at), "ended": "/tmp/.w205-ended"}  # noqa: S108
    (inside / "rooms.json").write_text(json.dumps(told_inside), encoding="utf-8")
    (inside / "inbox").mkdir()
    (inside / "logs").mkdir()
    (inside / "submission").mkdir()
    copied = stage / "submission"
    _copy(folder, submission, copied)
    logs = {
        INSIDE / "logs" / f"{log}.log": file
        for log in (each for many in _LOGS.values() for each in many)
        if (file := cluster.log_folder / f"{log}.log").exists()
    }
    for path in logs:
        (inside / "logs" / path.name).touch()
    (stage / "rerun" / "inbox").mkdir()
    placed = {INSIDE: inside, INSIDE / "inbox": stage / "rerun" / "inbox", INSIDE / "submission": copied, **logs}
    seen = Seen([Path(p) for p in told["readable"]], [Path(p) for p in told["masked"]], placed)
    group = ControlGroup(limits) if is_root() else None
    words = sandbox.command(
        [python, "-I", "-S", str(INSIDE / "spawner.py")],
        seen,
        limits,
        stage,
        network=sandbox.network_of(cluster.folder),
        group=group.join() if group else (),
    )
    confined = Confined(words, limits, group, stage / "sandbox.log", cluster.folder)
    confined.ready()
    links = [[str(path), str(to)] for path, to in at.links]
    confined.ask("fill", source=str(INSIDE / "submission"), target=str(at.target), links=links, within=120.0)
    environment = {
        "PATH": f"{INSIDE}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(HOME),
        "USER": "science",
        "LOGNAME": "science",
        "SHELL": "/bin/bash",
        "TERM": "dumb",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "COLUMNS": "200",
        "CDPATH": f".:{HOME}",
        "HARNESS_HELPS": HELPS,
    }
    spark = told["environments"]["spark"]
    cells = Room(
        [python, str(INSIDE / "cells.py")],
        {**spark, "PATH": f"{spark['PATH']}:{INSIDE}/bin", "HARNESS_HELPS": HELPS},
    )
    return confined, environment, cells


def _copy(folder: Path | None, submission: Submission, to: Path) -> None:
    """Copy a submission without what is no part of it, readable for all. Links stay links: they lead nowhere there."""
    if folder is None:
        to.mkdir()
        (to / submission.report.name).write_text(submission.text, encoding="utf-8")
        return

    def skipped(_: str, names: list[str]) -> list[str]:
        return [name for name in names if name in _SKIPPED]

    def copy(source: str, target: str) -> None:
        if Path(source).is_file():  # no pipes, no devices
            shutil.copyfile(source, target)
            Path(target).chmod(0o755 if Path(source).stat().st_mode & 0o100 else 0o644)

    shutil.copytree(folder, to, symlinks=True, ignore=skipped, copy_function=copy)
    for path in (to, *(each for each in to.rglob("*") if each.is_dir() and not each.is_symlink())):
        path.chmod(0o755)


def _project(at: Places) -> str:
    """Give the name that Compose makes of the folder's."""
    return re.sub(r"[^a-z0-9_-]", "", at.folder.name.lower()) or "w205"
