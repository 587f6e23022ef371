"""What a step is given: commands in the cluster's services, each recorded, and statements of what must hold."""

from __future__ import annotations

import shlex
import signal as signals
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from harness import notebook as notebooks
from harness.cluster.captures import captured, utc_now
from harness.cluster.names import Names
from harness.cluster.protocol import Background, Cluster, ServerState, Tell
from harness.cluster.silence import Silence
from harness.errors import EnvironmentFault, ExitCode
from harness.model import Capture, Check, Fact
from harness.outputs import derive
from harness.steps import Step, StepFailed

POLL = 0.25


class Run:
    """The hand of one step on the cluster.

    `run("mids", "ab -n 10 http://localhost:5000/")` runs a command and gives its `Capture`, whose `facts` were
    derived from what it printed. `again` is true when this cluster has seen the step before: what it made then is
    cleared first, with `clear`. `out` is the report's folder.
    """

    def __init__(
        self,
        step: Step,
        cluster: Callable[[], Cluster],
        backgrounds: dict[str, Background],
        *,
        again: bool,
        command_timeout: float,
        step_timeout: float,
        tell: Tell = lambda _: None,
        take_down: Callable[[], Sequence[ServerState]] = list,
        out: Path = Path(),
        servers: Sequence[str] = (),
    ) -> None:
        self.again = again
        self.commands: list[Capture] = []
        self.checks: list[Check] = []
        self._step = step
        self._cluster = cluster
        self._backgrounds = backgrounds
        self._command_timeout = command_timeout
        self._step_timeout = step_timeout
        self._deadline = time.monotonic() + step_timeout
        self._tell = tell
        self._take_down = take_down
        self._out = out
        self._servers = servers

    @property
    def cluster(self) -> Cluster:
        """The cluster, started when it is first asked for."""
        return self._cluster()

    @property
    def names(self) -> Names:
        """The names of topics, folders and tables, with a prefix where the cluster is others' too."""
        return self.cluster.names

    def __call__(self, service: str, command: str, *, timeout: float | None = None, check: bool = True) -> Capture:
        """Run a shell command in a service and record it.

        Raises StepFailed when it ends with another exit code than 0, unless `check` is false.
        """
        limit = min(self._command_timeout if timeout is None else timeout, self._remaining())
        capture = self._record(self.cluster.exec(service, command, timeout=limit))
        if check and capture.exit_code != 0:
            raise StepFailed(f"exit code {capture.exit_code}: {capture.command}\n{_last_words(capture)}")
        return capture

    def clear(self, service: str, command: str) -> None:
        """Take away what an earlier run of this step left in this cluster; at the first run do nothing."""
        if self.again:
            self(service, command)

    def background(self, service: str, command: str, *, serves: str | None = None) -> Background:
        """Start a command that goes on. With `serves` it is that server: it is ready when this returns, later steps
        can `look` at it by that name, and it goes on until the cluster goes down."""
        started = self.cluster.exec_background(service, command, serves=serves)
        if serves:
            self._backgrounds[serves] = started
        return started

    def look(self, background: Background | str) -> Capture:
        """Record what a background command printed since the last look. Raises StepFailed when a name is unknown."""
        if isinstance(background, str):
            if background not in self._backgrounds:
                raise StepFailed(f"no background command serves {background}: its step has not run in this cluster")
            background = self._backgrounds[background]
        return self._record(background.look(since_last=True))

    def stop(self, background: Background, signal: int = signals.SIGTERM, *, group: bool = False) -> Capture:
        """End a background command and record what it printed since the last look."""
        background.stop(signal, group=group)
        return self._record(background.look(since_last=True))

    def wait(self, what: str, condition: Callable[[], bool], *, timeout: float = 90.0) -> None:
        """Wait until a condition holds. Raises StepFailed naming `what` when it does not in time.

        Where a server that it may need is silent, it is given up sooner.
        """
        limit = min(timeout, self._remaining())
        begun = time.monotonic()
        silence = Silence(lambda: [fault.headline for fault in self.cluster.faults(unseen=True)])
        while not condition():
            waited = time.monotonic() - begun
            if waited > limit or silence.too_long(waited):
                raise StepFailed(f"waited {waited:.0f} s for {what}, and it did not come")
            time.sleep(POLL)

    def expect(self, what: str, actual: Fact, expected: Fact) -> bool:
        """State that something must hold. The step fails at its end when one does not, with all that do not."""
        holds = _same(actual, expected)
        self.checks.append(Check(what, expected, actual, holds))
        return holds

    @property
    def servers(self) -> Sequence[str]:
        """The servers of this project's cluster: the assignment's without those that it leaves out, and its own."""
        return self._servers

    def up(self, services: Sequence[str] | None = None) -> Capture:
        """Start servers side by side and wait until each is useful, as `harness up` does, and record it.

        Without a list it is all of them, but for the API, which a step starts.

        Raises EnvironmentFault naming the server that is not.
        """
        lines: list[str] = []

        def tell(event: Mapping[str, object]) -> None:
            self._tell(event)
            if event["event"] == "ready":
                lines.append(f"{event['service']} is ready after {event['seconds']} s: {event['answer']}\n")

        clock = time.monotonic()
        services = self.servers if services is None else services
        here = {state.name for state in self.cluster.status() if state.state == "ready"}
        try:
            self.cluster.up([name for name in services if name not in here], tell)
        finally:
            self._record_asides(self.cluster)
        lines += [f"{name} was up\n" for name in services if name in here]
        return self._add("harness up", "".join(lines), clock)

    def ps(self) -> Capture:
        """Record the servers as `harness ps` shows them."""
        clock = time.monotonic()
        return self._add("harness ps", server_table(self.cluster.status()), clock)

    def down(self) -> Capture:
        """Take the cluster down, as `harness down` does, and record it.

        Raises EnvironmentFault when something is left.
        """
        clock, cluster = time.monotonic(), self.cluster
        lines = [f"{state.name} {state.state}\n" for state in self._take_down()]
        self._record_asides(cluster)
        return self._add("harness down", "".join([*lines, "nothing is left: no process, no port, no folder\n"]), clock)

    def notebook(self, path: str) -> Capture:
        """Run a notebook of the project on the cluster's Presto, as `harness notebook` does, and record it.

        With its outputs it is kept in the report's folder, as NAME.executed.ipynb. Raises StepFailed when a cell
        fails, EnvironmentFault when notebooks cannot be run here.
        """
        limit = min(self._command_timeout, self._remaining())
        ran = notebooks.execute_on(self.cluster, path, self._out, timeout=limit)
        typed = shlex.join(["harness", "notebook", path])
        facts = derive(typed, ran.stdout, ran.stderr)
        capture = self._record(replace(ran, service="harness", command=typed, facts=facts, typed=None))
        if capture.exit_code == ExitCode.ENVIRONMENT:
            raise EnvironmentFault(capture.stderr.strip())
        if capture.exit_code != 0:
            raise StepFailed(f"exit code {capture.exit_code}: {typed}\n{_last_words(capture)}")
        return capture

    def _record_asides(self, cluster: Cluster) -> None:
        for capture in cluster.asides():
            self._record(capture)

    def failures(self) -> Sequence[str]:
        """Give a sentence for each statement that does not hold."""
        return [f"{c.what}: expected {c.expected!r}, got {c.actual!r}" for c in self.checks if not c.holds]

    def _add(self, command: str, stdout: str, clock: float) -> Capture:
        seconds = time.monotonic() - clock
        return self._record(captured("harness", command, stdout, "", 0, started=utc_now(seconds), seconds=seconds))

    def _record(self, capture: Capture) -> Capture:
        capture = replace(capture, id=f"{self._step.id}-{len(self.commands) + 1}")
        self.commands.append(capture)
        return capture

    def _remaining(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise StepFailed(f"the step's time limit of {self._step_timeout:.0f} s is over (--step-timeout sets it)")
        return left


def _same(one: Fact, other: Fact) -> bool:
    """Compare values and their types, through lists and mappings."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other


def server_table(states: Sequence[ServerState]) -> str:
    """Write the servers as `harness ps` shows them."""
    rows = [("SERVICE", "STATE", "READY", "MEMORY", "ADDRESS")]
    for item in states:
        ready = "-" if item.ready_seconds is None else f"{item.ready_seconds:.1f} s"
        rows.append((item.name, item.state, ready, f"{item.peak_rss_bytes / 2**20:.0f} MB", item.address))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in rows
    )


def _last_words(capture: Capture) -> str:
    lines = (capture.stderr.strip() or capture.stdout.strip()).splitlines()
    return "\n".join(lines[-12:])
