"""Commands in containers whose descriptors are somebody else's: no file of the harness takes their output."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from harness.cluster.compose import engine
from harness.cluster.compose.agents import AgentGone
from harness.cluster.compose.background import Signaller
from harness.cluster.compose.container.entry import JOB
from harness.cluster.compose.containers import Containers
from harness.errors import EnvironmentFault

PREFIX = "guest-"
"""How the jobs of strangers are named."""

END_TIME = 15.0

_ENTER = """\
cd -- "$0" || exit 126
type -P -- "$1" >/dev/null || {
  echo "OCI runtime exec failed: exec failed: exec: \\"$1\\": executable file not found in \\$PATH" >&2
  exit 126
}
exec "$@"
"""
"""Goes to the folder by itself: the engine would do that outside, where a folder's name can lead astray."""


class NotRunning(Exception):
    """The container does not run."""


class Entered:
    """A command in a container. `process` is the client of its `docker exec`."""

    def __init__(self, job: str, send: Signaller, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._job = job
        self._send = send

    def signal(self, number: int) -> None:
        """Send a signal to all its processes."""
        self._send(self._job, number, True)

    def end(self) -> None:
        """End it, also one that is only about to start."""
        until = time.monotonic() + END_TIME
        self.signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(1.0)
        while self.process.poll() is None and time.monotonic() < until:
            self.signal(signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.3)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.signal(signal.SIGKILL)


class Entrance:
    """The way into the containers of a project."""

    def __init__(self, containers: Containers) -> None:
        self._containers = containers
        self._numbers = itertools.count(1)

    def start(
        self,
        service: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        folder: str,
        streams: tuple[int, int, int] | None,
    ) -> Entered:
        """Start a command with its three descriptors; without any it is detached, and its client ends at once.

        Raises NotRunning when there is no container to start it in.
        """
        try:
            container = self._containers.agent(service).container
        except (AgentGone, EnvironmentFault) as problem:
            raise NotRunning from problem
        job = f"{PREFIX}{next(self._numbers)}"
        words = ["docker", "exec", "--interactive" if streams else "--detach", "--env", f"{JOB}={job}"]
        words += [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        words += [container, "bash", "-c", _ENTER, folder, *argv]
        stdin, stdout, stderr = streams or (subprocess.DEVNULL,) * 3
        process = subprocess.Popen(
            words, stdin=stdin, stdout=stdout, stderr=stderr, env=_own_environment(), cwd="/", start_new_session=True
        )
        return Entered(job, self._containers.signaller(service), process)

    def end(self, service: str) -> None:
        """End every command in a service, detached ones and what they left."""
        with suppress(AgentGone, EnvironmentFault):
            agent = self._containers.agent(service)
            for job in dict(agent.ask("jobs").get("jobs", {})):
                if job.startswith(PREFIX):
                    agent.ask("signal", job=job, signal=int(signal.SIGKILL), all=True)

    def listens(self, service: str, port: int) -> bool:
        """Say whether somebody listens at a port in a service's container."""
        try:
            return bool(self._containers.agent(service).ask("listens", port=port).get("well"))
        except (AgentGone, EnvironmentFault):
            return False

    def runs(self, service: str) -> bool:
        """Say whether a service's container runs."""
        try:
            self._containers.agent(service)
        except (AgentGone, EnvironmentFault):
            return False
        return True

    def log(self, service: str) -> Path:
        """Give the file that follows the log of a service's container."""
        names = {name: key for key, name in self._containers.project.spec.services.items()}
        return self._containers.log_folder / f"{names.get(service, service)}.log"

    def link(self, service: str, path: str, to: str) -> None:
        """Let a path in a service's container lead to another, unless there is something."""
        script = 'mkdir -p -- "$(dirname -- "$0")" && ln -sT -- "$1" "$0"'
        with suppress(AgentGone, EnvironmentFault):
            container = self._containers.agent(service).container
            engine.ask(["exec", "--user", "0", container, "sh", "-c", script, path, to])

    def read(self, service: str, files: Sequence[str]) -> str:
        """Give the text of small files in a service's container; nothing of those that are not there."""
        try:
            container = self._containers.agent(service).container
        except (AgentGone, EnvironmentFault):
            return ""
        return engine.ask(["exec", container, "cat", *files]).stdout

    def written(self) -> int:
        """Give the bytes that all containers of the project have written, or 0 when the engine is slow to say."""
        label = f"label={engine.PROJECT_LABEL}={self._containers.project.spec.name}"
        try:
            listed = engine.ask(["ps", "--all", "--size", "--filter", label, "--format", "{{.Size}}"])
        except EnvironmentFault:
            return 0
        return sum(_bytes(line) for line in listed.stdout.splitlines())


_UNITS = ("B", "kB", "MB", "GB", "TB")


def _bytes(shown: str) -> int:
    """Read a size such as `12.3MB (virtual 1GB)`."""
    found = re.match(r"([\d.]+)\s*([kMGT]?B)", shown)
    return int(float(found[1]) * 1000 ** _UNITS.index(found[2])) if found else 0


def _own_environment() -> dict[str, str]:
    """Give what the engine's client needs of this process' environment."""
    return {name: value for name, value in os.environ.items() if name in ("PATH", "HOME") or name.startswith("DOCKER_")}
