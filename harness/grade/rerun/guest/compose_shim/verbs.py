"""What is done for each verb but `exec` and `run`: services end and come up, are shown, and exchange files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from options import split
from running import end_processes, remote
from world import World, fail


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


def restart(world: World, words: Sequence[str]) -> None:
    """End what runs in services; they answer at once again."""
    _, left = split(words)
    names = [name for name in left if name in world.rooms] or list(world.rooms)
    end_processes(world, names)
    for name in names:
        print(f"Restarting {world.container(name)} ... done", file=sys.stderr)


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


def quiet(_world: World, _words: Sequence[str]) -> None:
    """Do nothing: images are built and pulled by the harness."""
