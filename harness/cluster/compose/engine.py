"""Questions to the Docker Engine, by its own command line, which knows contexts, hosts and permissions.

What a project of Compose made is found by the label that Compose gives to its containers, networks and volumes.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.errors import EnvironmentFault

PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
PROJECT_PREFIX = "pipeline-harness-"

COMPOSE_NEEDED = (2, 24)
"""The first that replaces a list of another file (`!override`)."""

QUESTION_TIME = 60.0
REMOVE_TIME = 30.0

_KINDS = {
    "container": (["ps", "--all", "--quiet"], ["rm", "--force", "--volumes"]),
    "network": (["network", "ls", "--quiet"], ["network", "rm"]),
    "volume": (["volume", "ls", "--quiet"], ["volume", "rm", "--force"]),
}


@dataclass(frozen=True, slots=True)
class ContainerState:
    """A container as the engine sees it. `status` is created, running, exited …; `error` is why it did not start."""

    id: str
    service: str
    status: str
    exit_code: int
    out_of_memory: bool
    error: str


def ask(
    arguments: Sequence[str], timeout: float = QUESTION_TIME, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `docker ARGUMENTS` and give how it ended. Raises EnvironmentFault when there is no docker, or no answer."""
    try:
        return subprocess.run(
            ["docker", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=timeout,
            check=False,
            env=None if environment is None else dict(environment),
        )
    except FileNotFoundError as problem:
        raise EnvironmentFault(
            "The command docker is not here.",
            wanted="a Docker Engine with Compose v2, for --backend compose",
            seen="no docker on PATH",
            remedy="install Docker (docs.docker.com/engine/install), or use --backend local, which needs none",
        ) from problem
    except subprocess.TimeoutExpired as problem:
        raise EnvironmentFault(
            "The Docker Engine does not answer.",
            wanted=f"docker {arguments[0]} within {timeout:.0f} s",
            remedy="look at `docker info`; restart the engine",
        ) from problem


def why_not() -> tuple[str, str] | None:
    """Say why no cluster can be had from an engine here, and the remedy; None when one can."""
    if not shutil.which("docker"):
        return "no docker on PATH", "install Docker (docs.docker.com/engine/install)"
    version = ask(["version", "--format", "{{.Server.Version}}"])
    if version.returncode:
        return _no_engine(version.stderr)
    compose = ask(["compose", "version", "--short"])
    found = re.match(r"v?(\d+)\.(\d+)", compose.stdout)
    if compose.returncode or not found or (int(found[1]), int(found[2])) < COMPOSE_NEEDED:
        seen = compose.stdout.strip() or (compose.stderr.strip().splitlines() or ["no compose"])[0]
        needed = ".".join(map(str, COMPOSE_NEEDED))
        return f"no Compose {needed} or newer: {seen}", "install the Compose plugin (docs.docker.com/compose/install)"
    return None


def check() -> None:
    """Raise EnvironmentFault when no cluster can be had from an engine here."""
    if found := why_not():
        seen, remedy = found
        raise EnvironmentFault(
            "No Docker Engine can be used here.",
            wanted="a Docker Engine that answers this user, with Compose v2, for --backend compose",
            seen=seen,
            remedy=f"{remedy}; or use --backend local, which needs none",
        )


def versions() -> dict[str, str]:
    """Give the versions of the engine and of Compose."""
    return {
        "docker-engine": ask(["version", "--format", "{{.Server.Version}}"]).stdout.strip(),
        "docker-compose": ask(["compose", "version", "--short"]).stdout.strip(),
    }


def _no_engine(words: str) -> tuple[str, str]:
    seen = (words.strip().splitlines() or ["no answer"])[-1]
    if "permission denied" in words:
        return f"permission denied: {seen}", "add this user to the group docker, log in again"
    return seen, "start the engine (Linux: sudo systemctl start docker; macOS, Windows: open Docker Desktop)"


# Images


def image_id(name: str) -> str | None:
    """Give the id of an image that is here, or None."""
    found = ask(["image", "inspect", "--format", "{{.Id}}", name])
    return found.stdout.strip() if found.returncode == 0 else None


def image_size(name: str) -> int | None:
    """Give the size of an image in bytes, or None when it is not here."""
    found = ask(["image", "inspect", "--format", "{{.Size}}", name])
    return int(found.stdout) if found.returncode == 0 else None


def tag_image(name: str, repository: str, tag: str) -> None:
    """Give an image a second name."""
    ask(["tag", name, f"{repository}:{tag}"])


def python_of(image: str) -> tuple[str, str]:
    """Give the Python version of an image, such as 3.12, and its machine, such as x86_64."""
    code = "import sys, platform; print('%d.%d' % sys.version_info[:2], platform.machine())"
    found = ask(["run", "--rm", "--network", "none", "--entrypoint", "python3", image, "-c", code])
    match = re.fullmatch(r"(3\.\d+) (\w+)", found.stdout.strip())
    if not match or int(match[1].split(".")[1]) < 11:
        raise EnvironmentFault(
            f"The base image has no usable Python ({image}).",
            wanted="Python 3.11 or newer as python3",
            seen=found.stdout.strip() or (found.stderr.strip().splitlines() or ["no answer"])[-1],
            remedy="BASE_IMAGE=… names another base image",
        )
    return match[1], match[2]


# Projects


def containers(project: str) -> list[ContainerState]:
    """Give the containers of a project, ended ones too."""
    listed = ask(["ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={PROJECT_LABEL}={project}"])
    ids = listed.stdout.split()
    if not ids:
        return []
    inspected = ask(["inspect", *ids])
    found = []
    for item in json.loads(inspected.stdout or "[]"):
        state = item["State"]
        found.append(
            ContainerState(
                item["Id"],
                item["Config"]["Labels"].get(SERVICE_LABEL, ""),
                state["Status"],
                state["ExitCode"],
                bool(state["OOMKilled"]),
                state.get("Error", ""),
            )
        )
    return found


def left(project: str) -> list[str]:
    """Give what there is of a project: containers, networks and volumes, in words."""
    found = []
    for kind, (listing, _) in _KINDS.items():
        listed = ask([*listing, "--filter", f"label={PROJECT_LABEL}={project}"])
        found += [f"{kind} {name}" for name in listed.stdout.split()]
    return found


def remove(project: str, within: float = REMOVE_TIME) -> list[str]:
    """Remove what there is of a project, also what a killed `docker compose up` still makes. Gives what is left."""
    deadline = time.monotonic() + within
    clean_since: float | None = None
    while True:
        found = left(project)
        for kind, (_, removing) in _KINDS.items():
            names = [item.split(" ", 1)[1] for item in found if item.startswith(f"{kind} ")]
            if names:
                ask([*removing, *names])
        if found:
            clean_since = None
        elif clean_since is None:
            clean_since = time.monotonic()
        elif time.monotonic() - clean_since > 0.5:
            return []
        if time.monotonic() > deadline:
            return left(project)
        time.sleep(0.2)
