"""One run: it starts the cluster when a step first needs it, runs steps once, and keeps the record.

The record is written after every step, and the report beside the next one, so that a run that dies still has them.
"""

from __future__ import annotations

import shutil
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from harness import record as records
from harness import versions
from harness.cluster import backends, runs
from harness.cluster.captures import utc_now
from harness.cluster.protocol import Background, Cluster, ServerState
from harness.cluster.toolchain import fetch
from harness.errors import PRECEDENCE, EnvironmentFault, ExitCode, HarnessError
from harness.invariants import evaluate
from harness.model import Outcome, Record, ServiceRecord, StepRecord
from harness.originals import read_step
from harness.progress import Progress
from harness.render.renderers import render_all, save_record, write_all
from harness.report_folder import ReportFolder
from harness.run import Run
from harness.settings import Settings
from harness.steps import Step, StepFailed, StepNotPassed, dependencies

KNOWN = "known.json"
"""In a cluster's run folder: the record of the steps that it has seen."""

SCARCE = 2**20 * 100
"""Bytes: with less space than this a NameNode goes into safe mode (`dfs.namenode.resource.du.reserved`)."""


class Session:
    """The state of one run over its steps."""

    def __init__(
        self,
        settings: Settings,
        steps: Mapping[str, Step],
        selected: Sequence[str],
        progress: Progress,
        download: fetch.Progress,
    ) -> None:
        self.progress = progress
        self._folder = ReportFolder(settings.out, progress.say)
        self.settings = replace(settings, out=self._folder.path)
        self.interrupted: ExitCode | None = None
        self._steps = steps
        self._selected = set(selected)
        self._download = download
        self._started = utc_now()
        self._clock = time.monotonic()
        self._records: dict[str, StepRecord] = {}
        self._services: dict[str, ServiceRecord] = {}
        self._backgrounds: dict[str, Background] = {}
        self._cluster: Cluster | None = None
        self._joined = False
        self._own_fault = False
        self._fault: EnvironmentFault | None = None
        self._unwritten: EnvironmentFault | None = None
        self._rendering = Thread()
        self._mode = settings.mode or ""
        self._peak_memory = 0
        self._versions: dict[str, str] = {}
        self._names: Mapping[str, str] = {}
        self._earlier: dict[str, StepRecord] = {}
        self._seen: set[str] = set()

    # Steps

    def run_step(self, step: Step, prerequisite: Callable[[str], StepRecord]) -> StepRecord:
        """Run a step once, after what it needs. Raises StepNotPassed when it does not pass."""
        self._join_kept()
        if step.id not in self._selected and step.id in self._earlier:
            for need in step.needs:
                prerequisite(need)  # so that the record has it too
            reused = replace(self._earlier[step.id], reused=True)
            self._records[step.id] = reused
            self.progress.end("step", step.id, "reused", reused.seconds, "as this cluster has it")
            return reused
        needed, blocked_by = [], None
        for need in step.needs:
            try:
                needed.append(prerequisite(need))
            except StepNotPassed as problem:
                blocked_by = blocked_by or problem.root
        if blocked_by:
            made = StepRecord(step.id, step.title, step.explanation, Outcome.BLOCKED, blocked_by, 0.0, ())
            return self._finish(made)
        return self._finish(self._execute(step, needed))

    def _execute(self, step: Step, needed: Sequence[StepRecord]) -> StepRecord:
        self.progress.begin("step", step.id)
        clock = time.monotonic()
        run = Run(
            step,
            self.cluster,
            self._backgrounds,
            again=step.id in self._seen,
            command_timeout=self.settings.command_timeout,
            step_timeout=self.settings.step_timeout,
            tell=self._tell,
            take_down=self.down,
            out=self.settings.out.absolute(),
            servers=self.settings.stack.servers,
        )
        outcome, message = Outcome.PASSED, None
        try:
            for background in self._backgrounds.values():
                background.look(since_last=True)  # what it printed before this step is not this step's
            step.function(run, *needed)
            if failures := run.failures():
                raise StepFailed("\n".join(failures))
        except KeyboardInterrupt:
            made = self._step_record(step, run, clock, Outcome.FAILED, "interrupted")
            self._store(made)
            raise
        except (pytest.fail.Exception, pytest.skip.Exception, SystemExit) as problem:
            outcome, message = Outcome.FAILED, f"{type(problem).__name__}: {problem}"
        except (StepFailed, AssertionError) as problem:
            outcome, message = Outcome.FAILED, str(problem) or _own_traceback(problem)
        except EnvironmentFault as problem:
            outcome, message = Outcome.INFRASTRUCTURE, str(problem)
        except Exception as problem:
            self._own_fault = self._own_fault or getattr(problem, "exit_code", None) is ExitCode.OWN_FAULT
            outcome, message = Outcome.FAILED, _own_traceback(problem)
        if outcome is Outcome.FAILED and (faults := self._faults()):
            outcome, message = Outcome.INFRASTRUCTURE, "\n".join([*faults, f"the step: {message}"])
        return self._step_record(step, run, clock, outcome, message)

    def _step_record(self, step: Step, run: Run, clock: float, outcome: Outcome, message: str | None) -> StepRecord:
        seconds = round(time.monotonic() - clock, 3)
        commands, checks = tuple(run.commands), tuple(run.checks)
        return StepRecord(step.id, step.title, step.explanation, outcome, None, seconds, commands, checks, message)

    def _store(self, made: StepRecord) -> None:
        self._records[made.id] = made
        self._seen.add(made.id)
        with suppress(EnvironmentFault, OSError):
            self._remember()
        self._write_soon()

    def _finish(self, made: StepRecord) -> StepRecord:
        self._store(made)
        words = f"by {made.blocked_by}" if made.blocked_by else ""
        self.progress.end("step", made.id, made.outcome.value, made.seconds, words)
        if made.outcome is Outcome.PASSED:
            return made
        if made.message:
            self.progress.say("\n".join(f"    {line}" for line in made.message.splitlines()))
        raise StepNotPassed(made)

    def _faults(self) -> list[str]:
        if not self._cluster:
            return []
        try:
            return [str(fault) for fault in (*_full_disk(self._cluster.folder), *self._cluster.faults())]
        except HarnessError as problem:  # the question failed: that must not hide the step's own end
            self.progress.say(str(problem))
            return []

    # The cluster

    def cluster(self) -> Cluster:
        """Give the cluster: the kept one that this project has, else a new one without servers.

        A cluster that could not be had is asked for once: the same error is raised again.
        """
        if self._fault:
            raise self._fault
        if self._cluster is None:
            try:
                self._cluster = backends.start(self.settings, self._new_logs, self._download, self._tell)
            except EnvironmentFault as problem:
                self._fault = problem
                raise
            self._mode, self._names = self._cluster.mode, self._cluster.originals
            for note in self._cluster.notes:
                self.progress.say(note)
        return self._cluster

    def _new_logs(self) -> Path:
        return self._folder.new_logs(in_use=bool(runs.living(self.settings.project)))

    def down(self) -> Sequence[ServerState]:
        """Take the cluster down, once. Gives the last states of its servers."""
        if self._cluster is None:
            return []
        cluster, self._cluster = self._cluster, None
        self._backgrounds.clear()
        with suppress(EnvironmentFault):
            self._peak_memory = max(self._peak_memory, cluster.peak_memory())
        states = cluster.down(quick=self.interrupted is not None)
        for state in states:
            self._services[state.name] = state.record()
        return states

    def close(self) -> None:
        """End the run: keep the cluster when that was asked for, else take it down. Writes the record a last time."""
        try:
            if self._cluster and (self._joined or (self.settings.keep and not self.interrupted)):
                self._measure()
                self._cluster.keep()
                self._cluster = None
            else:
                self.down()
        except EnvironmentFault as problem:
            self._fault = self._fault or problem
            self.progress.say(str(problem))
        finally:
            if self._records:
                self.write()
            self._folder.release()
            self.progress.close()

    def _join_kept(self) -> None:
        """Join the cluster that an earlier run kept, unless this run has its own or takes its own down."""
        if self._cluster or self._fault or "teardown" in self._selected:
            return
        for folder in reversed(runs.living(self.settings.project)):
            if runs.backend_of(folder) != self.settings.backend:
                continue
            with suppress(EnvironmentFault):
                self._cluster = backends.join(folder, self.settings)
                self._joined, self._mode, self._names = True, self._cluster.mode, self._cluster.originals
                self._restore(self._cluster)
                self.progress.say(f"joined the cluster {folder.name} that is up")
                return

    def _restore(self, cluster: Cluster) -> None:
        """Take over what earlier runs did in this cluster, but for what is done again now and what needs that."""
        file = cluster.folder / KNOWN
        if not file.exists():
            return
        earlier = records.load(file).steps
        stale = {s for s in self._steps if s in self._selected or dependencies(self._steps, s) & self._selected}
        self._seen = {item.id for item in earlier}
        self._earlier = {s.id: s for s in earlier if s.outcome is Outcome.PASSED and s.id not in stale}
        self._backgrounds |= cluster.restore_backgrounds()

    def _remember(self) -> None:
        """Store in the cluster what a later run that joins it must know."""
        if self._cluster:
            known = {**self._earlier, **self._records}
            records.save(replace(self.record(), steps=tuple(known.values())), self._cluster.folder / KNOWN)
            self._cluster.save_backgrounds(self._backgrounds)

    def _measure(self) -> None:
        if self._cluster:
            with suppress(EnvironmentFault):
                self._services |= {state.name: state.record() for state in self._cluster.status()}
                self._peak_memory = max(self._peak_memory, self._cluster.peak_memory())
                self._versions |= self._cluster.versions()

    def _tell(self, event: Mapping[str, object]) -> None:
        kind, name = event["event"], str(event.get("service", ""))
        if kind == "starting":
            self.progress.begin("service", name)
        elif kind == "ready":
            self.progress.end("service", name, "ready", float(str(event["seconds"])))
        elif kind == "note":
            self.progress.say(str(event["text"]))

    # The record

    def record(self) -> Record:
        """Give the record as far as the run came."""
        order = [step_id for step_id in self._steps if step_id in self._records]
        steps = tuple(self._records[step_id] for step_id in order)
        return Record(
            assignment=self.settings.title,
            backend=self.settings.backend,
            mode=self._mode,
            versions={**versions.all_versions(self.settings.stack.lock), **self._versions},
            started=self._started,
            seconds=round(time.monotonic() - self._clock, 3),
            services=tuple(self._services.values()),
            steps=steps,
            invariants=evaluate(tuple(read_step(step, self._names) for step in steps)),
            peak_memory_bytes=self._peak_memory,
            names=self._names,
        )

    def write(self) -> None:
        """Write the record and the report."""
        if self._rendering.is_alive():
            self._rendering.join()
        self._measure()
        self._put(write_all, self.record())

    def _write_soon(self) -> None:
        """Write the record, and let the report follow: it need not be there before the next step begins."""
        self._measure()
        record = self.record()
        if self._put(save_record, record) and not self._rendering.is_alive():
            self._rendering = Thread(target=self._put, args=(render_all, record))
            self._rendering.start()

    def _put(self, write: Callable[[Record, Path], object], record: Record) -> bool:
        """Write into the report's folder. Says whether that went well; what did not is told once."""
        try:
            write(record, self.settings.out)
            return True
        except OSError as problem:
            unwritten = EnvironmentFault(
                "The report cannot be written.",
                wanted=f"record.json and README.md in {self.settings.out}",
                seen=str(problem),
                remedy="free some space, or choose another folder with --out",
            )
            if not self._unwritten:
                self.progress.say(str(unwritten))
            self._unwritten = unwritten
            return False

    def exit_code(self) -> ExitCode:
        """Give the exit code of the run: the first in precedence of those that apply."""
        record = self.record()
        outcomes = {item.outcome for item in record.steps}
        codes = {ExitCode.OK}
        if self.interrupted:
            codes.add(self.interrupted)
        if self._own_fault:
            codes.add(ExitCode.OWN_FAULT)
        if self._fault or self._unwritten or Outcome.INFRASTRUCTURE in outcomes:
            codes.add(ExitCode.ENVIRONMENT)
        if {Outcome.FAILED, Outcome.BLOCKED} & outcomes or not all(item.holds for item in record.invariants):
            codes.add(ExitCode.DISAGREES)
        if not record.steps:
            codes.add(ExitCode.NOTHING_CHECKED)
        return next(code for code in PRECEDENCE if code in codes)


def _own_traceback(problem: Exception) -> str:
    """Give an exception of a step's own code, with the line where it came from."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    where = frames[-1] if frames else None
    place = f" ({Path(where.filename).name}:{where.lineno})" if where else ""
    return f"{type(problem).__name__}: {problem}{place}"


def _full_disk(folder: Path) -> list[EnvironmentFault]:
    """Say that the disk of a folder is full, when it is."""
    free = shutil.disk_usage(folder).free
    if free >= SCARCE:
        return []
    return [
        EnvironmentFault(
            "The disk is full.",
            wanted=f"{SCARCE / 2**20:.0f} MiB free for the cluster's data in {folder}",
            seen=f"{free / 2**20:.0f} MiB free",
            remedy="free some space, or set HARNESS_CACHE to a folder on a larger disk; then run it again",
        )
    ]
