"""The options of `docker-compose` and of `docker`."""

from __future__ import annotations

from collections.abc import Sequence

_WITH_VALUE = {
    "-e", "--env", "-u", "--user", "-w", "--workdir", "--index", "--env-file", "--detach-keys", "-f", "--file", "-p",
    "--project-name", "--name", "--tail", "-n", "--since", "--until", "-t", "--timeout", "--scale", "--profile", "-v",
    "--volume", "--entrypoint", "--network", "-H", "--host", "--format", "--filter", "--signal", "-s", "--time",
}  # fmt: skip
_LOOSE = {"exec": {"-t"}, "run": {"-t"}, "logs": {"-t", "-f"}, "rm": {"-f", "-s", "-v"}, "ps": {"-s", "-f", "-n"}}
"""Options that take a value in one command and none in another."""


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
