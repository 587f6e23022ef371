"""Starting a keeper: its run folder, its mode, and its process, in a sandbox or not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from harness.cluster import java_programs, runs, sandbox
from harness.cluster.control import Message
from harness.cluster.faults import as_error
from harness.cluster.keeper_client import KeeperClient
from harness.cluster.protocol import Tell
from harness.cluster.servers import tail
from harness.cluster.stack import Stack
from harness.cluster.toolchain import Toolchain, fetch, prepare
from harness.errors import EnvironmentFault, HarnessError
from harness.locks import is_held
from harness.settings import Settings, cache_dir

START_TIME = 30.0


@dataclass(frozen=True, slots=True)
class StartedKeeper:
    """A keeper whose lease this process holds. `granted` has its ports and notes; `note` says why a mode was taken."""

    folder: Path
    spec: runs.RunSpec
    process: subprocess.Popen[bytes]
    client: KeeperClient
    granted: Message
    note: str | None


def start(settings: Settings, toolchain: Toolchain, logs: Path, tell: Tell) -> StartedKeeper:
    """Start a keeper and take its lease.

    Raises EnvironmentFault when private mode was asked for and cannot be had, when a port asked for is taken, or when
    the keeper does not come up; nothing is left then.
    """
    mode, note = choose_mode(settings, toolchain)
    folder = _new_folder(toolchain, tell)
    logs.mkdir(parents=True, exist_ok=True)
    spec = runs.RunSpec(
        folder.name,
        mode,
        str(settings.project),
        str(logs),
        settings.app,
        str(toolchain.java.binary),
        str(toolchain.prepared),
        os.getpid(),
        dict(settings.ports),
        settings.backend,
        guests=settings.guests,
        elsewhere=settings.elsewhere.as_dict() if settings.elsewhere else None,
        stack=settings.stack.as_dict(),
    )
    folder.mkdir()
    try:
        runs.write_spec(folder, spec)
        process = _spawn(spec, folder, toolchain, logs / "keeper.log")
        client = KeeperClient(folder, logs / "keeper.log")
        granted = _take_lease(client, process, folder, logs / "keeper.log")
    except BaseException:
        if not is_held(runs.lock_path(folder)):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return StartedKeeper(folder, spec, process, client, granted, note)


def choose_mode(settings: Settings, toolchain: Toolchain) -> tuple[str, str | None]:
    """Give the mode, and a sentence when the machine decided against the default.

    Raises EnvironmentFault when private mode was asked for and cannot be had.
    """
    if settings.mode == "open" or settings.ports or settings.elsewhere:
        return "open", None
    bwrap = toolchain.programs.get("bwrap")
    why = sandbox.why_not(bwrap.path if bwrap else None)
    if why is None:
        return "private", None
    if settings.mode == "private":
        raise EnvironmentFault(
            "Private mode cannot be had here.",
            wanted="a sandbox of bubblewrap with user namespaces",
            seen=why,
            remedy="leave out --mode private: open mode runs on the machine's loopback",
        )
    return "open", f"open mode on the machine's loopback, for no sandbox can be had: {why}"


def _new_folder(toolchain: Toolchain, tell: Tell) -> Path:
    """Give the path of a new run folder, after removing what killed runs left."""
    runs.runs_dir().mkdir(parents=True, exist_ok=True)
    for run_id in runs.sweep():
        tell({"event": "note", "text": f"removed what the killed run {run_id} left"})
    living = {path.name for path in runs.runs_dir().glob("*")}
    java_programs.sweep(prepare.archives_dir(toolchain.prepared), living)
    return runs.run_dir(runs.new_id())


def _spawn(spec: runs.RunSpec, folder: Path, toolchain: Toolchain, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "harness.cluster.keeper", str(folder)]
    if spec.mode == "private":
        shared = (runs.runs_dir(), prepare.archives_dir(toolchain.prepared))
        command = sandbox.wrap(
            command,
            bwrap=toolchain.programs["bwrap"].path,
            project=Path(spec.project),
            folder=folder,
            names=[*Stack.of(spec.stack).listeners],
            readable=_parts(toolchain) if spec.guests else (cache_dir(),),
            writable=(*((folder,) if spec.guests else shared), log.parent),
            guests=spec.guests,
        )
    with log.open("wb") as out:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, cwd=spec.project
        )


def _parts(toolchain: Toolchain) -> list[Path]:
    """Give where the servers' programs are that are not the system's."""
    found = [fetch.maven_dir(cache_dir()), toolchain.prepared, toolchain.java.binary.parent.parent]
    for program in toolchain.programs.values():
        if program.libraries:
            found += [program.path.parent, program.libraries]
    return found


def _take_lease(client: KeeperClient, process: subprocess.Popen[bytes], folder: Path, log: Path) -> Message:
    deadline = time.monotonic() + START_TIME
    while (granted := client.take_lease()) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise _refusal(process, folder, log)
        time.sleep(0.02)
    return granted


def _refusal(process: subprocess.Popen[bytes], folder: Path, log: Path) -> HarnessError:
    """Give the keeper's own reason, where it left one."""
    refused = folder / "refused.json"
    if refused.exists():
        return as_error(json.loads(refused.read_text(encoding="utf-8")))
    return EnvironmentFault(
        "The cluster's keeper did not start.",
        wanted=f"its control socket within {START_TIME:.0f} s",
        seen=f"exit code {process.poll()}",
        log=log,
        tail=tail(log),
        remedy="`./run harness doctor` says what is missing; --mode open does without a sandbox",
    )
