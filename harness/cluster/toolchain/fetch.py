"""Filling the cache: parallel, verified by sha256, resumable, with progress, and nothing at all when it is full.

Files land under `<cache>/maven` in the layout of a Maven repository. A download goes to `NAME.part` beside its
place and continues there after an interruption; it takes its name only after its sha256 held. What was verified
is remembered by size and change time, so that a warm start reads no file twice.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from typing import Protocol

import requests
from jgo.constants import MAVEN_CENTRAL_URL

from harness.cluster.toolchain.lock import Artifact, components
from harness.errors import EnvironmentFault
from harness.locks import exclusive

THREADS = 6
ATTEMPTS = 3
READ_TIMEOUT = 30.0
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


def repository_url() -> str:
    """Give the Maven repository: `HARNESS_MAVEN_REPOSITORY` (a mirror), else jgo's default."""
    return os.environ.get("HARNESS_MAVEN_REPOSITORY", MAVEN_CENTRAL_URL).rstrip("/")


@cache
def session() -> requests.Session:
    """Give a session whose pool fits the threads."""
    made = requests.Session()
    adapter = requests.adapters.HTTPAdapter(pool_maxsize=THREADS)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


def maven_dir(cache_dir: Path) -> Path:
    """Give the folder of the downloaded files."""
    return cache_dir / "maven"


def all_artifacts() -> list[Artifact]:
    """Give every file of the lock, each once."""
    return list({item.path: item for part in components().values() for item in part.artifacts}.values())


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
    stop = threading.Event()
    progress.start(len(missing), total)
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="fetch")
    try:
        largest_first = sorted(missing, key=lambda item: -item.size)
        jobs = [pool.submit(_fetch, item, root / item.path, stop, progress) for item in largest_first]
        by_job = dict(zip(jobs, largest_first, strict=True))
        for job in as_completed(jobs):
            job.result()
            known.add(by_job[job], root / by_job[job].path)
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
        progress.stop()
    return total


class _Stopped(Exception):
    """Another file failed, or the user interrupted."""


def _fetch(artifact: Artifact, file: Path, stop: threading.Event, progress: Progress) -> None:
    """Download one file beside its place, verify it, and give it its name."""
    part = file.with_name(file.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    seen = ""
    counted = 0

    def reached(nbytes: int) -> None:
        nonlocal counted
        progress.advance(nbytes - counted)
        counted = nbytes

    for _ in range(ATTEMPTS):
        if stop.is_set():
            raise _Stopped
        try:
            _continue_download(artifact, part, stop, reached)
        except requests.RequestException as problem:
            seen = _short(problem)
            continue
        actual = sha256(part)
        if actual == artifact.sha256:
            part.replace(file)
            return
        seen = f"{part.stat().st_size} bytes with sha256 {actual}"
        part.unlink()
        reached(0)
    raise EnvironmentFault(
        f"{artifact.coordinate} could not be fetched.",
        wanted=f"{artifact.size} bytes with sha256 {artifact.sha256}",
        seen=f"{seen} ({ATTEMPTS} attempts)",
        remedy="check the network and run the same command again: it continues where it stopped "
        "(HARNESS_MAVEN_REPOSITORY names a mirror)",
    )


def _continue_download(artifact: Artifact, part: Path, stop: threading.Event, reached: Callable[[int], None]) -> None:
    """Fetch the bytes that `part` still lacks. `reached` is told how many it has."""
    have = part.stat().st_size if part.exists() else 0
    if have > artifact.size:
        part.unlink()
        have = 0
    if have == artifact.size:
        reached(have)
        return
    headers = {"Range": f"bytes={have}-"} if have else {}
    url = f"{repository_url()}/{artifact.path}"
    with session().get(url, headers=headers, stream=True, timeout=READ_TIMEOUT) as answer:
        answer.raise_for_status()
        resumed = answer.status_code == requests.codes.partial_content
        have = have if resumed else 0
        reached(have)
        with part.open("ab" if resumed else "wb") as out:
            for block in answer.iter_content(1 << 18):
                if stop.is_set():
                    raise _Stopped
                out.write(block)
                have += len(block)
                reached(have)


def sha256(file: Path) -> str:
    """Give a file's sha256 in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _short(problem: Exception) -> str:
    """Give the innermost reason of a network error, which requests wraps several times."""
    reason: BaseException = problem
    while (inner := reason.__cause__ or reason.__context__) is not None:
        reason = inner
    return f"{type(reason).__name__}: {reason}"[:300]


def _disk_fault(cache_dir: Path, problem: OSError) -> EnvironmentFault:
    full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
    return EnvironmentFault(
        "The disk of the cache is full." if full else "The cache folder cannot be used.",
        wanted=f"a folder to write to at {cache_dir}",
        seen=str(problem),
        remedy="free some space, or set HARNESS_CACHE to another folder",
    )
