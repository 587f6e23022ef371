"""Filling the cache: parallel, verified by sha256, resumable, with progress, and nothing at all when it is full.

Files land under `<cache>/maven` in the layout of a Maven repository. A download goes to `NAME.part` beside its
place and continues there after an interruption; it takes its name only after its sha256 held. What was verified
is remembered by size and change time, so that a warm start reads no file twice.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Protocol

from harness.cluster.toolchain.lock import Artifact, components
from harness.errors import EnvironmentFault
from harness.locks import exclusive

THREADS = 6
SPARE_BYTES = 300_000_000
"""Free space that must remain after the downloads: a run's own data and logs."""


class Progress(Protocol):
    """Told of a download: bytes as they come, and sentences worth reading."""

    def start(self, files: int, total_bytes: int) -> None:
        """Begin, with how many files and bytes are missing."""

    def advance(self, nbytes: int) -> None:
        """Count bytes; negative when a file begins again."""

    def say(self, text: str) -> None:
        """Say a sentence."""

    def stop(self) -> None:
        """End, whatever happened."""


def maven_dir(cache_dir: Path) -> Path:
    """Give the folder of the downloaded files."""
    return cache_dir / "maven"


def all_artifacts(own: Path | None = None) -> list[Artifact]:
    """Give every file of the lock, each once; `own` is a project's own lock file, which stands in for parts of it."""
    return list({item.path: item for part in components(own).values() for item in part.artifacts}.values())


def ensure(cache_dir: Path, progress: Progress, artifacts: Sequence[Artifact] | None = None) -> int:
    """Make every file of the lock present and verified. Returns the bytes fetched.

    Raises EnvironmentFault when a file cannot be had: no network, no space, or other content than the lock says.
    """
    artifacts = all_artifacts() if artifacts is None else artifacts
    root = maven_dir(cache_dir)
    try:
        root.mkdir(parents=True, exist_ok=True)
        known = Verified(cache_dir / "verified.json")
        if all(known.holds(item, root / item.path) for item in artifacts):
            return 0
        waiting = f"another run is filling {cache_dir}; waiting for it"
        with exclusive(cache_dir / "fill.lock", on_wait=lambda: progress.say(waiting)):
            known = Verified(cache_dir / "verified.json")
            missing = _missing(artifacts, root, known, progress.say)
            return _fetch_all(missing, root, known, progress) if missing else 0
    except OSError as problem:
        raise _disk_fault(cache_dir, problem) from problem


class Verified:
    """What was verified before: path, size and change time in ns. A file changed since is verified again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            read = json.loads(path.read_text())
        except (FileNotFoundError, ValueError):
            read = None
        self._entries: dict[str, list[int]] = read if isinstance(read, dict) else {}

    def holds(self, artifact: Artifact, file: Path) -> bool:
        """Say whether the file is exactly the one that was verified."""
        try:
            stat = file.stat()
        except FileNotFoundError:
            return False
        return self._entries.get(f"{artifact.path} {artifact.sha256}") == [stat.st_size, stat.st_mtime_ns]

    def add(self, artifact: Artifact, file: Path) -> None:
        """Remember a file whose sha256 held."""
        stat = file.stat()
        with self._lock:
            self._entries[f"{artifact.path} {artifact.sha256}"] = [stat.st_size, stat.st_mtime_ns]
            draft = self._path.with_suffix(".new")
            draft.write_text(json.dumps(self._entries))
            draft.replace(self._path)


def _missing(artifacts: Iterable[Artifact], root: Path, known: Verified, say: Callable[[str], None]) -> list[Artifact]:
    """Give the files to fetch; a file with other content than the lock's is taken away, and that is said."""
    missing = []
    for artifact in artifacts:
        file = root / artifact.path
        if known.holds(artifact, file):
            continue
        if file.exists():
            if sha256(file) == artifact.sha256:
                known.add(artifact, file)
                continue
            say(f"{file} is damaged (its sha256 is not the lock's): fetching it again")
            file.unlink()
        missing.append(artifact)
    return missing


def _fetch_all(missing: Sequence[Artifact], root: Path, known: Verified, progress: Progress) -> int:
    total = sum(item.size for item in missing)
    free = shutil.disk_usage(root).free
    if free < total + SPARE_BYTES:
        raise EnvironmentFault(
            "Not enough disk space for the servers' parts.",
            wanted=f"{(total + SPARE_BYTES) / 1e6:.0f} MB free in {root}",
            seen=f"{free / 1e6:.0f} MB free",
            remedy="free some space, or set HARNESS_CACHE to a folder on a larger disk",
        )
    from harness.cluster.toolchain.download import download  # loads requests and jgo: most runs fetch nothing

    stop = threading.Event()
    progress.start(len(missing), total)
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="fetch")
    try:
        largest_first = sorted(missing, key=lambda item: -item.size)
        jobs = [pool.submit(download, item, root / item.path, stop, progress.advance) for item in largest_first]
        by_job = dict(zip(jobs, largest_first, strict=True))
        for job in as_completed(jobs):
            job.result()
            known.add(by_job[job], root / by_job[job].path)
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
        progress.stop()
    return total


def sha256(file: Path) -> str:
    """Give a file's sha256 in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _disk_fault(cache_dir: Path, problem: OSError) -> EnvironmentFault:
    full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
    return EnvironmentFault(
        "The disk of the cache is full." if full else "The cache folder cannot be used.",
        wanted=f"a folder to write to at {cache_dir}",
        seen=str(problem),
        remedy="free some space, or set HARNESS_CACHE to another folder",
    )
