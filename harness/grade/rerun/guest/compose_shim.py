"""`docker-compose` and `docker` of the sandbox: they lead to the services that the rerun brought up.

`exec SERVICE COMMAND` runs the command in that service's environment. What starts and ends containers only changes
which services answer from then on: the rerun's servers themselves are the harness'. Everything else says what it
cannot do.

Run as `compose_shim.py docker-compose|docker ARGUMENTS`. Only the standard library is used.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

HERE = Path(__file__).resolve().parent
ROOM = "W205_ROOM"
"""The variable that tells which service a process runs in."""

_WITH_VALUE = {
    "-e", "--env", "-u", "--user", "-w", "--workdir", "--index", "--env-file", "--detach-keys", "-f", "--file", "-p",
    "--project-name", "--name", "--tail", "-n", "--since", "--until", "-t", "--timeout", "--scale", "--profile", "-v",
    "--volume", "--entrypoint", "--network", "-H", "--host", "--format", "--filter", "--signal", "-s", "--time",
}  # fmt: skip
_LOOSE = {"exec": {"-t"}, "run": {"-t"}, "logs": {"-t", "-f"}, "rm": {"-f", "-s", "-v"}, "ps": {"-s", "-f", "-n"}}
"""Options that take a value in one command and none in another."""


class World:
    """What the harness says about the services, and what this submission has done to them."""

    def __init__(self) -> None:
        self._told: dict[str, Any] = json.loads((HERE / "rooms.json").read_text(encoding="utf-8"))
        self.rooms: dict[str, dict[str, Any]] = self._told["rooms"]
        self.lacking: dict[str, str] = self._told["lacking"]
        self.project: str = self._told["project"]
        self.broker: str = self._told.get("broker", "")
        self._ended = Path(self._told["ended"])

    @property
    def ended(self) -> set[str]:
        """The services that the submission has ended."""
        try:
            return set(self._ended.read_text(encoding="utf-8").split())
        except OSError:
            return set()

    def end(self, names: Sequence[str], ended: bool = True) -> None:
        """Note that services have ended, or that they are up again."""
        left = self.ended | set(names) if ended else self.ended - set(names)
        with suppress(OSError):
            self._ended.write_text("\n".join(sorted(left)), encoding="utf-8")

    def service(self, name: str) -> str:
        """Give the service of a container's name, such as project_kafka_1. Ends this program for one that is none."""
        for room in self.rooms:
            if name == room or re.fullmatch(rf".*[_-]{re.escape(room)}[_-]\d+", name) or name in self._names(room):
                if room in self.ended:
                    fail(f"ERROR: No container found for {room}_1")
                return room
        raise SystemExit(
            f"ERROR: {name}: {self.lacking[name]}" if name in self.lacking else f"ERROR: No such service: {name}"
        )

    def container(self, room: str) -> str:
        """Give the name that Compose gives a service's container."""
        return f"{self.project}_{room}_1"

    def _names(self, room: str) -> Sequence[str]:
        names: Sequence[str] = self.rooms[room].get("names", ())
        return names


def fail(text: str, code: int = 1) -> NoReturn:
    """End with a message."""
    print(text, file=sys.stderr)
    sys.exit(code)


def split(words: Sequence[str], command: str = "") -> tuple[list[tuple[str, str]], list[str]]:
    """Give the options at the beginning, each with its value or "", and the words from the first that is none."""
    found: list[tuple[str, str]] = []
    left = list(words)
    while left and left[0].startswith("-") and left[0] != "-":
        word = left.pop(0)
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if word.startswith("--") and equals:
            found.append((name, value))
        elif word in _WITH_VALUE and word not in _LOOSE.get(command, ()) and left:
            found.append((word, left.pop(0)))
        else:
            found.append((word, ""))
    return found, left


def run(world: World, command: str, words: Sequence[str]) -> None:
    """`exec` and `run`: the command in the service, in place of this program."""
    options, left = split(words, command)
    if not left:
        fail(f"{command}: which service?", 2)
    room = world.service(left[0])
    argv = left[1:] or ["bash"]
    told = world.rooms[room]
    environment = {} if world.broker else {**told["environment"], ROOM: room}
    for name in ("HARNESS_HELPS", "__STOP", "__ROUNDS", "BASH_FUNC___round%%", "BASH_FUNC_true%%", "BASH_FUNC_:%%"):
        if name in os.environ:
            environment[name] = os.environ[name]
    folder = told["folder"]
    for option, value in options:
        if option in ("-e", "--env"):
            key, equals, text = value.partition("=")
            environment[key] = text if equals else os.environ.get(key, "")
        elif option in ("-w", "--workdir"):
            folder = value
    detached = any(option in ("-d", "--detach") or re.fullmatch(r"-[it]*d[it]*", option) for option, _ in options)
    if world.broker:
        sys.exit(remote(world, room, argv, environment, folder, detached))
    with suppress(OSError):
        os.chdir("/")
        os.chdir(folder)
    if detached:
        with open(os.devnull, "r+b") as null:
            subprocess.Popen(argv, env=environment, stdin=null, stdout=null, stderr=null, start_new_session=True)
        return
    found = shutil.which(argv[0], path=environment["PATH"])
    if found is None:
        fail(f'OCI runtime exec failed: exec failed: exec: "{argv[0]}": executable file not found in $PATH', 126)
    try:
        os.execve(found, argv, environment)
    except OSError as problem:
        fail(f'OCI runtime exec failed: exec failed: exec: "{argv[0]}": {problem.strerror}', 126)


def remote(
    world: World,
    room: str,
    argv: Sequence[str],
    environment: dict[str, str],
    folder: str,
    detached: bool = False,
    streams: Sequence[int] = (0, 1, 2),
) -> int:
    """Have a command run in a service's container, with these descriptors. Gives its exit code."""
    told = world.rooms[room]["folder"]
    words = {"argv": list(argv), "env": environment, "folder": os.path.join(told, folder), "detached": detached}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:

        def forward(number: int, _: object) -> None:
            with suppress(OSError):
                wire.send(json.dumps({"signal": number}).encode())

        try:
            wire.connect(world.broker)
            socket.send_fds(wire, [json.dumps({"op": "exec", "service": room, **words}).encode()], streams)
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, forward)
            answer = json.loads(wire.recv(65536) or b"{}")
        except OSError as problem:
            fail(f"harness: {problem.strerror}", 126)
    if "error" in answer:
        print(answer["error"], file=sys.stderr)
    return int(answer.get("code", 137))


def ask(world: World, **question: object) -> None:
    """Ask the broker for something, and wait until it is done."""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
        wire.connect(world.broker)
        wire.send(json.dumps(question).encode())
        wire.recv(65536)


def up(world: World, words: Sequence[str]) -> None:
    """Say that the services are up: they are the harness' and were there before."""
    _, left = split(words)
    names = [name for name in left if not name.startswith("-")] or [*world.rooms, *world.lacking]
    was = world.ended
    for name in names:
        if name in world.lacking:
            print(f"harness: {name} is not here: {world.lacking[name]}", file=sys.stderr)
        else:
            said = "done" if name in was or not was else "up-to-date"
            print(f"Creating {world.container(name)} ... {said}", file=sys.stderr)
    world.end(names, ended=False)


def down(world: World, words: Sequence[str], verb: str = "Stopping") -> None:
    """End what runs in services, all of them or those named."""
    _, left = split(words, "rm")
    names = [name for name in left if name in world.rooms] or list(world.rooms)
    end_processes(world, names)
    for name in names:
        print(f"{verb} {world.container(name)} ... done", file=sys.stderr)
    world.end(names)


def end_processes(world: World, rooms: Sequence[str]) -> None:
    """End every process that was started in one of the services."""
    if world.broker:
        ask(world, op="end", services=list(rooms))
        return
    marks = {f"{ROOM}={room}".encode() for room in rooms}
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with suppress(OSError):
                if marks & set(Path(f"/proc/{name}/environ").read_bytes().split(b"\0")):
                    os.kill(int(name), signal.SIGKILL)


def ps(world: World, words: Sequence[str]) -> None:
    """Show the services as Compose showed containers."""
    options, _ = split(words, "ps")
    here = [room for room in world.rooms if room not in world.ended]
    if any(option in ("-q", "--quiet") for option, _ in options):
        print("\n".join(world.container(room) for room in here))
        return
    rows = [
        (world.container(r), world.rooms[r].get("command", "bash"), "Up", world.rooms[r].get("ports", "")) for r in here
    ]
    titles = ("Name", "Command", "State", "Ports")
    widths = [max(len(row[at]) for row in (titles, *rows)) for at in range(4)]
    print("   ".join(t.center(w) for t, w in zip(titles, widths, strict=True)).rstrip())
    print("-" * (sum(widths) + 9))
    for row in rows:
        print("   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def docker_ps(world: World, words: Sequence[str]) -> None:
    """Show the services as `docker ps` shows containers."""
    options, _ = split(words, "ps")
    here = [room for room in world.rooms if room not in world.ended]
    if any(option in ("-q", "-aq", "-qa", "--quiet") for option, _ in options):
        print("\n".join(world.container(room) for room in here))
        return
    print("CONTAINER ID   IMAGE      STATUS   NAMES")
    for number, room in enumerate(here, 1):
        print(f"{number:012x}   {room:<10} Up       {world.container(room)}")


def logs(world: World, words: Sequence[str]) -> None:
    """Show the log of services."""
    options, left = split(words, "logs")
    follow = any(option in ("-f", "--follow") for option, _ in options)
    rest, _ = split([word for word in left if word.startswith("-")], "logs")
    follow = follow or any(option in ("-f", "--follow") for option, _ in rest)
    names = [word for word in left if not word.startswith("-") and not word.isdigit()] or list(world.rooms)
    files = [
        file for name in names for file in world.rooms[world.service(name)].get("logs", ()) if os.path.exists(file)
    ]
    if not files:
        return
    tail = next((value for option, value in (*options, *rest) if option in ("--tail", "-n") and value.isdigit()), None)
    lines = ["-n", tail or "+1"]
    os.execvp("tail", ["tail", "-q", *lines, *(["-f"] if follow else []), *files])


_UNPACK = """\
[ -d "$0" ] && exec tar -xf - -C "$0"
exec tar -xf - -C "$(dirname "$0")" --transform="s,^[^/]*,$(basename "$0"),"
"""
"""Takes an archive of one file or folder to a place: into it where it is a folder, else under its name."""


def copy(world: World, words: Sequence[str]) -> None:
    """`docker cp`: services and the host share one file system, or their files come and go as an archive."""
    _, left = split(words)
    if len(left) != 2:
        fail("docker cp: from where to where?", 2)
    paths: list[tuple[str, str]] = []
    for word in left:
        name, colon, path = word.partition(":")
        paths.append((world.service(name), path) if colon and "/" not in name else ("", word))
    (source, taken), (target, to) = paths
    if not world.broker or not (source or target):
        os.execvp("cp", ["cp", "-r", taken, to])
    taken = taken.rstrip("/") or "/"
    pack = ["tar", "-cf", "-", "-C", os.path.dirname(taken) or ".", os.path.basename(taken) or "."]
    unpack = ["sh", "-c", _UNPACK, to]
    here = subprocess.Popen(unpack, stdin=subprocess.PIPE) if source else subprocess.Popen(pack, stdout=subprocess.PIPE)
    with here:
        pipe = here.stdin or here.stdout
        assert pipe
        streams = (0, pipe.fileno(), 2) if source else (pipe.fileno(), 1, 2)
        code = remote(world, source or target, pack if source else unpack, {}, "/", streams=streams)
        pipe.close()
    sys.exit(code or here.returncode)


def quiet(_world: World, _words: Sequence[str]) -> None:
    """Do nothing: images are built and pulled by the harness."""


def restart(world: World, words: Sequence[str]) -> None:
    """End what runs in services; they answer at once again."""
    _, left = split(words)
    names = [name for name in left if name in world.rooms] or list(world.rooms)
    end_processes(world, names)
    for name in names:
        print(f"Restarting {world.container(name)} ... done", file=sys.stderr)


def show_config(_world: World, _words: Sequence[str]) -> None:
    """Show the compose file of the folder."""
    for name in ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"):
        if Path(name).exists():
            print(Path(name).read_text(encoding="utf-8", errors="replace"), end="")
            return
    fail("ERROR: Can't find a suitable configuration file in this directory or any parent.")


def version(_world: World, _words: Sequence[str]) -> None:
    """Say what this is."""
    print("docker-compose of the harness' sandbox")


COMPOSE: dict[str, Callable[[World, Sequence[str]], None]] = {
    "exec": lambda world, words: run(world, "exec", words),
    "run": lambda world, words: run(world, "run", words),
    "up": up,
    "start": up,
    "create": up,
    "unpause": quiet,
    "down": down,
    "stop": down,
    "kill": lambda world, words: down(world, words, "Killing"),
    "rm": lambda world, words: down(world, words, "Removing"),
    "restart": restart,
    "ps": ps,
    "logs": logs,
    "pull": quiet,
    "build": quiet,
    "images": quiet,
    "config": show_config,
    "version": version,
    "cp": copy,
}
DOCKER: dict[str, Callable[[World, Sequence[str]], None]] = {
    "exec": COMPOSE["exec"],
    "ps": docker_ps,
    "logs": logs,
    "cp": copy,
    "stop": down,
    "kill": COMPOSE["kill"],
    "rm": COMPOSE["rm"],
    "start": up,
    "restart": restart,
    "pull": quiet,
    "images": quiet,
    "version": version,
    "info": version,
    "network": quiet,
    "volume": quiet,
    "system": quiet,
    "rmi": quiet,
    "login": quiet,
}


def main(arguments: Sequence[str]) -> None:
    """Do one command."""
    program, *words = arguments
    known = DOCKER
    if program == "docker-compose" or words[:1] == ["compose"]:
        known, words = COMPOSE, words[program == "docker" :]
    if "--version" in words[:1] or words[:1] == ["-v"]:
        words = ["version"]
    _, words = split(words)
    if not words or words[0] not in known:
        fail(f"harness: '{program} {' '.join(words[:1])}' cannot be done in a rerun; {', '.join(known)} can", 1)
    known[words[0]](World(), words[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
