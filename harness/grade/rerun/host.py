"""The host of a submission: what its terminal has in the sandbox on either backend, and a rerun typed at it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.errors import EnvironmentFault, HarnessError
from harness.grade.model import Submission
from harness.grade.rerun import guest, sandbox
from harness.grade.rerun.cells import Interpreter
from harness.grade.rerun.confined import Confined, Failed, Gone
from harness.grade.rerun.helps import HELPS
from harness.grade.rerun.leftovers import own_folder
from harness.grade.rerun.limits import ControlGroup, Limits, is_root
from harness.grade.rerun.model import Rerun
from harness.grade.rerun.places import HOME, Places, places
from harness.grade.rerun.runner import Runner, Say
from harness.grade.rerun.sandbox import INSIDE, NOBODY, Seen
from harness.grade.rerun.script import script, texts
from harness.grade.rerun.streams import Ask, Streams
from harness.grade.rerun.units import Unit

SKIPPED: Final = frozenset({".git", "__pycache__", ".ipynb_checkpoints", "node_modules", ".venv", "venv"})
"""What of a submission is not brought to its rerun."""

_FILES = ("spawner.py", "type.sh", "cells.py", "relay.py")
_SHIM = "compose_shim"
_SUDO = '#!/bin/sh\nwhile [ "${1#-}" != "$1" ]; do shift; done\nexec "$@"\n'


@dataclass(frozen=True, slots=True)
class Work:
    """A submission to rerun: what is typed, and where its files stand."""

    folder: Path | None
    submission: Submission
    units: Sequence[Unit]
    at: Places

    @classmethod
    def of(cls, folder: Path | None, submission: Submission) -> Work:
        """Read what is typed and where from a submission; `folder` is None for a report alone."""
        units = script(submission)
        name = folder.name if folder else "submission"
        return cls(folder, submission, units, places(name, submission.files, list(texts(submission, units))))

    @property
    def project(self) -> str:
        """The name that Compose makes of the folder's."""
        return re.sub(r"[^a-z0-9_-]", "", self.at.folder.name.lower()) or "w205"


@dataclass(frozen=True, slots=True)
class Room:
    """How cells of Python are run: the words of the interpreter, and its environment."""

    words: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Desk:
    """A sandbox with a submission in it: its terminal's environment, its Python, and where notes are (see `Runner`)."""

    confined: Confined
    environment: Mapping[str, str]
    cells: Room
    notes: str = "/tmp"  # noqa: S108
    answers: Callable[[Unit], bool] | None = None


@contextmanager
def stage() -> Iterator[Path]:
    """Give a folder that everybody may enter, with a private one called `rerun` in it, and remove it afterwards."""
    with own_folder() as folder:
        (folder / "rerun" / "inbox").mkdir(parents=True)
        (folder / "rerun").chmod(0o700)
        yield folder


def furnish(at: Path, python: str, told: Mapping[str, Any], places: Iterable[str] = ()) -> Path:
    """Make the folder that the sandbox has of the harness: its files, `docker-compose`, `docker` and `sudo`.

    `told` is what `docker-compose` is told (`rooms.json`), `places` are further folders in which something is placed.
    """
    inside = at / "inside"
    for name in ("bin", "inbox", "logs", "submission", _SHIM, *places):
        (inside / name).mkdir(parents=True)
    own = Path(guest.__file__).parent
    for file in (*(own / name for name in _FILES), *(own / _SHIM).glob("*.py")):
        shutil.copy(file, inside / file.relative_to(own))
    # bash: sh of Debian drops the functions that count the rounds of an endless loop on their way to a service
    shim = f"#!/bin/bash\nexec {shlex.quote(python)} -I -S {INSIDE}/{_SHIM}"
    programs = {name: f'{shim} {name} "$@"\n' for name in ("docker-compose", "docker")}
    for name, text in {**programs, "sudo": _SUDO}.items():
        (inside / "bin" / name).write_text(text, encoding="utf-8")
        (inside / "bin" / name).chmod(0o755)
    (inside / "rooms.json").write_text(json.dumps(told), encoding="utf-8")
    return inside


def terminal(notes: str = "/tmp") -> dict[str, str]:  # noqa: S108
    """Give the environment of the host's terminal."""
    return {
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
        "HARNESS_HELPS": f"{notes}/{HELPS}",
    }


@contextmanager
def confine(
    python: str,
    seen: Seen,
    limits: Limits,
    stage: Path,
    at: Places,
    log: Path,
    grows: Callable[[], int],
    *,
    network: int | None,
    user: int = NOBODY,
) -> Iterator[Confined]:
    """Have a sandbox with the submission in it (see `sandbox.command` and `Confined`), and end it whatever happens."""
    with ExitStack() as held:
        group = ControlGroup(limits) if is_root() else None
        if group:
            held.callback(group.close)
        words = [python, "-I", "-S", str(INSIDE / "spawner.py")]
        command = sandbox.command(words, seen, limits, stage, network=network, group=group, user=user)
        confined = Confined(command, limits, group, log, grows)
        held.callback(confined.close)
        confined.ready()
        fill(confined, at)
        yield confined


def fill(confined: Confined, at: Places) -> None:
    """Put the submission where its commands look for it. One that has no room there breaks a limit: nothing is run."""
    links = [[str(path), str(to)] for path, to in at.links]
    try:
        confined.ask("fill", source=str(INSIDE / "submission"), target=str(at.target), links=links, within=120.0)
    except (Gone, Failed, TimeoutError) as problem:
        confined.close()
        if not confined.breaches:
            seen = confined.fault or str(problem)
            raise EnvironmentFault("The submission did not get into its sandbox.", seen=seen) from problem


def copy(work: Work, to: Path) -> None:
    """Copy a submission without what is no part of it, readable for all. Links stay links: they lead nowhere there."""
    if work.folder is None:
        to.mkdir()
        (to / work.submission.report.name).write_text(work.submission.text, encoding="utf-8")
        return

    def skipped(_: str, names: list[str]) -> list[str]:
        return [name for name in names if name in SKIPPED]

    def copy_one(source: str, target: str) -> None:
        if Path(source).is_file():  # no pipes, no devices
            shutil.copyfile(source, target)
            Path(target).chmod(0o755 if Path(source).stat().st_mode & 0o100 else 0o644)

    shutil.copytree(work.folder, to, symlinks=True, ignore=skipped, copy_function=copy_one)
    for path in (to, *(each for each in to.rglob("*") if each.is_dir() and not each.is_symlink())):
        path.chmod(0o755)


def perform(
    backend: str,
    work: Work,
    desk: Desk,
    ask: Ask,
    folder: Path,
    limits: Limits,
    say: Say,
    faults: Callable[[], str | None],
) -> Rerun:
    """Type everything, with files in a private folder. `faults` says what of the cluster has failed in the end."""
    began = time.monotonic()
    runner = Runner(
        desk.confined,
        work.submission,
        work.units,
        Streams(ask, work.submission.files),
        folder=folder,
        work=str(work.at.folder),
        environment=desk.environment,
        interpreter=Interpreter(desk.confined, desk.cells.words, desk.cells.environment, str(work.at.folder), folder),
        limits=limits,
        say=say,
        notes=desk.notes,
        answers=desk.answers,
    )
    fault: str | None = None
    commands = []
    try:
        commands = runner.run()
    except HarnessError as problem:
        fault = str(problem)
    finally:
        desk.confined.close()
    return Rerun(
        backend,
        commands,
        runner.helps,
        (*desk.confined.breaches, *runner.breaches),
        runner.state,
        faults() or desk.confined.fault or fault,
        time.monotonic() - began,
        runner.own_seconds,
        cut=runner.cut,
    )
