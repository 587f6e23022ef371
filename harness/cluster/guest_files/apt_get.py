"""Answers `apt-get` and `apt` for guests, who cannot install: what is there is satisfied, all else is refused.

Nothing of the harness is used: this file is copied to where guests are.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

_PROGRAMS = {
    "apache2-utils": "ab",
    "netcat": "nc",
    "procps": "ps",
    "python3-flask": "flask",
    "python3-pip": "pip3",
    "python-pip": "pip",
    "redis": "redis-cli",
    "redis-tools": "redis-cli",
}
"""The program that shows that a package is there, where it has another name."""

_KNOWN = Path("/var/lib/dpkg/info")


def main(words: Sequence[str]) -> int:
    """Answer one call. Gives its exit code."""
    command, *names = [word for word in words if not word.startswith("-")] or [""]
    if command in ("update", "upgrade", "autoremove", "clean"):
        print("Reading package lists... Done")
        return 0
    if command != "install":
        print(f"harness: apt-get: only install is here, not {command!r}", file=sys.stderr)
        return 100
    code = 0
    for name in (name.partition("=")[0] for name in names):
        if is_there(name):
            print(f"{name} is already the newest version.")
        else:
            print(f"E: Unable to locate package {name!r}", file=sys.stderr)
            print(f"harness: apt-get installs nothing here, and {name!r} is not there", file=sys.stderr)
            code = 100
    return code


def is_there(package: str) -> bool:
    """Say whether a package's program is on PATH, or the system has the package."""
    if not package or "/" in package:
        return False
    if shutil.which(_PROGRAMS.get(package, package)):
        return True
    return (_KNOWN / f"{package}.list").exists() or any(_KNOWN.glob(f"{_literal(package)}:*.list"))


def _literal(text: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
