"""The pytest plugin: the assignment's steps as tests, their prerequisites as fixtures of the session.

`pytest -k presto` runs the step `presto` and what it needs, and nothing else: a step's test asks for the fixture of
its name, and that fixture asks for the fixtures of the steps that it needs.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import pytest
from rich.console import Console

from harness import progress as progresses
from harness import settings as settings_module
from harness import signals
from harness.errors import ExitCode, HarnessError, UsageError
from harness.model import Outcome, StepRecord
from harness.report_folder import expected_seconds
from harness.session import Session
from harness.steps import Step, StepNotPassed, ordered, step_of

_STATUS = pytest.StashKey[str]()
_OUTCOME = "harness_outcome"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that `harness report` has too."""
    group = parser.getgroup("harness", "pipeline harness")
    group.addoption(
        "--backend", metavar="|".join(settings_module.BACKENDS), help="where the cluster runs (default: local)"
    )
    group.addoption(
        "--mode", choices=settings_module.MODES, help="private: in a sandbox; open: on the machine's loopback"
    )
    group.addoption("--steps", metavar="NAME,…", help="run these steps and what they need")
    group.addoption("--options", metavar="NAME,…", help="run these optional steps too, or all of them: all")
    group.addoption("--keep", action="store_true", help="leave the cluster up for later steps")
    group.addoption("--out", type=Path, help="folder of the report (default: reports/latest)")
    group.addoption("--port", action="append", default=[], metavar="SERVICE=N", help="open mode: port of a service")
    group.addoption("--step-timeout", type=float, metavar="SECONDS", help="time limit of each step (default: 420)")
    group.addoption(
        "--command-timeout", type=float, metavar="SECONDS", help="time limit of each command (default: 180)"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin's state."""
    config.pluginmanager.register(Steps(config), "harness-steps")


def parse_ports(values: Sequence[str]) -> dict[str, int]:
    """Read `SERVICE=N` options. Raises UsageError for what is none."""
    ports = {}
    for value in values:
        name, _, number = value.partition("=")
        if not (number.isascii() and number.isdigit() and len(number) < 6 and 0 < int(number) < 65536):
            raise UsageError(f"--port {value}", wanted="SERVICE=N with N from 1 to 65535, such as kafka=29092")
        ports[name] = int(number)
    return ports


class Steps:
    """The hooks of one pytest run; they do nothing when no step of an assignment is collected."""

    def __init__(self, config: pytest.Config) -> None:
        self.session: Session | None = None
        self.refused: HarnessError | None = None
        self.interrupted: ExitCode | None = None
        self._config = config
        # pytest captures descriptor 1 while tests run; progress goes to the one that the user sees.
        self._terminal = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
        self._signals = ExitStack()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Take the collected steps, import those that they may need, and register a fixture for each."""
        collected = {item: found for item in items if (found := step_of(getattr(item, "obj", None)))}
        if not collected or self._config.option.collectonly:
            return
        try:
            self._begin(items, collected)
        except HarnessError as problem:
            self.refused = problem
            raise pytest.UsageError(str(problem)) from problem

    def _begin(self, items: list[pytest.Item], collected: dict[pytest.Item, Step]) -> None:
        option = self._config.option
        settings = settings_module.resolve(
            project=self._config.rootpath,
            out=option.out,
            backend=option.backend,
            mode=option.mode,
            keep=option.keep,
            ports=parse_ports(option.port),
            step_timeout=option.step_timeout,
            command_timeout=option.command_timeout,
        )
        steps = ordered(_declared_steps(settings.project / settings.assignment, collected.values()))
        # Where pytest's own selection left optional steps alone, it named them; else it collected all that there is.
        named = {step.id for step in collected.values()} if all(s.optional for s in collected.values()) else set()
        wanted = (_wanted(option.steps, option.options, steps) | named) - ({"teardown"} if settings.keep else set())
        dropped = [item for item, found in collected.items() if found.id not in wanted]
        if dropped:
            items[:] = [item for item in items if item not in dropped]
            self._config.hook.pytest_deselected(items=dropped)
        order = {step_id: index for index, step_id in enumerate(steps)}
        items.sort(key=lambda item: order[collected[item].id] if item in collected else -1)
        selected = [collected[item].id for item in items if item in collected]
        if reporter := self._config.pluginmanager.getplugin("terminalreporter"):
            reporter.showfspath = False
        console = Console(file=self._terminal, highlight=False)
        progress = progresses.make(console, expected_seconds(settings.out))
        try:
            self.session = Session(settings, steps, selected, progress, progresses.DownloadProgress(console))
        except BaseException:
            progress.close()
            raise
        self._config.pluginmanager.register(self._fixtures(steps, self.session), "harness-step-fixtures")
        self._signals.enter_context(signals.orderly())

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """Let what pytest has said stand before the steps' progress also where it goes into a pipe."""
        if self.session and (reporter := self._config.pluginmanager.getplugin("terminalreporter")):
            reporter.flush()

    @staticmethod
    def _fixtures(steps: dict[str, Step], session: Session) -> ModuleType:
        """Give a plugin that has a session fixture for each step."""

        def fixture_of(step: Step) -> object:
            def run_step(request: pytest.FixtureRequest) -> StepRecord:
                def prerequisite(step_id: str) -> StepRecord:
                    found: StepRecord = request.getfixturevalue(steps[step_id].fixture)
                    return found

                return session.run_step(step, prerequisite)

            return pytest.fixture(scope="session", name=step.fixture)(run_step)

        plugin = ModuleType("harness_step_fixtures")
        vars(plugin).update({f"step_{step.fixture}": fixture_of(step) for step in steps.values()})
        return plugin

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Give a step that did not pass its own outcome, and its message in place of a traceback."""
        report = yield
        if call.excinfo and isinstance(call.excinfo.value, StepNotPassed):
            record = call.excinfo.value.record
            outcome, words = record.outcome, record.message
            if outcome is Outcome.BLOCKED:
                report.outcome, words = "skipped", f"blocked by {record.blocked_by}"
                report.longrepr = (str(item.path), 0, words)
            else:
                report.longrepr = f"{record.id} {outcome.value}: {words}"
            report.user_properties.append((_OUTCOME, outcome.value))
        return report

    def pytest_report_teststatus(self, report: pytest.TestReport | pytest.CollectReport) -> object:
        """Count blocked and infrastructure apart, and leave the dots to the plugin's own progress."""
        if self.session is None or not isinstance(report, pytest.TestReport):
            return None
        outcome = dict(report.user_properties).get(_OUTCOME)
        if outcome:
            return str(outcome), "", str(outcome).upper()
        return ("passed", "", "") if report.passed and report.when == "call" else None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Show a step file that cannot be imported, also where pytest's own report is off."""
        if report.failed and self._config.option.tbstyle == "no":
            print(report.longreprtext, file=self._terminal, flush=True)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note how the run was interrupted."""
        self.interrupted = getattr(excinfo.value, "exit_code", ExitCode.INTERRUPTED)
        if self.session:
            self.session.interrupted = self.interrupted
            self.session.progress.say("interrupted: taking the cluster down")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Take the cluster down, undisturbed by further Ctrl-C, and say where the report is."""
        if self.session is None:
            return
        with self._signals, signals.undisturbed():
            self.session.close()

    def pytest_unconfigure(self) -> None:
        """Close the copy of descriptor 1."""
        self._terminal.close()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the report is."""
        if self.session:
            terminalreporter.write_line(f"report: {self.session.settings.out / 'README.md'}")


def _wanted(names: str | None, options: str | None, steps: Mapping[str, Step]) -> set[str]:
    """Give the ids that --steps names, or all that are not optional; and those that --options names.

    Raises UsageError for one that is no step, or no optional one.
    """
    optional = {step.id: step for step in steps.values() if step.optional}
    found = _named(names, steps, "step") if names else set(steps) - set(optional)
    if options == "all":
        return found | set(optional)
    return found | (_named(options, optional, "option") if options else set())


def _named(names: str, known: Mapping[str, Step], kind: str) -> set[str]:
    found = {name.strip() for name in names.split(",")}
    if unknown := sorted(found - set(known)):
        close = difflib.get_close_matches(unknown[0], known, 1)
        by = "harness step" if kind == "step" else "--options"
        raise UsageError(
            f"Unknown {kind}: {', '.join(unknown)}.",
            wanted=", ".join(known) or f"this assignment has no {kind}",
            remedy=f"{by} {close[0]}" if close else None,
        )
    return found


def _declared_steps(folder: Path, collected: Sequence[Step] | object) -> list[Step]:
    """Import every step file of the assignment, as pytest does, and give the steps that they declare."""
    modules: list[ModuleType] = []
    for file in sorted(folder.glob("test_*.py")):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
        try:
            modules.append(importlib.import_module(file.stem))
        except Exception as problem:
            raise UsageError(f"{file} cannot be imported.", seen=f"{type(problem).__name__}: {problem}") from problem
    if (folder / "invariants.py").exists():
        importlib.import_module("invariants")
    found = {id(step): step for module in modules for value in vars(module).values() if (step := step_of(value))}
    for step in collected:  # type: ignore[union-attr]
        found.setdefault(id(step), step)
    return list(found.values())
