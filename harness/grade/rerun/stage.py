"""The cluster on which submissions are rerun, one after another: started when it is first needed, clean for each."""

from __future__ import annotations

import json
import os
import re
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final, Protocol, cast

from harness.cluster.compose import engine, images
from harness.cluster.compose.cluster import ComposeCluster
from harness.cluster.compose.strangers import ASKER
from harness.cluster.local import LocalCluster
from harness.cluster.protocol import Cluster
from harness.cluster.services import REDIS
from harness.cluster.toolchain import system
from harness.errors import EnvironmentFault, HarnessError, UsageError
from harness.grade.model import Submission
from harness.grade.rerun import asks, cleaning, compose_file, host, sandbox
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
from harness.model import Capture
from harness.settings import cache_dir

SERVERS: Final = ("zookeeper", "kafka", "namenode", "datanode", "metastore", "presto")
ASK_TIME: Final = 180.0
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
    """A private cluster of the local backend."""

    backend = "local"

    def __init__(self, start: Callable[[], LocalCluster], say: Say, packages: Packages = Packages()) -> None:  # noqa: B008
        if why := sandbox.why_not():
            raise sandbox.refuse(why)
        self._start = start
        self._say = say
        self._packages = packages
        self.variant = _variant(self.backend, packages)
        self._cluster: LocalCluster | None = None
        self._new: Mapping[str, Any] = {}
        self._used = False
        self._redis = False

    def rerun(self, folder: Path | None, submission: Submission, limits: Limits, say: Say) -> Rerun:
        """Rerun a submission on a clean cluster."""
        began = time.monotonic()
        redis = redis_names(submission)
        if redis and not self._redis:
            system.ensure_redis(cache_dir(), self._say)  # a keeper looks for programs once, when it starts
            self._redis = True
            self.close()
        cluster = self._clean()
        self._used = True
        if redis:
            cluster.up([REDIS])
        try:
            found = rerun(folder, submission, cluster, limits, self._ask, say, self._packages, redis)
        finally:
            if redis:
                cluster.keeper.ask(op="stop_service", service=REDIS)  # and what it holds is gone
        return replace(found, seconds=time.monotonic() - began)

    def restart(self) -> None:
        """End the cluster; the next rerun starts a new one."""
        self.close()

    def close(self) -> None:
        """End the cluster."""
        cluster, self._cluster = self._cluster, None
        if cluster:
            with suppress(EnvironmentFault):
                cluster.down(quick=True)

    def _clean(self) -> LocalCluster:
        """Give a cluster that is as new: the one that is up, cleaned, or where that cannot be proved another."""
        if self._cluster and self._used:
            try:
                state = dict(self._clean_up("clean"))
                said = state.pop("said")
                if state == self._new and not self._cluster.faults():
                    for log in self._cluster.log_folder.glob("*.log"):
                        os.truncate(log, 0)  # servers append to them
                    return self._cluster
                self._say(f"the cluster is not clean after the last submission: {'; '.join(said) or 'it differs'}")
            except HarnessError as problem:
                self._say(f"the cluster cannot be cleaned: {problem}")
            self.close()
        if self._cluster is None:
            self._cluster = self._start()
            self._cluster.up(SERVERS, lambda _: None)
            self._new = self._clean_up("snapshot")
            self._used = False
        return self._cluster

    def _ask(self, *question: str) -> Mapping[str, Any]:
        """Ask the servers from inside their network."""
        return self._inside(["python", str(Path(asks.__file__)), *question])

    def _clean_up(self, what: str) -> Mapping[str, Any]:
        return self._inside(["python", "-m", cleaning.__name__, what])

    def _inside(self, command: Sequence[str]) -> Mapping[str, Any]:
        assert self._cluster is not None
        return _answer(command[-1:], self._cluster.exec("mids", shlex.join(command), timeout=ASK_TIME))


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
            try:
                ask = partial(_ask_in_container, cluster)
                found = rerun_composed(work, admitted, cluster, folders, copied, limits, ask, say)
            finally:
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
    """Give the stage of a backend. `start` begins a cluster without servers, of a compose file for containers.

    `wanted` are packages that submissions may have. Raises UsageError for what names none, EnvironmentFault where they
    or a sandbox cannot be had.
    """
    if backend == "compose":
        packages = ensure(wanted, cache_dir(), say, images.pip_target() if wanted else ())
        return ComposeStage(cast("Callable[[Path], ComposeCluster]", start), say, packages)
    return LocalStage(cast("Callable[[], LocalCluster]", start), say, ensure(wanted, cache_dir(), say))


def _ask_in_container(cluster: ComposeCluster, *question: str) -> Mapping[str, Any]:
    """Ask the servers from the harness' own container."""
    words = ["env", f"PYTHONPATH={images.PYTHON_PACKAGES}", "python3", "-s", "-P", "-c"]
    source = Path(asks.__file__).read_text(encoding="utf-8")
    return _answer(question, cluster.exec(ASKER, shlex.join([*words, source, *question]), timeout=ASK_TIME))


def _answer(question: Sequence[str], done: Capture) -> Mapping[str, Any]:
    if done.exit_code:
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise EnvironmentFault("The cluster does not answer.", wanted=" ".join(question), seen=last)
    answer: Mapping[str, Any] = json.loads(done.stdout)
    return answer
