"""A submission's own compose file, read by Compose in a sandbox: it sees the submission there, and nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from harness.cluster.compose import engine
from harness.errors import EnvironmentFault, UsageError
from harness.grade.rerun import sandbox
from harness.grade.rerun.host import Work
from harness.grade.rerun.limits import MIB, Limits
from harness.grade.rerun.places import COMPOSE_FILES, HOME
from harness.grade.rerun.sandbox import INSIDE, Seen

READ_TIME: Final = 20.0
LARGEST: Final = 1 * MIB
PROGRAM: Final = INSIDE / "docker-compose"

_INSIDE: Final = "harness: in the sandbox"
"""What is said before Compose says anything: without it the sandbox is at fault."""


def find(work: Work) -> PurePosixPath | None:
    """Give the compose file of a submission, in the submission's folder: of several that beside the commands."""
    found = [path for name in work.submission.files if (path := PurePosixPath(name)).name in COMPOSE_FILES]
    beside = work.at.folder.relative_to(work.at.target)
    return min(
        found,
        key=lambda path: (path.parent != beside, len(path.parts), COMPOSE_FILES.index(path.name), str(path)),
        default=None,
    )


def read(work: Work, copied: Path, limits: Limits, stage: Path) -> Mapping[str, Any]:
    """Read the compose file as Compose understands it; nothing where there is none. `stage` is an empty folder.

    Raises UsageError with the words of Compose where it does not take the file.
    """
    file = find(work)
    if file is None:
        return {}
    seen = Seen((), (), {PROGRAM: plugin(), work.at.target: copied})
    words = [str(PROGRAM), "--project-name", "reading", "--file", str(work.at.target / file)]
    inner = ["sh", "-c", f'echo {_INSIDE} >&2; exec "$@"', "sh", "env", f"HOME={HOME}", "PATH=/usr/bin:/bin"]
    inner += [*words, "config", "--format", "json"]
    out, err = stage / "config.json", stage / "config.err"
    command = sandbox.command(inner, seen, limits, stage, network=None)
    try:
        with out.open("wb") as stdout, err.open("wb") as stderr:
            code = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, timeout=READ_TIME, check=False
            ).returncode
    except subprocess.TimeoutExpired:
        raise _refused(file, f"not read within {READ_TIME:.0f} s") from None
    if code:
        before, inside, said = err.read_text("utf-8", "replace").partition(f"{_INSIDE}\n")
        if not inside:
            raise sandbox.refuse(before.strip()[-300:])
        lines = [line for line in said[-10_000:].splitlines() if line.strip() and "obsolete" not in line]
        raise _refused(file, lines[-1][:300] if lines else f"exit code {code}")
    if out.stat().st_size > LARGEST:
        raise _refused(file, f"more than {LARGEST // MIB} MiB as Compose understands it")
    found: Mapping[str, Any] = json.loads(out.read_text("utf-8", "replace").replace("$$", "$"))
    return found


def plugin() -> Path:
    """Give the program of Compose. Raises EnvironmentFault where the engine's client does not know one."""
    asked = engine.ask(["info", "--format", "{{json .ClientInfo.Plugins}}"])
    try:
        for each in json.loads(asked.stdout):
            if each.get("Name") == "compose":
                return Path(each["Path"]).resolve()
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise EnvironmentFault(
        "The program of Docker Compose is not found.", wanted="it among the plugins of `docker info`"
    )


def _refused(file: PurePosixPath, seen: str) -> UsageError:
    return UsageError(f"Compose cannot read {file}.", wanted="a file that `docker compose config` takes", seen=seen)
