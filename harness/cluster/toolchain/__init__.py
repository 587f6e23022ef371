"""The toolchain: everything that the local backend needs, made present in the user's cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from harness.cluster.stack import Stack
from harness.cluster.toolchain import fetch, java, prepare, system
from harness.cluster.toolchain.java import Java
from harness.cluster.toolchain.system import Program


@dataclass(frozen=True, slots=True)
class Toolchain:
    """What was made present: Java, the system's programs, the prepared jars. `fetched` is in bytes."""

    java: Java
    programs: Mapping[str, Program]
    prepared: Path
    fetched: int


def ensure(cache_dir: Path, progress: fetch.Progress, stack: Stack | None = None) -> Toolchain:
    """Make everything present that a stack needs. Raises EnvironmentFault for the first part that cannot be had."""
    stack = stack or Stack()
    found = java.ensure(cache_dir, progress.say)
    programs = system.ensure(cache_dir, progress.say)
    programs |= system.ensure_added(cache_dir, progress.say, stack.packages)
    fetched = fetch.ensure(cache_dir, progress, fetch.all_artifacts(stack.lock) if stack.lock else None)
    prepared = prepare.ensure(cache_dir, pyspark_dir() / "jars", pyspark_version(), stack.lock)
    return Toolchain(found, programs, prepared, fetched)


def pyspark_dir() -> Path:
    """Give the folder of the installed pyspark, without importing it."""
    spec = find_spec("pyspark")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent


def pyspark_version() -> str:
    """Give its version."""
    return metadata.version("pyspark")


def prepared_now(cache_dir: Path, own: Path | None = None) -> Path:
    """Give the folder of prepared jars that fits today's lock, or a project's own."""
    return prepare.prepared_dir(cache_dir, pyspark_version(), own)
