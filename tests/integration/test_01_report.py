"""The main job, for real: without a network, several at a time, as root and as an ordinary user."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from machine import HARNESS, PATIENT, PROJECT, ListenerWatch, assert_all_holds, run, started
from ordinary import User

from harness import record as records
from harness.render import RENDERERS

LONELY = ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "--user", "--map-current-user", "--net")
"""A network namespace with nothing in it but loopback, and that is down."""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def watch() -> ListenerWatch:
    return ListenerWatch()


@pytest.fixture(scope="module")
def record(out: Path, watch: ListenerWatch) -> dict[str, Any]:
    """One whole run of `./run report`, without any network, with an eye on its listeners."""
    with started(out / "output", PROJECT / "run", "report", "--out", out, prefix=LONELY) as report:
        while report.process.poll() is None:
            watch.look()
            try:
                report.process.wait(1)
            except subprocess.TimeoutExpired:
                continue
        ended = report.end()
    assert ended.code == 0, ended.output
    return ended.record(out)


def test_a_report_needs_no_network_and_all_that_it_states_holds(record: dict[str, Any], out: Path) -> None:
    assert_all_holds(record, out)


def test_counts_come_from_the_servers(record: dict[str, Any]) -> None:
    steps = {step["id"]: step for step in record["steps"]}

    def facts(step: str, kind: str) -> list[dict[str, Any]]:
        return [c["facts"] for c in steps[step]["commands"] if c["facts"].get("kind") == kind]

    assert sum(ab["complete"] for ab in facts("load", "ab")) == 40
    assert facts("load", "access_log")[-1]["requests"] == 40
    assert facts("load", "json_lines")[-1]["by_event_type"] == {"default": 20, "purchase_sword": 20}
    assert facts("batch", "spark")[0]["printed"] == {"rows in /tmp/purchases": 20}
    assert facts("hive", "hive")[0]["values"] == [["20"]]
    assert ["20"] in [presto["values"][0] for presto in facts("presto", "presto")]
    loops = facts("write-stream", "ab")[0]["runs"]
    by_file = facts("write-stream", "presto")[-1]["values"]
    assert loops >= 3
    assert len(by_file) >= 2
    assert sum(int(rows) for _, rows in by_file) == 10 * loops


def test_every_listener_was_on_loopback(record: dict[str, Any], watch: ListenerWatch) -> None:
    assert len(watch.seen) >= 10
    assert not watch.off_loopback


def test_facts_are_what_the_stored_outputs_give(record: dict[str, Any], out: Path) -> None:
    from harness.outputs import derive

    for step in records.load(out / "record.json").steps:
        for command in step.commands:
            assert dict(command.facts) == derive(command.command, command.stdout, command.stderr), command.id


def test_the_history_is_the_commands_in_order(record: dict[str, Any], out: Path) -> None:
    history = (out / "history.txt").read_text()
    typed = [c["command"].splitlines()[0] for s in record["steps"] for c in s["commands"]]
    positions = []
    for line in typed:
        positions.append(history.index(line, positions[-1] if positions else 0))
    assert positions == sorted(positions)


def test_servers_say_when_they_were_ready_and_what_they_took(record: dict[str, Any]) -> None:
    names = [service["name"] for service in record["services"]]
    assert names == ["zookeeper", "kafka", "namenode", "datanode", "metastore", "presto", "api"]
    for service in record["services"]:
        assert service["ready_seconds"] > 0
        assert service["peak_rss_bytes"] > 20_000_000


def test_the_golden_check_is_green(record: dict[str, Any], out: Path) -> None:
    ended = run(HARNESS, "check", out / "record.json")
    assert ended.code == 0, ended.output


def test_the_report_reads_back_with_confidence_1_and_true_digests(record: dict[str, Any], out: Path) -> None:
    ended = run(HARNESS, "readme", out / "README.md")
    assert ended.code == 0, ended.output
    assert "none of them uncertain" in ended.output


def test_the_report_is_made_again_from_its_record_alone(record: dict[str, Any], out: Path, tmp_path: Path) -> None:
    ended = run(HARNESS, "render", out / "record.json", "--out", tmp_path)
    assert ended.code == 0, ended.output
    for name in RENDERERS:
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


def test_runs_at_once_pass_in_both_modes_of_root_and_of_an_ordinary_user(
    tmp_path: Path, user: User | None, pytestconfig: pytest.Config
) -> None:
    """Of root (first as plain pytest) and of a user without any right, side by side; `--at-once 4` for all of them."""
    pytest_of_root = (Path(sys.executable), "-m", "pytest", "--mode=open", f"--out={tmp_path / 'root-open'}")
    commands: dict[str, tuple[list[str | Path], list[str], Path]] = {"root-open": (list(pytest_of_root), [], PROJECT)}
    if user:
        command = [user.project / "run", "report", "--mode", "private", "--out", user.home / "private"]
        commands["user-private"] = (command, user.prefix, user.project)
    private = [HARNESS, "report", "--mode", "private", "--out", tmp_path / "root-private"]
    commands["root-private"] = (private, [], PROJECT)
    if user:
        command = [user.project / "run", "report", "--mode", "open", "--out", user.home / "open"]
        commands["user-open"] = (command, user.prefix, user.project)
    commands = dict(list(commands.items())[: pytestconfig.getoption("at_once") or 2])
    with ExitStack() as stack:
        runs = {
            name: stack.enter_context(
                started(tmp_path / f"{name}.txt", *command, prefix=prefix, cwd=cwd, environment=PATIENT)
            )
            for name, (command, prefix, cwd) in commands.items()
        }
        ended = {name: going.end(timeout=2400) for name, going in runs.items()}
    for name, end in ended.items():
        assert end.code == 0, f"{name}:\n{end.output}"
        out = user.home / name.removeprefix("user-") if user and name.startswith("user-") else tmp_path / name
        record = end.record(out)
        assert_all_holds(record, out)
        assert record["mode"] == name.split("-")[1]
        checked = run(HARNESS, "check", out / "record.json")
        assert checked.code == 0, checked.output  # beside another run it is equal too
    if user:
        assert not list((user.cache / "runs").glob("*"))
