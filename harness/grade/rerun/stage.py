"""The cluster on which submissions are rerun, one after another: started when it is first needed, clean for each."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final, Protocol, cast

from harness.cluster.compose import engine, images
from harness.cluster.compose.cluster import ComposeCluster
from harness.cluster.compose.entered import Entrance, NotRunning
from harness.cluster.compose.strangers import ASKER
from harness.cluster.local import LocalCluster
from harness.cluster.protocol import Cluster
from harness.cluster.stack import REDIS, SERVERS, Stack
from harness.errors import EnvironmentFault, HarnessError, UsageError
from harness.grade.model import Submission
from harness.grade.rerun import asks, cleaning, compose_file, host, sandbox
from harness.grade.rerun.asker import Asker
from harness.grade.rerun.compose import bring_up, refused
from harness.grade.rerun.compose import rerun as rerun_composed
from harness.grade.rerun.compose_desk import Folders
from harness.grade.rerun.host import Work
from harness.grade.rerun.limits import Limits
from harness.grade.rerun.local import rerun
from harness.grade.rerun.model import Rerun
from harness.grade.rerun.packages import Packages, ensure
from harness.grade.rerun.places import COMPOSE_FILES
from harness.grade.rerun.runner import Say
from harness.settings import cache_dir

_REDIS: Final = re.compile(
    r"^ {1,8}([\w-]+):[ \t]*\n"  # the service
    r"(?:(?! {1,8}[\w-]+:[ \t]*\n {1,12}\w+:).*\n){0,40}?"  # what is said of it first
    r" +image: *[\"']?(?:[\w.]+/)*redis(?![\w-])",
    re.MULTILINE,
)


class Stage(Protocol):
    """Where submissions are rerun."""

    backend: str
    variant: str
    """What of it changes a rerun: the backend, and the packages that are there."""

    def rerun(self, folder: Path | None, submission: Submission, limits: Limits, say: Say) -> Rerun:
        """Rerun a submission on a clean cluster. Raises EnvironmentFault when that cannot be had."""

    def restart(self) -> None:
        """Have a new cluster for the next rerun."""

    def close(self) -> None:
        """End the cluster."""


class LocalStage:
    """A private cluster of the local backend. It is cleaned for the next rerun while the results of one are written."""

    backend = "local"

    def __init__(self, start: Callable[[Stack], LocalCluster], say: Say, packages: Packages = Packages()) -> None:  # noqa: B008
        """Take what starts a cluster for guests, of a stack. Raises EnvironmentFault where no sandbox can be had."""
        if why := sandbox.why_not():
            raise sandbox.refuse(why)
        self._start = start
        self._say = say
        self._packages = packages
        self.variant = _variant(self.backend, packages)
        self._cluster: LocalCluster | None = None
        self._ask: Asker | None = None
        self._workers = ThreadPoolExecutor(1, thread_name_prefix="cleaning")
        self._cleaning: Future[str] | None = None
        self._new: Mapping[str, Any] = {}
        self._used = False
        self._redis = False

    def rerun(self, folder: Path | None, submission: Submission, limits: Limits, say: Say) -> Rerun:
        """Rerun a submission on a clean cluster."""
        began = time.monotonic()
        redis = redis_names(submission)
        if redis and not self._redis:
            self._redis = True  # from now on the cluster can have one
            self._end()
        cluster, ask = self._clean()
        self._used = True
        if redis:
            cluster.up([REDIS.name])
        try:
            found = rerun(folder, submission, cluster, limits, ask, say, self._packages, redis)
        finally:
            if redis:
                cluster.keeper.ask(op="stop_service", service=REDIS.name)  # and what it holds is gone
        if not found.fault:
            self._cleaning = self._workers.submit(_renew, cluster, ask, self._new)
        return replace(found, seconds=time.monotonic() - began)

    def restart(self) -> None:
        """End the cluster; the next rerun starts a new one."""
        self._end()

    def close(self) -> None:
        """End the cluster."""
        self._end()
        self._workers.shutdown()

    def _end(self) -> None:
        if self._ask:
            self._ask.close()
        if self._cleaning:
            wait([self._cleaning])
        cluster, self._cluster, self._ask, self._cleaning = self._cluster, None, None, None
        if cluster:
            with suppress(EnvironmentFault):
                cluster.down(quick=True)

    def _clean(self) -> tuple[LocalCluster, Asker]:
        """Give a cluster that is as new: the one that is up, cleaned, or where that cannot be proved another."""
        if self._cluster and self._used:
            why = self._cleaning.result() if self._cleaning else "it was not cleaned"
            if why:
                self._say(f"the cluster is not used again: {why}")
                self._end()
            else:
                for log in self._cluster.log_folder.glob("*.log"):
                    os.truncate(log, 0)  # servers append to them
        self._cleaning = None
        if self._cluster is None or self._ask is None:
            self._cluster = self._start(Stack(added=(REDIS,) if self._redis else ()))
            self._cluster.up(SERVERS, lambda _: None)
            self._ask = Asker(partial(_beside, self._cluster), self._cluster.folder / "asker.err")
            self._new = self._ask("snapshot")
            self._used = False
        return self._cluster, self._ask


class ComposeStage:
    """The containers of each submission's own compose file, new for each: strangers run beside the servers."""

    backend = "compose"

    def __init__(
        self,
        start: Callable[[Path], ComposeCluster],
        say: Say,
        packages: Packages = Packages(),  # noqa: B008
    ) -> None:
        """Take what starts a cluster of a compose file, for guests. Raises EnvironmentFault where none can be had."""
        if why := sandbox.why_not():
            raise sandbox.refuse(why)
        engine.check()
        self._start = start
        self._say = say
        self._packages = packages
        self.variant = _variant(self.backend, packages)

    def rerun(self, folder: Path | None, submission: Submission, limits: Limits, say: Say) -> Rerun:
        """Rerun a submission in containers of its own."""
        began = time.monotonic()
        work = Work.of(folder, submission)
        with host.stage() as stage:
            copied, reading, folders = stage / "rerun" / "submission", stage / "reading", Folders(stage)
            host.copy(work, copied)
            reading.mkdir()
            folders.make()
            try:
                config = compose_file.read(work, copied, limits, reading)
                cluster, admitted = bring_up(
                    config,
                    folders.contained(limits, self._packages),
                    stage / "compose.json",
                    self._start,
                    SERVERS,
                    self._say,
                )
            except UsageError as problem:
                return refused(self.backend, work, problem)
            ask = Asker(partial(_in_container, cluster.entrance()), stage / "asker.err")
            try:
                found = rerun_composed(work, admitted, cluster, folders, copied, limits, ask, say)
            finally:
                ask.close()
                with suppress(EnvironmentFault):
                    cluster.down(quick=True)
        return replace(found, seconds=time.monotonic() - began)

    def restart(self) -> None:
        """Do nothing: every rerun has new containers."""

    def close(self) -> None:
        """Do nothing: every rerun ends its containers."""


def redis_names(submission: Submission) -> list[str]:
    """Give the services of a submission's compose file that are a Redis."""
    found = {
        match[1]
        for name, text in submission.files.items()
        if PurePosixPath(name).name in COMPOSE_FILES
        for match in _REDIS.finditer(text)
    }
    return sorted(found)


def _variant(backend: str, packages: Packages) -> str:
    return f"{backend} {packages.folder.name}" if packages.folder else backend


def stage_of(backend: str, start: Callable[..., Cluster], say: Say, wanted: Sequence[str] = ()) -> Stage:
    """Give the stage of a backend. `start` begins a cluster without servers: of a stack, or for containers of a file.

    `wanted` are packages that submissions may have. Raises UsageError for what names none, EnvironmentFault where they
    or a sandbox cannot be had.
    """
    if backend == "compose":
        packages = ensure(wanted, cache_dir(), say, images.pip_target() if wanted else ())
        return ComposeStage(cast("Callable[[Path], ComposeCluster]", start), say, packages)
    return LocalStage(cast("Callable[[Stack], LocalCluster]", start), say, ensure(wanted, cache_dir(), say))


def _renew(cluster: LocalCluster, ask: Asker, new: Mapping[str, Any]) -> str:
    """Make a cluster as it was when it was new. Gives why it is not; nothing where it is."""
    try:
        state = dict(ask("renew"))
        said = state.pop("said")
        if state != new:
            return "; ".join(said) or f"{', '.join(name for name in state if state[name] != new[name])} differ"
        return "; ".join(map(str, cluster.faults()))
    except HarnessError as problem:
        return str(problem)


def _beside(cluster: LocalCluster, streams: tuple[int, int, int]) -> Callable[[], object]:
    """Start what answers questions, and cleans up, inside the servers' network."""
    stdin, stdout, stderr = streams
    words = ["python", "-m", cleaning.__name__]
    started = cluster.keeper.run("mids", words, stdout, stderr, stdin=stdin, background=True)
    return partial(cluster.keeper.ask, op="stop", id=started["id"], signal=int(signal.SIGTERM), group=True, grace=2.0)


def _in_container(way: Entrance, streams: tuple[int, int, int]) -> Callable[[], object]:
    """Start what answers questions in the harness' own container."""
    words = ["python3", "-s", "-P", "-c", Path(asks.__file__).read_text(encoding="utf-8")]
    try:
        return way.start(ASKER, words, {"PYTHONPATH": str(images.PYTHON_PACKAGES)}, "/", streams).end
    except NotRunning as problem:
        raise EnvironmentFault("The harness' own container has ended.", wanted=ASKER) from problem
