"""`docker-compose` and `docker` of the sandbox: they lead to the services that the rerun brought up.

`exec SERVICE COMMAND` runs the command in that service's environment. What starts and ends containers only changes
which services answer from then on: the rerun's servers themselves are the harness'. Everything else says what it
cannot do.

Run as `python compose_shim docker-compose|docker ARGUMENTS`: Python finds the other modules in the folder that it runs,
also where it is isolated. Only the standard library is used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import verbs
from options import split
from running import run
from world import World, fail

COMPOSE: dict[str, Callable[[World, Sequence[str]], None]] = {
    "exec": lambda world, words: run(world, "exec", words),
    "run": lambda world, words: run(world, "run", words),
    "up": verbs.up,
    "start": verbs.up,
    "create": verbs.up,
    "unpause": verbs.quiet,
    "down": verbs.down,
    "stop": verbs.down,
    "kill": lambda world, words: verbs.down(world, words, "Killing"),
    "rm": lambda world, words: verbs.down(world, words, "Removing"),
    "restart": verbs.restart,
    "ps": verbs.ps,
    "logs": verbs.logs,
    "pull": verbs.quiet,
    "build": verbs.quiet,
    "images": verbs.quiet,
    "config": verbs.show_config,
    "version": verbs.version,
    "cp": verbs.copy,
}
DOCKER: dict[str, Callable[[World, Sequence[str]], None]] = {
    "exec": COMPOSE["exec"],
    "ps": verbs.docker_ps,
    "logs": verbs.logs,
    "cp": verbs.copy,
    "stop": verbs.down,
    "kill": COMPOSE["kill"],
    "rm": COMPOSE["rm"],
    "start": verbs.up,
    "restart": verbs.restart,
    "pull": verbs.quiet,
    "images": verbs.quiet,
    "version": verbs.version,
    "info": verbs.version,
    "network": verbs.quiet,
    "volume": verbs.quiet,
    "system": verbs.quiet,
    "rmi": verbs.quiet,
    "login": verbs.quiet,
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
