"""One file from a Maven repository: continued where it stopped, verified, and only then given its name.

Apart from `fetch`, since requests and jgo take a moment to load and most runs download nothing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

import requests
from jgo.constants import MAVEN_CENTRAL_URL

from harness.cluster.toolchain.fetch import THREADS, sha256
from harness.cluster.toolchain.lock import Artifact
from harness.errors import EnvironmentFault

ATTEMPTS = 3
READ_TIMEOUT = 30.0


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


class Stopped(Exception):
    """Another file failed, or the user interrupted."""


def download(artifact: Artifact, file: Path, stop: threading.Event, advance: Callable[[int], None]) -> None:
    """Download one file beside its place, verify it, and give it its name.

    `advance` counts bytes as they come; negative when the file begins again. Raises EnvironmentFault when it cannot be
    had, and Stopped once `stop` is set.
    """
    part = file.with_name(file.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    seen = ""
    counted = 0

    def reached(nbytes: int) -> None:
        nonlocal counted
        advance(nbytes - counted)
        counted = nbytes

    for _ in range(ATTEMPTS):
        if stop.is_set():
            raise Stopped
        try:
            _go_on(artifact, part, stop, reached)
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


def _go_on(artifact: Artifact, part: Path, stop: threading.Event, reached: Callable[[int], None]) -> None:
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
                    raise Stopped
                out.write(block)
                have += len(block)
                reached(have)


def _short(problem: Exception) -> str:
    """Give the innermost reason of a network error, which requests wraps several times."""
    reason: BaseException = problem
    while (inner := reason.__cause__ or reason.__context__) is not None:
        reason = inner
    return f"{type(reason).__name__}: {reason}"[:300]
