"""The folder that a run writes its report to, held by one run at a time."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from harness import record as records
from harness.errors import EnvironmentFault
from harness.locks import take
from harness.model import Outcome
from harness.notebook import EXECUTED
from harness.render.renderers import RECORD, all_renderers

_LOCK = ".lock"


class ReportFolder:
    """A report's folder, held until `release`. When another run holds it, one beside it is taken, and that is said.

    The last run's files are taken away, so that nothing of it can be taken for this one's. Raises EnvironmentFault when
    the folder cannot be written.
    """

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self.path = path
        try:
            self._lock = self._hold(say)
            for old in (*(self.path / name for name in (RECORD, *all_renderers())), *self.path.glob(f"*{EXECUTED}")):
                old.unlink(missing_ok=True)
        except OSError as problem:
            raise EnvironmentFault(
                "The report's folder cannot be written.",
                wanted=f"a folder to write to at {self.path}",
                seen=str(problem),
                remedy="choose another with --out",
            ) from problem

    def _hold(self, say: Callable[[str], None]) -> int:
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            return take(self.path / _LOCK)
        except BlockingIOError:
            beside = self.path.with_name(f"{self.path.name}-{secrets.token_hex(3)}")
            say(f"another run writes to {self.path}: this report goes to {beside}")
            self.path = beside
            return self._hold(say)

    def new_logs(self, *, in_use: bool) -> Path:
        """Give a folder for the servers' logs; the last one goes, unless a kept cluster still writes to it."""
        logs = self.path / "logs"
        if in_use and logs.exists():
            return self.path / f"logs-{secrets.token_hex(3)}"
        shutil.rmtree(logs, ignore_errors=True)
        return logs

    def release(self) -> None:
        """Let other runs have it."""
        (self.path / _LOCK).unlink(missing_ok=True)
        os.close(self._lock)


def expected_seconds(out: Path) -> dict[str, float]:
    """Give what services and steps took in the last run whose record is in a folder; nothing when there is none."""
    try:
        last = records.load(out / RECORD)
    except (records.RecordError, OSError):
        return {}
    services = {f"service {item.name}": item.ready_seconds for item in last.services}
    return services | {f"step {item.id}": item.seconds for item in last.steps if item.outcome is Outcome.PASSED}
