"""The compose backend: the same servers and commands in containers.

Containers do not die with their harness. So a run's folder has the name of its project, and what a killed harness left
goes at the next start (`sweep`). Every container has an agent, a `docker exec` over which the harness asks for
readiness, memory and signals, and whose end tells at once that the container ended.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType

from harness.cluster import runs
from harness.cluster.addresses import HOST_NAMES, Reservations
from harness.cluster.captures import captured, decode, ended_late, read, utc_now
from harness.cluster.compose import background, engine, files, images
from harness.cluster.compose.agents import AgentGone
from harness.cluster.compose.background import ComposeBackground
from harness.cluster.compose.container.entry import JOB
from harness.cluster.compose.containers import Containers
from harness.cluster.compose.entered import Entrance
from harness.cluster.compose.project import Project, ProjectSpec, as_typed
from harness.cluster.compose.servers import ComposeServers
from harness.cluster.jobs import TIMED_OUT
from harness.cluster.names import Names
from harness.cluster.protocol import ServerState, Tell
from harness.cluster.run_files import RunFiles
from harness.cluster.services import API, ROOM_OF, room_of
from harness.cluster.silence import Silence
from harness.cluster.stack import Stack
from harness.cluster.toolchain import fetch
from harness.errors import EnvironmentFault, HarnessError, UsageError
from harness.locks import take
from harness.model import Capture
from harness.settings import Settings

COMPOSE_TIME = 300.0
STOP_GRACE = 10.0
QUICK_GRACE = 2.0
MEMORY_INTERVAL = 2.0
SERVERS = "servers.json"


class ComposeCluster:
    """A cluster of containers. Made by `start` or `join`."""

    backend = "compose"
    mode = "container"

    def __init__(self, folder: Path, spec: runs.RunSpec, project: ProjectSpec, settings: Settings) -> None:
        self.folder = folder
        self.log_folder = Path(spec.logs)
        self.notes: list[str] = []
        self.names = Names()
        self.originals: Mapping[str, str] = {}
        self._settings = settings
        self._project = Project(project, COMPOSE_TIME)
        self._containers = Containers(self._project, self.log_folder)
        self._stack = Stack.of(spec.stack)
        self._servers = ComposeServers(self._containers, settings.boot_timeout, self._stack.listeners)
        self._lock: int | None = None
        self._ports = Reservations()
        self._asides: list[Capture] = []
        self._versions: dict[str, str] = {}
        self._files = RunFiles(folder, self.log_folder)

    # Beginning and end

    @classmethod
    def start(
        cls, settings: Settings, logs: Path, download: fetch.Progress, tell: Tell = lambda _: None
    ) -> ComposeCluster:
        """Begin a new cluster, whose containers start when they are first needed. Builds images that are missing.

        Raises EnvironmentFault when there is no engine or an image cannot be built, UsageError when the compose file
        cannot be used.
        """

        def say(text: str) -> None:
            tell({"event": "note", "text": text})

        logs.mkdir(parents=True, exist_ok=True)
        engine.check()
        stack = files.stack_of(settings)
        tag = images.ensure(download, say, logs / "images.log", stack=stack)
        runs.runs_dir().mkdir(parents=True, exist_ok=True)
        folder = runs.run_dir(runs.new_id())
        spec = runs.RunSpec(
            folder.name,
            cls.mode,
            str(settings.project),
            str(logs),
            settings.app,
            "",
            "",
            os.getpid(),
            {},
            cls.backend,
            stack=stack.as_dict(),
        )
        folder.mkdir()
        ports = Reservations()
        try:
            lock = take(runs.lock_path(folder))
            runs.write_spec(folder, spec)
            project, notes = files.project_of(settings, folder, tag, ports)
            project.save(folder)
        except BaseException:
            ports.close()
            shutil.rmtree(folder, ignore_errors=True)
            raise
        cluster = cls(folder, spec, project, settings)
        cluster._lock, cluster.notes, cluster._ports = lock, notes, ports
        return cluster

    @classmethod
    def join(cls, folder: Path, settings: Settings) -> ComposeCluster:
        """Join a cluster that somebody keeps. Raises EnvironmentFault when its containers are gone."""
        spec, project = runs.read_spec(folder), ProjectSpec.load(folder)
        if not engine.containers(project.name):
            shutil.rmtree(folder, ignore_errors=True)
            raise EnvironmentFault("The cluster is gone.", seen=f"no container of {project.name}", remedy="harness up")
        cluster = cls(folder, spec, project, settings)
        cluster._servers.restore(json.loads((folder / SERVERS).read_text(encoding="utf-8")))
        return cluster

    def by_hand(self) -> str:
        """Give the line after which `docker compose` means this cluster, in any folder."""
        return shlex.join(["export", *(f"{name}={value}" for name, value in self._project.exports.items())])

    def keep(self) -> None:
        """Let the cluster live on when this process ends."""
        self._remember_servers()
        runs.kept_path(self.folder).touch()
        self._release()

    def down(self, *, quick: bool = False) -> list[ServerState]:
        """End and remove every container, network and volume, and prove it. With `quick` no server is waited for.

        Raises EnvironmentFault naming what is left.
        """
        states: list[ServerState] = []
        if not quick:
            with suppress(HarnessError):
                states = [replace(s, state="dead" if s.state == "dead" else "ended") for s in self.status()]
        self._containers.close_agents()
        runs.kept_path(self.folder).unlink(missing_ok=True)
        clock = time.monotonic()
        printed, words = "", "nothing"
        try:
            printed = self._project.down(QUICK_GRACE if quick else STOP_GRACE)
        except EnvironmentFault as problem:
            words = str(problem)  # what Compose cannot end goes by its label
        left = engine.remove(self._project.spec.name)
        self._containers.close()
        background.reap(5)
        if left:
            raise EnvironmentFault(
                "Something was left when the cluster went down.",
                wanted="no container, network or volume",
                seen=f"{', '.join(left)}; Compose said: {words}",
                remedy="docker rm -f, docker network rm, docker volume rm",
            )
        self._aside("docker compose down --volumes", printed, clock)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._release()
        return states

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        self._ports.close()

    # Servers

    def up(self, services: Sequence[str], tell: Tell = lambda _: None) -> None:
        """Start every container of the file, and wait until each server is useful.

        Raises EnvironmentFault naming the container that ended, or the server that does not answer.
        """
        self._show_files()
        clock = time.monotonic()
        printed: list[str] = []
        present = [name for name in services if name != API and room_of(name) in self._project.spec.services]
        self._servers.boot(present, lambda: printed.append(self._containers.up()), tell)
        self._aside(f"{self.by_hand()}\ndocker compose up --detach", "".join(printed), clock)
        self._aside("docker compose ps", self._project.table(), time.monotonic())
        if API in services:
            tell({"event": "starting", "service": API})
            self.exec_background(ROOM_OF[API], f"env FLASK_APP={self._settings.app} flask run", serves=API)
            tell(self._servers.answer(API))

    def status(self) -> list[ServerState]:
        """Give the state of every server that was started."""
        return self._servers.states()

    def peak_memory(self) -> int:
        """Give the peak memory in bytes of all processes in the containers together (PSS)."""
        return self._servers.measure(MEMORY_INTERVAL)

    def faults(self, *, unseen: bool = False) -> list[HarnessError]:
        """Give an error for each server that is dead or does not answer."""
        return self._servers.faults(unseen=unseen)

    def logs(self, service: str) -> Path:
        """Give the log of a server; those of one container are in one, with the server's name in each line."""
        known = (*ROOM_OF, *HOST_NAMES, *self._stack.listeners)
        if service not in known:
            raise UsageError(f"Unknown service: {service}.", wanted=", ".join(dict.fromkeys(known)))
        return self._servers.log(service)

    def endpoint(self, service: str, port: int) -> tuple[str, int]:
        """Give the host and port at which the original's `service:port` is reached from this process."""
        room = ROOM_OF[API] if service == "localhost" else service
        words = ["compose", "port", self._containers.name_of(room), str(port)]
        done = engine.ask(words, environment=self._project.environment)
        host, _, number = done.stdout.strip().rpartition(":")
        if done.returncode or not number.isdigit() or number == "0":
            raise UsageError(
                f"{service}:{port} is not published by the compose file.",
                wanted="a port under `ports:`",
                remedy="run the program in a container: `harness exec`, or `run(...)` in a step",
            )
        return host, int(number)

    # Commands

    def exec(self, service: str, command: str, *, timeout: float | None = None) -> Capture:
        """Run a shell command in a service and wait for its end."""
        limit = self._settings.command_timeout if timeout is None else timeout
        out, err = self._files.outputs()
        started, clock = utc_now(), time.monotonic()
        running = self._launch(service, command, out, err)
        code, late = self._await_end(running, limit)
        stderr = read(err)
        if late:
            stderr = ended_late(stderr, limit)
        seconds = time.monotonic() - clock
        return captured(
            service, command, read(out), stderr, code, started=started, seconds=seconds, typed=running.typed
        )

    def _await_end(self, running: ComposeBackground, limit: float) -> tuple[int, bool]:
        """Wait for a command's end. Gives its exit code, and whether its time limit ended it."""
        clock = time.monotonic()
        silence = Silence(lambda: [fault.headline for fault in self.faults(unseen=True)])
        try:
            while (code := running.wait(0.5)) is None:
                self._servers.measure(MEMORY_INTERVAL)
                now = time.monotonic()
                if now - clock > limit:
                    running.stop(signal.SIGTERM, group=True, grace=2.0)
                    return TIMED_OUT, True
                if silence.too_long(now - clock):
                    return running.stop(signal.SIGTERM, group=True, grace=2.0).exit_code or 0, False
        except BaseException:
            with suppress(Exception):
                running.stop(signal.SIGKILL, group=True, grace=1.0)
            raise
        return code, False

    def exec_own(self, words: Sequence[str], *, timeout: float | None = None) -> Capture:
        """Run a program of the harness' own on this machine, where the published ports reach the servers."""
        limit = self._settings.command_timeout if timeout is None else timeout
        started, clock = utc_now(), time.monotonic()
        try:
            ended = subprocess.run(
                [self._reached(word) for word in words],
                cwd=self._settings.project,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=limit,
                check=False,
            )
            out, err, code = decode(ended.stdout), decode(ended.stderr), ended.returncode
        except subprocess.TimeoutExpired as late:
            out, err, code = decode(late.stdout or b""), ended_late(decode(late.stderr or b""), limit), TIMED_OUT
        seconds = time.monotonic() - clock
        return captured("host", shlex.join(words), out, err, code, started=started, seconds=seconds)

    def _reached(self, word: str) -> str:
        service, _, port = word.partition(":")
        if service not in (*ROOM_OF.values(), *self._stack.listeners) or not port.isdigit():
            return word
        host, number = self.endpoint(service, int(port))
        return f"{host}:{number}"

    def exec_background(self, service: str, command: str, *, serves: str | None = None) -> ComposeBackground:
        """Run a shell command and do not wait; with `serves` wait until that server is ready."""
        if not serves:
            return self._launch(service, command, *self._files.outputs())
        self._containers.signaller(service)(serves, signal.SIGTERM, False)  # an earlier one
        running = self._launch(service, command, *self._files.server_logs(serves), job=serves)
        self._servers.serve(serves, lambda: running.wait(0))
        return running

    def attach(self, service: str, words: Sequence[str]) -> int:
        """Run a program in a service on this terminal. Gives its exit code; signals go to the program."""
        job, name = self._files.new_name(), self._containers.name_of(service)
        self._containers.ensure(service)
        interactive = sys.stdin.isatty() and sys.stdout.isatty()
        flags = ["--env", f"{JOB}={job}", *(() if interactive else ("--no-TTY",))]
        command = ["docker", "compose", "exec", *flags, name, *words]
        send = self._containers.signaller(service)

        def forward(number: int, _frame: FrameType | None) -> None:
            threading.Thread(target=send, args=(job, number, True), daemon=True).start()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN if interactive else forward)
        with subprocess.Popen(
            command, env=self._project.environment, cwd=self._project.context, start_new_session=not interactive
        ) as client:
            return client.wait()

    def _launch(self, service: str, command: str, out: Path, err: Path, *, job: str | None = None) -> ComposeBackground:
        name = self._containers.name_of(service)
        self._containers.ensure(service)
        words, typed = as_typed(name, command)
        own = self._files.new_name()
        exit_file = self._files.capture("exit", own)
        signaller = self._containers.signaller(service)
        running = ComposeBackground(job or own, signaller, service, command, typed, out, err, exit_file)
        for file in (out, err):
            file.touch()
        flags = ["--no-TTY", "--env", f"{JOB}={running.job}"]
        running.start(
            [*self._project.docker_compose_command(), "exec", *flags, name, *words], self._project.environment
        )
        return running

    def entrance(self) -> Entrance:
        """Give the way into the containers for commands whose descriptors are somebody else's."""
        return Entrance(self._containers)

    # What the report shows of this backend alone

    def versions(self) -> dict[str, str]:
        """Give the versions of the engine and of Compose, and those of Python and Java in the containers."""
        if not self._versions:
            with suppress(AgentGone, EnvironmentFault):
                inside = self._containers.agent("mids").ask("versions")
                self._versions = {**engine.versions(), "python": str(inside["python"]), "java": str(inside["java"])}
        return self._versions

    def asides(self) -> list[Capture]:
        """Give the commands of the user's own machine since the last call."""
        taken, self._asides = self._asides, []
        return taken

    def _aside(self, command: str, printed: str, clock: float, typed: str | None = None) -> None:
        seconds = time.monotonic() - clock
        self._asides.append(
            captured("host", command, printed, "", 0, started=utc_now(seconds), seconds=seconds, typed=typed)
        )

    def _show_files(self) -> None:
        project = self._settings.project
        for file in map(Path, self._project.spec.files):
            clock = time.monotonic()
            if file.is_relative_to(project):
                self._aside(f"cat {shlex.quote(str(file.relative_to(project)))}", read(file), clock)
            else:
                self._aside(f"cat {shlex.quote(file.name)}", read(file), clock, f"cat {shlex.quote(str(file))}")

    # For a harness that joins

    def save_backgrounds(self, named: Mapping[str, object]) -> None:
        """Store how background commands and servers are found again by a harness that joins."""
        self._files.save_backgrounds(named)
        self._remember_servers()

    def restore_backgrounds(self) -> dict[str, ComposeBackground]:
        """Find the background commands of earlier harnesses again, by name."""
        states, signaller = self._files.backgrounds(), self._containers.signaller
        return {name: ComposeBackground.restore(signaller(state["service"]), state) for name, state in states.items()}

    def _remember_servers(self) -> None:
        (self.folder / SERVERS).write_text(json.dumps(self._servers.known()), encoding="utf-8")


def sweep() -> list[str]:
    """Remove what killed harnesses left: containers, networks, volumes and run folders. Returns the runs' ids."""
    removed = []
    for folder in runs.abandoned():
        if runs.backend_of(folder) == "compose" and not engine.remove(f"{engine.PROJECT_PREFIX}{folder.name}"):
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder.name)
    return removed
