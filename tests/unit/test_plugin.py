"""A run through pytest with a cluster that is none: which steps run, how each ends, what is written, what is left."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import dedent, indent

import pytest

import harness.session
from harness import invariants
from harness.cluster import runs
from harness.cluster.protocol import ServerState
from harness.errors import EnvironmentFault, ExitCode, HarnessError
from harness.locks import take
from harness.model import Capture
from harness.record import load, save
from harness.report_folder import expected_seconds
from harness.session import Session

pytest_plugins = ["pytester"]


class Background:
    """A command in the background. `new` is what it printed since the last look."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.new = ""

    def look(self, *, since_last: bool = False) -> Capture:
        shown, self.new = self.new, ""
        return replace(capture("mids", self.command, shown), background=True, exit_code=None)

    def stop(self, signal: int = 15, *, group: bool = False, grace: float = 10.0) -> Capture:
        return self.look()


def capture(service: str, command: str, stdout: str = "") -> Capture:
    return Capture("", service, command, stdout, "", 0, "2026-03-01T09:00:00.000Z", 0.0)


@dataclass
class World:
    """What there is of clusters: those that were started, and how they behave."""

    folder: Path
    commands: list[str] = field(default_factory=list)
    started: int = 0
    ended: int = 0
    cannot_start: EnvironmentFault | None = None
    faults: list[EnvironmentFault] = field(default_factory=list)
    left: bool = False
    kept: Cluster | None = None


class Cluster:
    """Takes a backend's place. A command says what happens: `fail`, `lose`, `break`, `interrupt`, or nothing."""

    mode = "open"

    def __init__(self, world: World) -> None:
        self._world = world
        self.originals: Mapping[str, str] = {}
        self.notes = ["a note on the cluster"]
        self.folder = world.folder / "run1"
        self.folder.mkdir(exist_ok=True)
        self.backgrounds: dict[str, Background] = {}

    def up(self, services: Sequence[str], tell: Callable[[Mapping[str, object]], None]) -> None:
        for name in services:
            tell({"event": "starting", "service": name})
            tell({"event": "ready", "service": name, "seconds": 1.5, "answer": "well"})

    def exec(self, service: str, command: str, *, timeout: float | None = None) -> Capture:
        self._world.commands.append(command)
        made = capture(service, command, f"{command}\n")
        match command.split()[0]:
            case "fail":
                return replace(made, exit_code=1, stderr="it failed\n")
            case "lose":
                raise EnvironmentFault("The cluster is gone.", seen="the keeper ended")
            case "break":
                raise HarnessError("keeper: KeyError('x')")
            case "interrupt":
                raise KeyboardInterrupt
            case "terminate":
                os.kill(os.getpid(), 15)
        for background in self.backgrounds.values():
            background.new += f"{command}\n"
        return made

    def exec_background(self, service: str, command: str, *, serves: str | None = None) -> Background:
        self._world.commands.append(command)
        started = Background(command)
        self.backgrounds[serves or command] = started
        return started

    def faults(self, *, unseen: bool = False) -> list[EnvironmentFault]:
        return self._world.faults

    def status(self) -> list[ServerState]:
        return [ServerState("kafka", "kafka", 1, "ready", 1.5, 1000, "127.0.0.1:29092", Path("log"))]

    def peak_memory(self) -> int:
        return 5000

    def down(self, *, quick: bool = False) -> list[ServerState]:
        self._world.ended += 1
        if self._world.left:
            raise EnvironmentFault("Processes were left when the cluster went down.")
        return self.status()

    def keep(self) -> None:
        self._world.kept = self

    def versions(self) -> dict[str, str]:
        return {}

    def asides(self) -> list[Capture]:
        return []

    def save_backgrounds(self, named: Mapping[str, object]) -> None:
        """They stay in this process."""

    def restore_backgrounds(self) -> dict[str, Background]:
        return dict(self.backgrounds)


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path_factory.mktemp("runs"))

    class Backends:
        @staticmethod
        def start(_settings: object, logs: Callable[[], Path], *_: object) -> Cluster:
            logs()
            made.started += 1
            if made.cannot_start:
                raise made.cannot_start
            return Cluster(made)

        @staticmethod
        def join(folder: Path, _settings: object) -> Cluster:
            assert made.kept
            assert folder == made.kept.folder
            return made.kept

    monkeypatch.setattr(harness.session, "backends", Backends)
    monkeypatch.setattr(runs, "backend_of", lambda _: "local")
    monkeypatch.setattr(runs, "living", lambda _: [made.kept.folder] if made.kept else [])
    monkeypatch.setattr(harness.session.versions, "all_versions", lambda _: {"python": "3.11"})
    monkeypatch.setattr(invariants, "_DECLARED", {})
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the disk is not what is tested here
    return made


@dataclass
class Result:
    """How a run ended. `words` is all that it printed, its progress too."""

    ret: int
    words: str
    errors: str
    counts: dict[str, int]
    session: Session | None
    out: Path

    @property
    def code(self) -> ExitCode:
        assert self.session
        return self.session.exit_code()

    @property
    def record(self) -> dict[str, object]:
        read: dict[str, object] = json.loads((self.out / "record.json").read_text())
        return read

    def steps(self, key: str = "outcome") -> dict[str, object]:
        """Give a field of each step of the record, in its order."""
        return {step["id"]: step[key] for step in self.record["steps"]}  # type: ignore[attr-defined]


class Assignment:
    """A project with steps, which can be run."""

    def __init__(self, pytester: pytest.Pytester, capfd: pytest.CaptureFixture[str]) -> None:
        self._pytester = pytester
        self._capfd = capfd
        self.folder = pytester.path / "assignment"
        self.folder.mkdir()
        self._number = 0
        (pytester.path / "pyproject.toml").write_text(
            '[tool.harness]\ntitle = "Events"\n[tool.pytest.ini_options]\nfilterwarnings = ["error"]\n'
        )

    def step(self, name: str, *needs: str, does: str = "run('mids', 'echo')", more: str = "") -> None:
        """Add a step, in a file of its own, after those that are there. `more` are further words of its decorator."""
        self._number += 1
        arguments = ", ".join(("run", *needs))
        self.file(
            f"test_{self._number:02}_{name}.py",
            f"from harness import step\n\n@step('{name}'{more})\ndef test_{name}({arguments}):\n"
            f"    '''Explained.'''\n{indent(dedent(does), '    ')}\n",
        )

    def file(self, name: str, text: str) -> None:
        (self.folder / name).write_text(dedent(text))

    def run(self, *options: str, path: str = "assignment") -> Result:
        """Run it through pytest, in this process."""
        watcher = _Watcher()
        done = self._pytester.runpytest_inprocess(
            *("-p", "harness.plugin", "--rootdir", str(self._pytester.path), "-p", "no:cacheprovider"),
            *("--tb=native", path, *options),
            plugins=[watcher],
            no_reraise_ctrlc=True,
        )
        captured = self._capfd.readouterr()
        session = watcher.session()
        folder = session.settings.out if session else self._pytester.path / "reports" / "latest"
        words = f"{captured.out}\n{captured.err}"
        counts = done.parseoutcomes() if session and done.ret in (0, 1) else {}
        return Result(int(done.ret), words, done.stderr.str(), counts, session, folder)


class _Watcher:
    """Finds the run's session."""

    def __init__(self) -> None:
        self._config: pytest.Config | None = None
        self._steps: object = None

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        self._steps = config.pluginmanager.getplugin("harness-steps")

    def session(self) -> Session | None:
        found: Session | None = getattr(self._steps, "session", None)
        return found


@pytest.fixture
def assignment(pytester: pytest.Pytester, capfd: pytest.CaptureFixture[str], world: World) -> Assignment:
    return Assignment(pytester, capfd)


def test_all_steps_pass_in_the_order_of_their_files(assignment: Assignment, world: World) -> None:
    assignment.step("topic", does="run('kafka', 'one')")
    assignment.step("load", "topic", does="run('mids', 'two')")
    result = assignment.run()
    assert result.steps() == {"topic": "passed", "load": "passed"}
    assert world.commands == ["one", "two"]
    assert (result.ret, result.code, result.counts) == (0, ExitCode.OK, {"passed": 2})
    assert (world.started, world.ended) == (1, 1)


def test_a_failing_step_blocks_what_needs_it_by_name_and_nothing_else(assignment: Assignment, world: World) -> None:
    assignment.step("topic")
    assignment.step("load", "topic", does="run('mids', 'fail now')")
    assignment.step("batch", "load")
    assignment.step("hive", "topic", "batch")
    assignment.step("other", "topic", does="run('mids', 'independent')")
    result = assignment.run()
    assert result.steps() == {
        "topic": "passed",
        "load": "failed",
        "batch": "blocked",
        "hive": "blocked",
        "other": "passed",
    }
    assert result.steps("blocked_by") == {"topic": None, "load": None, "batch": "load", "hive": "load", "other": None}
    assert str(result.steps("message")["load"]) == "exit code 1: fail now\nit failed"
    assert world.commands == ["echo", "fail now", "independent"]
    assert result.counts == {"passed": 2, "failed": 1, "blocked": 2}
    assert (result.ret, result.code) == (1, ExitCode.DISAGREES)
    assert "by load" in result.words


@pytest.mark.parametrize(
    ("does", "message"),
    [
        (
            "run.expect('rows', 19, 20); run.expect('columns', 1, 2)",
            "rows: expected 20, got 19\ncolumns: expected 2, got 1",
        ),
        ("assert 19 == 20, 'nineteen'", "nineteen"),
        ("{}['rows']", "KeyError: 'rows' (test_01_load.py:6)"),
    ],
)
def test_a_step_fails_by_what_does_not_hold_and_by_errors_of_its_own(
    assignment: Assignment, does: str, message: str
) -> None:
    assignment.step("load", does=does)
    result = assignment.run()
    assert result.steps() == {"load": "failed"}
    assert str(result.steps("message")["load"]).startswith(message)
    assert result.code is ExitCode.DISAGREES


@pytest.mark.parametrize("does", ["pytest.fail('no')", "pytest.skip('no')", "sys.exit('no')"])
def test_a_step_that_leaves_by_pytests_or_pythons_own_exits_has_failed(assignment: Assignment, does: str) -> None:
    assignment.step("topic", does=f"import pytest, sys; {does}")
    assignment.step("load", "topic")
    result = assignment.run()
    assert result.steps() == {"topic": "failed", "load": "blocked"}
    assert str(result.steps("message")["topic"]).endswith(": no")


def test_a_name_that_the_cluster_does_not_know_is_not_the_harness_own_fault(assignment: Assignment) -> None:
    assignment.step("topic", does="from harness.errors import UsageError\nraise UsageError('Unknown service: x.')")
    assert assignment.run().code is ExitCode.DISAGREES


def test_a_question_to_the_cluster_that_fails_does_not_hide_why_the_step_failed(
    assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faults(_: Cluster, *, unseen: bool = False) -> list[EnvironmentFault]:
        raise HarnessError("keeper: KeyError('x')")

    monkeypatch.setattr(Cluster, "faults", faults)
    assignment.step("topic", does="run('mids', 'fail')")
    result = assignment.run()
    assert result.steps() == {"topic": "failed"}
    assert str(result.steps("message")["topic"]).startswith("exit code 1: fail")
    assert "keeper: KeyError('x')" in result.words


def test_the_environments_fault_is_not_the_steps(assignment: Assignment) -> None:
    assignment.step("load", does="run('mids', 'lose')")
    assignment.step("batch", "load")
    result = assignment.run()
    assert result.steps() == {"load": "infrastructure", "batch": "blocked"}
    assert result.steps("message")["load"] == "The cluster is gone.\n  seen:   the keeper ended"
    assert result.counts == {"infrastructure": 1, "blocked": 1}
    assert result.code is ExitCode.ENVIRONMENT


def test_a_step_that_fails_while_a_server_is_dead_is_the_environments_fault(
    assignment: Assignment, world: World
) -> None:
    world.faults = [EnvironmentFault("kafka is not there.", seen="exit code 137")]
    assignment.step("load", does="run('mids', 'fail')")
    result = assignment.run()
    assert result.steps() == {"load": "infrastructure"}
    message = str(result.steps("message")["load"])
    assert message.startswith("kafka is not there.\n  seen:   exit code 137\nthe step: exit code 1: fail")


def test_a_cluster_that_cannot_be_had_is_asked_for_once(assignment: Assignment, world: World) -> None:
    world.cannot_start = EnvironmentFault("Port 29092 is taken.")
    assignment.step("files", does="run.expect('no cluster', 1, 1)")
    assignment.step("topic")
    assignment.step("load")
    result = assignment.run()
    assert result.steps() == {"files": "passed", "topic": "infrastructure", "load": "infrastructure"}
    assert world.started == 1
    assert result.code is ExitCode.ENVIRONMENT


def test_without_a_command_no_cluster_is_started(assignment: Assignment, world: World) -> None:
    assignment.step("files", does="pass")
    assert assignment.run().code is ExitCode.OK
    assert world.started == 0


def pipeline(assignment: Assignment) -> None:
    """Add five steps of which two lead to presto."""
    for name, needs in (
        ("topic", ()),
        ("load", ("topic",)),
        ("batch", ("load",)),
        ("presto", ("load",)),
        ("guild", ()),
        ("teardown", ("topic",)),
    ):
        assignment.step(name, *needs, does=f"run('mids', '{name}')")


def test_chosen_steps_bring_what_they_need_in_order_and_nothing_else(assignment: Assignment, world: World) -> None:
    pipeline(assignment)
    result = assignment.run("--steps", "presto")
    assert world.commands == ["topic", "load", "presto"]
    assert list(result.steps()) == ["topic", "load", "presto"]
    assert result.counts == {"passed": 1, "deselected": 5}
    assert result.code is ExitCode.OK


def test_chosen_steps_run_in_the_assignments_order_whatever_the_order_of_their_names(
    assignment: Assignment, world: World
) -> None:
    pipeline(assignment)
    assignment.run("--steps", "guild, batch")
    assert world.commands == ["topic", "load", "batch", "guild"]


def test_pytests_own_selection_brings_what_is_needed_too(assignment: Assignment, world: World) -> None:
    pipeline(assignment)
    assignment.run("-k", "presto")
    assert world.commands == ["topic", "load", "presto"]


def test_a_single_file_brings_what_it_needs_from_the_others(assignment: Assignment, world: World) -> None:
    assignment.step("topic", does="run('kafka', 'topic')")
    assignment.step("load", "topic", does="run('mids', 'load')")
    assignment.step("batch", "load", does="run('spark', 'batch')")
    result = assignment.run(path="assignment/test_02_load.py")
    assert result.counts == {"passed": 1}
    assert world.commands == ["topic", "load"]


def test_files_named_in_another_order_run_in_the_assignments(assignment: Assignment, world: World) -> None:
    pipeline(assignment)
    assignment.run("assignment/test_01_topic.py", path="assignment/test_05_guild.py")
    assert world.commands == ["topic", "guild"]


def with_options(assignment: Assignment) -> None:
    """A pipeline, then two optional steps, one of which needs the other, then the last step."""
    assignment.step("topic", does="run('kafka', 'topic')")
    for name, needs in (("items", ("topic",)), ("cart", ("items",))):
        assignment.step(name, *needs, does=f"run('mids', '{name}')", more=", optional=True")
    assignment.step("teardown", does="run('mids', 'teardown')")


@pytest.mark.parametrize(
    ("words", "commands"),
    [
        ((), ["topic", "teardown"]),
        (("--options", "all"), ["topic", "items", "cart", "teardown"]),
        (("--options", "items"), ["topic", "items", "teardown"]),
        (("--options", "cart"), ["topic", "items", "cart", "teardown"]),
        (("--steps", "cart"), ["topic", "items", "cart"]),
        (("--steps", "topic", "--options", "items"), ["topic", "items"]),
        (("-k", "items"), ["topic", "items"]),
    ],
)
def test_optional_steps_run_where_they_are_asked_for(
    assignment: Assignment, world: World, words: Sequence[str], commands: Sequence[str]
) -> None:
    with_options(assignment)
    assert assignment.run(*words).code is ExitCode.OK
    assert world.commands == commands


def test_a_file_of_an_optional_step_runs_it(assignment: Assignment, world: World) -> None:
    with_options(assignment)
    assignment.run(path="assignment/test_02_items.py")
    assert world.commands == ["topic", "items"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("crat", ["Unknown option: crat.", "wanted: items, cart", "try:    --options cart"]),
        ("topic", ["Unknown option: topic."]),
        ("items,", ["Unknown option: ."]),
    ],
)
def test_an_unknown_option_is_refused(assignment: Assignment, world: World, names: str, words: Sequence[str]) -> None:
    with_options(assignment)
    result = assignment.run("--options", names)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    for word in words:
        assert word in result.errors
    assert world.commands == []


def test_an_assignment_without_options_says_so(assignment: Assignment) -> None:
    pipeline(assignment)
    assert "this assignment has no option" in assignment.run("--options", "cart").errors
    assert assignment.run("--options", "all").code is ExitCode.OK


def test_an_unknown_step_is_refused_with_the_nearest_name(assignment: Assignment, world: World) -> None:
    pipeline(assignment)
    result = assignment.run("--steps", "pretso")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "Unknown step: pretso." in result.errors
    assert "wanted: topic, load, batch, presto, guild, teardown" in result.errors
    assert "try:    harness step presto" in result.errors
    assert world.commands == []


@pytest.mark.parametrize(
    "value", ["kafka", "kafka=", "kafka=0", "kafka=65536", "kafka=x", "kafka=-1", "kafka=²", "kafka=" + "9" * 5000]
)
def test_a_port_that_is_none_is_refused(assignment: Assignment, value: str) -> None:
    assignment.step("topic")
    result = assignment.run("--port", value)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"--port {value}" in result.errors


def test_a_port_of_an_unknown_service_is_refused_with_those_that_there_are(assignment: Assignment) -> None:
    assignment.step("topic")
    result = assignment.run("--port", "kafak=29092")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "Unknown service for --port: kafak." in result.errors
    assert "wanted: zookeeper, kafka, namenode" in result.errors


def test_collecting_alone_starts_no_run(assignment: Assignment, world: World) -> None:
    assignment.step("topic")
    result = assignment.run("--collect-only")
    assert "test_topic" in result.words
    assert (result.ret, result.session, world.started) == (0, None, 0)


@pytest.mark.parametrize("text", ["def x(:\n", "import no_such_module\n"])
@pytest.mark.parametrize("path", ["assignment", "assignment/test_01_topic.py"])
def test_a_step_file_that_cannot_be_imported_is_named(assignment: Assignment, text: str, path: str) -> None:
    assignment.step("topic")
    assignment.file("test_09_broken.py", text)
    result = assignment.run(path=path)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "test_09_broken.py cannot be imported" in result.errors


def test_two_steps_of_one_name_are_refused(assignment: Assignment) -> None:
    assignment.step("topic")
    assignment.step("topic")
    result = assignment.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "there is a step topic already" in result.errors


def test_the_record_is_written_after_each_step_and_the_report_beside_the_next(assignment: Assignment) -> None:
    does = """
        import json, pathlib
        report = pathlib.Path("reports/latest")
        steps = json.loads((report / "record.json").read_text())["steps"]
        run.expect("steps so far", [step["id"] for step in steps], ["topic"])
        run.wait("the report", lambda: all((report / name).exists() for name in ("README.md", "junit.xml")))
    """
    assignment.step("topic")
    assignment.step("load", does=does)
    result = assignment.run()
    assert result.steps() == {"topic": "passed", "load": "passed"}
    assert result.record["assignment"] == "Events"
    assert result.record["services"] == [{"name": "kafka", "ready_seconds": 1.5, "peak_rss_bytes": 1000}]
    assert result.record["peak_memory_bytes"] == 5000


def test_nothing_of_the_last_run_is_left_when_a_new_one_begins(assignment: Assignment) -> None:
    assignment.step("topic", does="import pathlib; assert not pathlib.Path('reports/latest/record.json').exists()")
    for _ in range(2):
        assert assignment.run().steps() == {"topic": "passed"}


def test_the_last_runs_seconds_are_shown_against_this_ones(assignment: Assignment) -> None:
    assignment.step("topic")
    first = assignment.run()
    assert "(last run" not in first.words
    assert expected_seconds(first.out).keys() == {"step topic", "service kafka"}
    last = load(first.out / "record.json")
    save(replace(last, steps=(replace(last.steps[0], seconds=4.25),)), first.out / "record.json")
    assert "(last run 4.2 s)" in assignment.run().words


def test_a_report_that_another_run_writes_is_left_alone(assignment: Assignment, pytester: pytest.Pytester) -> None:
    assignment.step("topic")
    out = pytester.path / "reports" / "latest"
    out.mkdir(parents=True)
    (out / "record.json").write_text("theirs")
    lock = take(out / ".lock")
    result = assignment.run()
    os.close(lock)
    assert result.out.name.startswith("latest-")
    assert result.steps() == {"topic": "passed"}
    assert (out / "record.json").read_text() == "theirs"
    assert f"another run writes to {out}" in result.words


def test_output_of_a_server_before_a_step_is_not_that_steps(assignment: Assignment) -> None:
    assignment.step("api", does="run.background('mids', 'flask run', serves='api')")
    assignment.step("early", "api", does="run('mids', 'early')")
    assignment.step("late", "api", does="run('mids', 'late'); run.expect('log', run.look('api').stdout, 'late\\n')")
    assert assignment.run().steps() == {"api": "passed", "early": "passed", "late": "passed"}


def test_invariants_are_evaluated_over_the_steps_that_ran(assignment: Assignment) -> None:
    assignment.file(
        "invariants.py",
        """
        from harness import invariant

        @invariant("nothing is nothing")
        def nothing(e):
            return 1, e.total("topic", "ab", "complete")

        @invariant("not run")
        def not_run(e):
            return 1, e.total("load", "ab", "complete")
        """,
    )
    assignment.step("topic")
    assignment.step("load")
    result = assignment.run("--steps", "topic")
    assert result.record["invariants"] == [{"id": "nothing is nothing", "expected": 1, "actual": 0, "holds": False}]
    assert result.code is ExitCode.DISAGREES


def test_a_report_that_cannot_be_written_is_said_once_and_is_the_environments_fault(
    assignment: Assignment, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("harness.record.write_text", full)
    monkeypatch.setattr("harness.render.renderers.write_text", full)
    assignment.step("topic")
    assignment.step("load", "topic")
    result = assignment.run()
    assert result.counts == {"passed": 2}
    assert result.code is ExitCode.ENVIRONMENT
    assert result.words.count("The report cannot be written.") == 1
    assert world.ended == 1


def test_a_rule_that_stumbles_does_not_cost_the_record(assignment: Assignment) -> None:
    assignment.file(
        "invariants.py",
        """
        from harness import invariant

        @invariant("twice")
        def twice(e):
            return 60, e.last("load", "ab", "complete") * 2
        """,
    )
    assignment.step("topic")
    assignment.step("load")
    assert assignment.run("--steps", "topic").steps() == {"topic": "passed"}


def test_ctrl_c_ends_the_run_with_the_record_written_and_the_cluster_down(assignment: Assignment, world: World) -> None:
    assignment.step("topic")
    assignment.step("load", does="run('mids', 'echo'); run('mids', 'interrupt')")
    assignment.step("batch")
    result = assignment.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert result.code is ExitCode.INTERRUPTED
    assert result.steps() == {"topic": "passed", "load": "failed"}
    assert result.steps("message")["load"] == "interrupted"
    assert world.commands == ["echo", "echo", "interrupt"]
    assert world.ended == 1


def test_sigterm_ends_the_run_likewise_with_its_own_code(assignment: Assignment, world: World) -> None:
    assignment.step("load", does="run('mids', 'terminate')")
    assignment.step("batch")
    result = assignment.run()
    assert result.code is ExitCode.TERMINATED
    assert result.steps() == {"load": "failed"}
    assert world.ended == 1


def test_an_interrupted_run_keeps_no_cluster(assignment: Assignment, world: World) -> None:
    assignment.step("load", does="run('mids', 'interrupt')")
    assignment.run("--keep")
    assert (world.ended, world.kept) == (1, None)


def test_a_kept_cluster_is_joined_and_what_passed_in_it_is_reused(assignment: Assignment, world: World) -> None:
    assignment.step("topic", does="run.clear('kafka', 'clear'); run('kafka', 'topic')")
    assignment.step("load", "topic", does="run('mids', 'load')")
    assignment.step("batch", "load", does="run('spark', 'batch')")
    assert assignment.run("--keep", "--steps", "load").code is ExitCode.OK
    assert (world.started, world.ended) == (1, 0)

    world.commands.clear()
    result = assignment.run("--steps", "batch")
    assert world.commands == ["batch"]
    assert result.steps("reused") == {"topic": True, "load": True, "batch": False}
    assert "joined the cluster run1" in result.words
    assert result.words.count("as this cluster has it") == 2
    assert (world.started, world.ended) == (1, 0)


def test_a_step_that_runs_again_clears_first_and_what_needs_it_is_stale(assignment: Assignment, world: World) -> None:
    assignment.step("topic", does="run.clear('kafka', 'clear'); run('kafka', 'topic')")
    assignment.step("load", "topic", does="run('mids', 'load')")
    assignment.step("batch", "load", does="run('spark', 'batch')")
    assignment.run("--keep")
    world.commands.clear()
    assignment.run("--steps", "topic", "--keep")
    assert world.commands == ["clear", "topic"]
    world.commands.clear()
    assignment.run("--steps", "batch", "--keep")
    assert world.commands == ["load", "batch"]


def test_a_later_run_looks_at_a_server_that_an_earlier_one_started(assignment: Assignment) -> None:
    assignment.step("api", does="run.background('mids', 'flask run', serves='api')")
    assignment.step("load", "api", does="run('mids', 'load'); run.expect('log', run.look('api').stdout, 'load\\n')")
    assert assignment.run("--keep", "--steps", "api").code is ExitCode.OK
    assert assignment.run("--steps", "load").steps() == {"api": "passed", "load": "passed"}


def test_a_run_that_takes_its_cluster_down_leaves_a_kept_one_alone(assignment: Assignment, world: World) -> None:
    assignment.step("topic")
    assignment.step("teardown", "topic", does="run.down()")
    assignment.run("--keep")
    kept = world.kept
    assert kept
    assignment.run()
    assert (world.started, world.ended, world.kept) == (2, 1, kept)


def test_with_keep_the_last_step_does_not_take_the_cluster_down(assignment: Assignment, world: World) -> None:
    assignment.step("topic")
    assignment.step("teardown", does="run.down()")
    result = assignment.run("--keep")
    assert list(result.steps()) == ["topic"]
    assert world.ended == 0


def test_teardown_takes_the_cluster_down_once(assignment: Assignment, world: World) -> None:
    assignment.step("topic")
    assignment.step("teardown", does="run.down()")
    assert assignment.run().steps() == {"topic": "passed", "teardown": "passed"}
    assert world.ended == 1


def test_what_is_left_at_the_end_is_the_environments_fault(assignment: Assignment, world: World) -> None:
    world.left = True
    assignment.step("topic")
    result = assignment.run()
    assert result.code is ExitCode.ENVIRONMENT
    assert "Processes were left" in result.words


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        (["echo"], ExitCode.OK),
        (["echo", "fail"], ExitCode.DISAGREES),
        (["fail", "lose"], ExitCode.ENVIRONMENT),
        (["lose", "fail", "break"], ExitCode.OWN_FAULT),
        (["break", "lose", "fail", "interrupt"], ExitCode.INTERRUPTED),
        (["break", "lose", "fail", "terminate"], ExitCode.TERMINATED),
    ],
)
def test_of_several_ends_the_exit_code_is_the_first_in_precedence(
    assignment: Assignment, commands: list[str], code: ExitCode
) -> None:
    for number, command in enumerate(commands):
        assignment.step(f"step{number}", does=f"run('mids', '{command}')")
    assert assignment.run().code is code


def test_a_run_without_any_step_has_checked_nothing(assignment: Assignment, world: World) -> None:
    assignment.step("topic")
    assignment.step("teardown", "topic", does="run.down()")
    result = assignment.run("--steps", "teardown", "--keep")
    assert result.code is ExitCode.NOTHING_CHECKED
    assert world.commands == []
    assert not (result.out / "record.json").exists()


def test_tests_that_are_no_steps_run_as_ever(assignment: Assignment, world: World) -> None:
    assignment.file("test_00_plain.py", "def test_plain():\n    pass\n")
    result = assignment.run()
    assert (result.ret, result.session) == (0, None)
    assert not result.out.exists()
    assert world.started == 0
