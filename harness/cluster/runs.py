"""Run folders: one per cluster under the cache, with an id, a lock that its keeper holds, and what it was told.

A run whose lock nobody holds is a leftover of a killed keeper; the next start sweeps it away. Containers need no keeper
to live: the lock of their run is held by the harness, and a cluster that it kept has the file `kept` instead.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from harness.cluster.control import PATH_LIMIT
from harness.errors import EnvironmentFault
from harness.locks import is_held
from harness.settings import cache_dir

START_TIME = 60.0
"""Seconds in which a new run folder's keeper must have taken its lock."""


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What a keeper is told when it starts: all that it cannot find out by itself. `starter` is its harness' pid.

    `guests` says that commands run in it that strangers wrote for the course's versions of 2018. `elsewhere` holds the
    addresses of a cluster that exists (see `elsewhere.Elsewhere`), `stack` what the cluster is made of (`Stack`).
    """

    id: str
    mode: str
    project: str
    logs: str
    app: str
    java: str
    prepared: str
    starter: int
    ports: dict[str, int] = field(default_factory=dict)
    backend: str = "local"
    guests: bool = False
    elsewhere: dict[str, Any] | None = None
    stack: dict[str, Any] | None = None


def runs_dir() -> Path:
    """Give the folder of all runs of this user."""
    return cache_dir() / "runs"


def run_dir(run_id: str) -> Path:
    """Give the folder of one run."""
    return runs_dir() / run_id


def socket_path(folder: Path) -> Path:
    """Give the keeper's control socket."""
    return folder / "control"


def lock_path(folder: Path) -> Path:
    """Give the lock that a living keeper holds."""
    return folder / "keeper.lock"


def kept_path(folder: Path) -> Path:
    """Give the file that says that a cluster of containers lives on without a harness."""
    return folder / "kept"


def is_alive(folder: Path) -> bool:
    """Say whether somebody answers for a run: its keeper, its harness, or those who kept it."""
    return is_held(lock_path(folder)) or kept_path(folder).exists()


def new_id() -> str:
    """Give an id for a run. Raises EnvironmentFault when its socket's path would be too long for the system."""
    run_id = secrets.token_hex(3)
    path = socket_path(run_dir(run_id))
    if len(str(path).encode()) > PATH_LIMIT:
        raise EnvironmentFault(
            "The cache folder's path is too long.",
            wanted=f"a Unix socket path of at most {PATH_LIMIT} bytes",
            seen=f"{len(str(path).encode())} bytes: {path}",
            remedy="set HARNESS_CACHE to a folder with a shorter path",
        )
    return run_id


def write_spec(folder: Path, spec: RunSpec) -> None:
    """Store what the keeper is told."""
    (folder / "spec.json").write_text(json.dumps(asdict(spec)), encoding="utf-8")


def read_spec(folder: Path) -> RunSpec:
    """Read it again."""
    return RunSpec(**json.loads((folder / "spec.json").read_text(encoding="utf-8")))


def living(project: Path) -> list[Path]:
    """Give the run folders of a project whose keepers live, the newest last."""
    found = []
    for folder in runs_dir().glob("*"):
        try:
            if is_alive(folder) and read_spec(folder).project == str(project):
                found.append((folder.stat().st_ctime, folder))
        except (OSError, ValueError, TypeError):
            continue
    return [folder for _, folder in sorted(found)]


def abandoned() -> list[Path]:
    """Give the run folders that nobody answers for."""
    return [folder for folder in runs_dir().glob("*") if not is_alive(folder) and _is_abandoned(folder)]


def sweep() -> list[str]:
    """Remove the folders of runs with a keeper that none holds. Returns their ids."""
    removed = []
    for folder in abandoned():
        if backend_of(folder) != "compose":
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder.name)
    return removed


def backend_of(folder: Path) -> str:
    """Give the backend of a run; local where its folder does not say."""
    try:
        return read_spec(folder).backend
    except (OSError, ValueError, TypeError):
        return "local"


def _is_abandoned(folder: Path) -> bool:
    """Say whether nobody is about to start a keeper here: who made the folder has ended, or had a minute for it."""
    try:
        return time.time() - folder.stat().st_mtime > START_TIME or not psutil.pid_exists(read_spec(folder).starter)
    except (OSError, ValueError, TypeError):
        return False
