"""The local backend: the real servers as processes on loopback, kept by a keeper."""

from __future__ import annotations

import json
import os
import shlex
import signal as signals
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from harness.cluster import java_programs, runs, sandbox
from harness.cluster.addresses import LOOPBACK, ORIGINAL, Addresses
from harness.cluster.control import Closed, Connection, Message
from harness.cluster.protocol import ServerState, Tell
from harness.cluster.servers import tail
from harness.cluster.toolchain import Toolchain, prepare
from harness.errors import EnvironmentFault, HarnessError, UsageError
from harness.locks import is_held
from harness.model import Capture
from harness.outputs import derive
from harness.settings import Settings, cache_dir

SHELL = "/bin/bash"
"""What students type into. It replaces itself by a single command, so that signals reach the program itself."""

KEEPER_START = 30.0
DOWN_TIME = 120.0


class LocalCluster:
    """A cluster of local processes. Made by `start` or `join`; a context manager that does not outlive its run."""

    backend = "local"

    def __init__(
        self, folder: Path, spec: runs.RunSpec, settings: Settings, keeper: subprocess.Popen[bytes] | None
    ) -> None:
        self.folder = folder
        self.mode = spec.mode
        self.notes: list[str] = []
        self._spec = spec
        self._settings = settings
        self._keeper = keeper
        self._commands = 0
        self._captures = folder / "captures"
        self._captures.mkdir(exist_ok=True)
        self._lease: Connection | None = None
        self._addresses = Addresses(spec.mode, {})

    @classmethod
    def start(cls, settings: Settings, toolchain: Toolchain, logs: Path, tell: Tell = lambda _: None) -> LocalCluster:
        """Start a keeper, in a sandbox where one can be had, and take its lease.

        Raises EnvironmentFault when private mode was asked for and cannot be had, or a port asked for is taken.
        """
        mode, note = choose_mode(settings, toolchain)
        runs.runs_dir().mkdir(parents=True, exist_ok=True)
        for run_id in runs.sweep():
            tell({"event": "note", "text": f"removed what the killed run {run_id} left"})
        archives = prepare.archives_dir(toolchain.prepared)
        java_programs.sweep(archives, {path.name for path in runs.runs_dir().glob("*")})
        folder = runs.run_dir(runs.new_id())
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
        )
        folder.mkdir()
        try:
            runs.write_spec(folder, spec)
            command = [sys.executable, "-m", "harness.cluster.keeper", str(folder)]
            if mode == "private":
                command = sandbox.wrap(
                    command,
                    bwrap=toolchain.programs["bwrap"].path,
                    project=settings.project,
                    hosts=folder / "hosts",
                    readable=(cache_dir(),),
                    writable=(runs.runs_dir(), archives, logs),
                )
            with (logs / "keeper.log").open("wb") as log:
                keeper = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    cwd=settings.project,
                )
            cluster = cls(folder, spec, settings, keeper)
            cluster._take_lease(logs / "keeper.log")
        except BaseException:
            if not is_held(runs.lock_path(folder)):
                import shutil

                shutil.rmtree(folder, ignore_errors=True)
            raise
        if note:
            cluster.notes.insert(0, note)
        return cluster

    @classmethod
    def join(cls, folder: Path, settings: Settings) -> LocalCluster:
        """Join a cluster that somebody keeps."""
        cluster = cls(folder, runs.read_spec(folder), settings, None)
        cluster._addresses = Addresses(cluster.mode, cluster._ask({"op": "status"})["ports"])
        return cluster

    # Cluster

    def up(self, services: Sequence[str], tell: Tell = lambda _: None) -> None:
        """Start servers side by side and wait until each is useful."""
        connection = self._connect()
        try:
            connection.send({"op": "boot", "services": list(services), "timeout": self._settings.boot_timeout})
            while True:
                message = self._checked(connection.receive())
                if message["event"] == "done":
                    return
                tell(message)
        except Closed as problem:
            raise self._lost() from problem
        finally:
            connection.close()

    def exec(self, service: str, command: str, *, timeout: float | None = None) -> Capture:
        """Run a shell command in a service and wait for its end."""
        command = self._addresses.translate(command)
        started, clock = _now(), time.monotonic()
        out, err = self._capture_files()
        limit = self._settings.command_timeout if timeout is None else timeout
        ended = self.run(service, [SHELL, "-c", command], out, err, timeout=limit)
        seconds = round(time.monotonic() - clock, 3)
        stdout, stderr = _read(out), _read(err)
        if ended["timed_out"]:
            stderr += f"\nharness: ended after its time limit of {limit:.0f} s\n"
        return _capture(service, command, stdout, stderr, ended["exit_code"], started, seconds)

    def exec_background(self, service: str, command: str, *, serves: str | None = None) -> LocalBackground:
        """Run a shell command and do not wait; with `serves` wait until that server is ready."""
        command = self._addresses.translate(command)
        if serves:
            self._ask({"op": "stop_service", "service": serves})
        out, err = self._server_logs(serves) if serves else self._capture_files()
        background = LocalBackground(self, service, command, out, err)
        started = self.run(service, [SHELL, "-c", command], out, err, background=True, serves=serves, log=str(err))
        background.id = started["id"]
        if serves:
            self._ask({"op": "await_ready", "service": serves})
        return background

    def run(
        self,
        service: str,
        argv: Sequence[str],
        out: Path | int,
        err: Path | int,
        *,
        stdin: int | None = None,
        timeout: float | None = None,
        background: bool = False,
        on_start: Callable[[Connection], None] = lambda _: None,
        **more: object,
    ) -> Message:
        """Have the keeper run a command on the given files or descriptors. Gives its last message.

        Raises KeyboardInterrupt on Ctrl-C after telling the keeper to end the command.
        """
        opened: list[int] = []

        def descriptor(target: Path | int) -> int:
            if isinstance(target, int):
                return target
            opened.append(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644))
            return opened[-1]

        if stdin is None:
            stdin = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
            opened.append(stdin)
        connection = self._connect()
        try:
            request = {"op": "run", "room": service, "argv": list(argv), "timeout": timeout, "background": background}
            connection.send({**request, **more}, [stdin, descriptor(out), descriptor(err)])
            message = self._checked(connection.receive())
            on_start(connection)
            return message if background else self._checked(connection.receive())
        except Closed as problem:
            raise self._lost() from problem
        finally:
            connection.close()
            for number in opened:
                os.close(number)

    def endpoint(self, service: str, port: int) -> tuple[str, int]:
        """Give the host and port of the original's `service:port`. Raises UsageError for a private cluster."""
        if self.mode == "private":
            raise UsageError(
                "A private cluster has a network of its own.",
                wanted=f"{service}:{port} from outside it",
                remedy="run the program in it (`harness exec`, or `run(...)` in a step), or use --mode open",
            )
        for listener, original in ORIGINAL.items():
            if original == (service, port) or (listener == service and original[1] == port):
                return LOOPBACK, self._addresses.ports[listener]
        known = ", ".join(f"{host}:{number}" for host, number in ORIGINAL.values())
        raise UsageError(f"No server listens at {service}:{port}.", wanted=known)

    @property
    def log_folder(self) -> str:
        """The folder of the servers' logs."""
        return self._spec.logs

    def translate(self, command: str) -> str:
        """Write this cluster's addresses in place of the original's."""
        return self._addresses.translate(command)

    def logs(self, service: str) -> Path:
        """Give the log file of a server."""
        for state in self.status():
            if state.name == service:
                return state.log
        known = ", ".join(state.name for state in self.status())
        raise UsageError(f"Unknown service: {service}.", wanted=known)

    def status(self) -> list[ServerState]:
        """Give the state of every server that was started."""
        return _states(self._ask({"op": "status"}))

    def peak_memory(self) -> int:
        """Give the peak memory in bytes of all processes of the cluster together."""
        return int(self._ask({"op": "status"})["peak_memory"])

    def faults(self) -> list[HarnessError]:
        """Give an error for each server that is dead or does not answer; one for the keeper when it is gone."""
        try:
            return [_as_error(message) for message in self._ask({"op": "sick"})["sick"]]
        except EnvironmentFault as problem:
            return [problem]

    def down(self) -> list[ServerState]:
        """End everything, and prove it."""
        connection = self._connect()
        try:
            connection.set_timeout(DOWN_TIME)
            connection.send({"op": "down"})
            answer = self._checked(connection.receive())
            list(connection.messages())  # none comes: this waits for the keeper's own end
        except Closed as problem:
            raise self._lost() from problem
        finally:
            connection.close()
        self.release()
        self._await_end()
        if answer["left"]:
            raise EnvironmentFault("Processes were left when the cluster went down.", seen=", ".join(answer["left"]))
        return _states(answer)

    # What later harnesses find

    def save_backgrounds(self, named: Mapping[str, object]) -> None:
        """Store how background commands are found again by a harness that joins."""
        states = {name: item.state() for name, item in named.items() if isinstance(item, LocalBackground)}
        (self.folder / "backgrounds.json").write_text(json.dumps(states), encoding="utf-8")

    def restore_backgrounds(self) -> dict[str, LocalBackground]:
        """Find the background commands of earlier harnesses again, by name."""
        try:
            states = json.loads((self.folder / "backgrounds.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return {name: LocalBackground.restore(self, state) for name, state in states.items()}

    def keep(self) -> None:
        """Let the cluster live on when this process ends."""
        if self._lease:
            self._lease.send({"keep": True})

    def release(self) -> None:
        """Give the lease back: the cluster goes down unless it is kept."""
        if self._lease:
            self._lease.close()
            self._lease = None

    # The keeper

    def _take_lease(self, log: Path) -> None:
        deadline = time.monotonic() + KEEPER_START
        while True:
            try:
                self._lease = Connection.open(runs.socket_path(self.folder))
                self._lease.send({"op": "lease"})
                granted = self._lease.receive()
                break
            except (OSError, Closed):
                pass
            assert self._keeper
            if self._keeper.poll() is not None or time.monotonic() > deadline:
                raise self._refused(log)
            time.sleep(0.02)
        self.notes += granted["notes"]
        self._addresses = Addresses(self.mode, granted["ports"])

    def _refused(self, log: Path) -> HarnessError:
        refused = self.folder / "refused.json"
        if refused.exists():
            return _as_error(json.loads(refused.read_text(encoding="utf-8")))
        assert self._keeper
        return EnvironmentFault(
            "The cluster's keeper did not start.",
            wanted=f"its control socket within {KEEPER_START:.0f} s",
            seen=f"exit code {self._keeper.poll()}",
            log=log,
            tail=tail(log),
            remedy="`./run harness doctor` says what is missing; --mode open does without a sandbox",
        )

    def _lost(self) -> EnvironmentFault:
        log = Path(self._spec.logs) / "keeper.log"
        return EnvironmentFault(
            "The cluster is gone.",
            wanted="an answer of its keeper",
            seen="the keeper ended",
            log=log,
            tail=tail(log),
            remedy="start it again: the same command, or `harness up`",
        )

    def _connect(self) -> Connection:
        try:
            return Connection.open(runs.socket_path(self.folder))
        except OSError as problem:
            raise self._lost() from problem

    def _ask(self, request: Message, timeout: float | None = None) -> Message:
        connection = self._connect()
        try:
            connection.set_timeout(timeout)
            connection.send(request)
            return self._checked(connection.receive())
        except Closed as problem:
            raise self._lost() from problem
        finally:
            connection.close()

    def ask(self, **request: object) -> Message:
        """Ask the keeper one question."""
        return self._ask(request)

    @staticmethod
    def _checked(message: Message) -> Message:
        if message["event"] == "error":
            raise _as_error(message)
        return message

    def _await_end(self) -> None:
        if self._keeper:
            self._keeper.wait(10)
        deadline = time.monotonic() + 10
        while self.folder.exists():
            if time.monotonic() > deadline:
                raise EnvironmentFault("The run folder was left.", seen=str(self.folder), remedy="remove it")
            time.sleep(0.05)

    def _server_logs(self, name: str) -> tuple[Path, Path]:
        """Give new, empty log files of a server that a step starts."""
        logs = (Path(self._spec.logs) / f"{name}.out.log", Path(self._spec.logs) / f"{name}.log")
        for file in logs:
            file.write_bytes(b"")
        return logs

    def _capture_files(self) -> tuple[Path, Path]:
        self._commands += 1
        name = f"{os.getpid()}-{self._commands}"
        return self._captures / f"{name}.out", self._captures / f"{name}.err"


class LocalBackground:
    """A command that the keeper runs in the background."""

    def __init__(self, cluster: LocalCluster, service: str, command: str, out: Path, err: Path) -> None:
        self.id = 0
        self._cluster = cluster
        self._service = service
        self._command = command
        self._files = (out, err)
        self._seen = [0, 0]
        self._started = _now()
        self._clock = time.monotonic()

    def state(self) -> Message:
        """Give what another process needs to find it again."""
        return {
            "id": self.id,
            "service": self._service,
            "command": self._command,
            "files": [str(file) for file in self._files],
            "seen": self._seen,
            "started": self._started,
        }

    @classmethod
    def restore(cls, cluster: LocalCluster, state: Message) -> LocalBackground:
        """Find a command again that another process started."""
        out, err = map(Path, state["files"])
        found = cls(cluster, state["service"], state["command"], out, err)
        found.id, found._seen, found._started = state["id"], list(state["seen"]), state["started"]
        return found

    def look(self, *, since_last: bool = False) -> Capture:
        """Give what it printed so far, or since the last look that asked for news."""
        state = self._cluster.ask(op="wait", id=self.id, timeout=0)
        return self._capture(state["exit_code"], since_last)

    def stop(self, signal: int = signals.SIGTERM, *, group: bool = False, grace: float = 10.0) -> Capture:
        """End it. Gives all that it printed."""
        state = self._cluster.ask(op="stop", id=self.id, signal=int(signal), group=group, grace=grace)
        return self._capture(state["exit_code"], False)

    def _capture(self, exit_code: int | None, since_last: bool) -> Capture:
        texts = []
        for index, file in enumerate(self._files):
            data = file.read_bytes()
            start = self._seen[index] if since_last else 0
            if since_last:
                end = data.rfind(b"\n") + 1
                self._seen[index] = max(start, end)
                data = data[start : self._seen[index]]
            texts.append(_decode(data))
        seconds = round(time.monotonic() - self._clock, 3)
        made = _capture(self._service, self._command, texts[0], texts[1], exit_code, self._started, seconds)
        return replace(made, background=True)


def choose_mode(settings: Settings, toolchain: Toolchain) -> tuple[str, str | None]:
    """Give the mode, and a sentence when the machine decided against the default.

    Raises EnvironmentFault when private mode was asked for and cannot be had, UsageError when ports were asked for
    in it.
    """
    if settings.mode == "private" and settings.ports:
        raise UsageError(
            "--port is for open mode: a private cluster has the original's ports.", remedy="add --mode open"
        )
    if settings.mode == "open" or settings.ports:
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


def shell_words(words: Sequence[str]) -> str:
    """Write an argument list as one shell command."""
    return shlex.join(words)


def _capture(
    service: str, command: str, stdout: str, stderr: str, exit_code: int | None, started: str, seconds: float
) -> Capture:
    facts = derive(command, stdout, stderr)
    return Capture("", service, command, stdout, stderr, exit_code, started, seconds, False, facts)


def _as_error(message: Message) -> HarnessError:
    kinds = {"environment": EnvironmentFault, "usage": UsageError}
    return kinds.get(message["kind"], HarnessError)(
        message["headline"],
        wanted=message.get("wanted"),
        seen=message.get("seen"),
        log=Path(message["log"]) if message.get("log") else None,
        tail=message.get("tail") or (),
        remedy=message.get("remedy"),
    )


def _states(message: Message) -> list[ServerState]:
    return [
        ServerState(
            item["name"],
            item["room"],
            item["pid"],
            item["state"],
            item["ready_seconds"],
            item["peak_rss"],
            item["address"],
            Path(item["log"]),
        )
        for item in message["services"]
    ]


def _read(file: Path) -> str:
    try:
        return _decode(file.read_bytes())
    except FileNotFoundError:
        return ""


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
