"""The cluster on which submissions are rerun, one after another: started when it is first needed, clean for each."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

from harness.cluster.local import LocalCluster
from harness.errors import EnvironmentFault, HarnessError
from harness.grade.model import Submission
from harness.grade.rerun import asks, sandbox
from harness.grade.rerun.limits import Limits
from harness.grade.rerun.local import rerun
from harness.grade.rerun.model import Rerun
from harness.grade.rerun.packages import Packages

SERVERS: Final = ("zookeeper", "kafka", "namenode", "datanode", "metastore", "presto")
ASK_TIME: Final = 180.0

Say = Callable[[str], None]


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
        self.variant = " ".join([self.backend, *sorted(packages.names)])
        self._cluster: LocalCluster | None = None
        self._new: Mapping[str, Any] = {}
        self._used = False

    def rerun(self, folder: Path | None, submission: Submission, limits: Limits, say: Say) -> Rerun:
        """Rerun a submission on a clean cluster."""
        began = time.monotonic()
        cluster = self._clean()
        self._used = True
        found = rerun(folder, submission, cluster, limits, self._ask, say, self._packages)
        return Rerun(
            found.backend,
            found.commands,
            found.helps,
            found.breaches,
            found.state,
            found.fault,
            time.monotonic() - began,
            found.own_seconds,
            found.versions,
        )

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
                state = dict(self._ask("clean"))
                said = state.pop("said")
                if state == self._new and not self._cluster.faults():
                    return self._cluster
                self._say(f"the cluster is not clean after the last submission: {'; '.join(said) or 'it differs'}")
            except HarnessError as problem:
                self._say(f"the cluster cannot be cleaned: {problem}")
            self.close()
        if self._cluster is None:
            self._cluster = self._start()
            self._cluster.up(SERVERS, lambda _: None)
            self._new = self._ask("snapshot")
            self._used = False
        return self._cluster

    def _ask(self, *question: str) -> Mapping[str, Any]:
        """Ask the servers from inside their network."""
        assert self._cluster is not None
        command = shlex.join(["python", str(Path(asks.__file__)), *question])
        done = self._cluster.exec("mids", command, timeout=ASK_TIME)
        if done.exit_code:
            last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
            raise EnvironmentFault("The cluster does not answer.", wanted=" ".join(question), seen=last)
        answer: Mapping[str, Any] = json.loads(done.stdout)
        return answer
