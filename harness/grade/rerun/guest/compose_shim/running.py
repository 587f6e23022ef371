"""Runs commands in services: as processes here, or by the broker of the harness where services are containers."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from options import split
from world import World, fail

ROOM = "W205_ROOM"
"""The variable that tells which service a process runs in."""


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


def end_processes(world: World, rooms: Sequence[str]) -> None:
    """End every process that was started in one of the services."""
    if world.broker:
        _ask(world, op="end", services=list(rooms))
        return
    marks = {f"{ROOM}={room}".encode() for room in rooms}
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with suppress(OSError):
                if marks & set(Path(f"/proc/{name}/environ").read_bytes().split(b"\0")):
                    os.kill(int(name), signal.SIGKILL)


def _ask(world: World, **question: object) -> None:
    """Ask the broker for something, and wait until it is done."""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
        wire.connect(world.broker)
        wire.send(json.dumps(question).encode())
        wire.recv(65536)
