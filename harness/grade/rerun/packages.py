"""Python packages that a grader allows submissions beside those that the harness has, installed once for all."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.errors import EnvironmentFault, UsageError
from harness.locks import exclusive

_NAME: Final = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[\w,.-]+\])?(?:==[\w.+!-]+)?")
TIME: Final = 900.0
VARIABLE: Final = "HARNESS_PACKAGES"
"""The variable that tells a guest's Python where they are."""


@dataclass(frozen=True, slots=True)
class Packages:
    """The folder that holds packages, None where none were asked for. Others have another folder, by its name."""

    folder: Path | None = None


def ensure(wanted: Sequence[str], cache: Path, say: Callable[[str], None], target: Sequence[str] = ()) -> Packages:
    """Install packages into the cache, as wheels: nothing of theirs is run.

    `target` are words for pip that name another Python than this one.

    Raises UsageError for a name that is none, EnvironmentFault when they cannot be had.
    """
    if not wanted:
        return Packages()
    for each in wanted:
        if not _NAME.fullmatch(each):
            raise UsageError(f"{each!r} names no package.", wanted="a name, or name==version", remedy="--package NAME")
    key = hashlib.sha256(repr((sys.version_info[:2], tuple(target), sorted(wanted))).encode()).hexdigest()[:12]
    folder = cache / "packages" / key
    folder.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(folder.parent / "fill.lock"):
        if not folder.exists():
            say(f"installing {', '.join(wanted)} for submissions")
            _install(wanted, folder, target)
    return Packages(folder)


def _install(wanted: Sequence[str], folder: Path, target: Sequence[str]) -> None:
    new = folder.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--only-binary",
        ":all:",
        "--target",
        str(new),
        *target,
        *wanted,
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIME, check=False)
    except subprocess.TimeoutExpired as problem:
        raise EnvironmentFault("pip takes too long.", wanted=", ".join(wanted), seen=str(problem)) from problem
    if done.returncode:
        shutil.rmtree(new, ignore_errors=True)
        lines = done.stderr.strip().splitlines() or ["nothing"]
        raise EnvironmentFault(
            "Packages for submissions cannot be had.",
            wanted=", ".join(wanted),
            seen=next((line for line in lines if line.startswith("ERROR")), lines[-1]),
            remedy="leave out --package, or name one that has a wheel for this Python",
        )
    new.replace(folder)
