"""The service that a command runs in, as `docker-compose exec` names it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from harness.outputs.shell import EXEC_VALUES, without_heredocs

_CONTAINER: Final = re.compile(r"[\w.-]+[_-]([a-z]+)[_-]\d+")
"""A container's name as Compose makes it: project, service, number."""

_LONGEST: Final = 16_384


def service_of(command: str) -> str | None:
    """Give the service of the first `docker-compose exec` or `docker exec` in a command, or None for the host."""
    found = inside(without_heredocs(command[:_LONGEST]).replace("\\\n", " ").split())
    return found[0] if found else None


def inside(words: Sequence[str]) -> tuple[str, int] | None:
    """Give the service that the words lead to with `docker-compose exec SERVICE`, and the index after it, or None."""
    for at, word in enumerate(words):
        if word.rpartition("/")[2] not in ("docker", "docker-compose"):
            continue
        after = at + 1
        while after < len(words) and (words[after] == "compose" or words[after].startswith("-")):
            after += 2 if words[after] in ("-f", "-p", "--file", "--project-name", "-H") else 1
        compose = word.endswith("docker-compose") or "compose" in words[at + 1 : after]
        if after < len(words) and (words[after] == "exec" or (words[after] == "run" and compose)):
            after += 1
            while after < len(words) and (words[after].startswith("-") or words[after] == "\\"):
                after += 2 if words[after] in EXEC_VALUES else 1
            if after < len(words):
                named = None if compose else _CONTAINER.fullmatch(words[after][:200])
                return (named[1] if named else words[after]), after + 1
    return None
