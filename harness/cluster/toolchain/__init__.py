"""The toolchain: everything that the local backend needs, made present in the user's cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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


def ensure(cache_dir: Path, progress: fetch.Progress) -> Toolchain:
    """Make everything present. Raises EnvironmentFault for the first part that cannot be had."""
    import pyspark

    found = java.ensure(cache_dir, progress.say)
    programs = system.ensure(cache_dir, progress.say)
    fetched = fetch.ensure(cache_dir, progress)
    jars = Path(pyspark.__file__).parent / "jars"
    return Toolchain(found, programs, prepare.ensure(cache_dir, jars, pyspark.__version__), fetched)
