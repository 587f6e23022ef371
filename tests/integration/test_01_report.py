"""The main job, for real: without a network, several at a time, as root and as an ordinary user."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from machine import HARNESS, PATIENT, PROJECT, Ended, ListenerWatch, assert_all_holds, outcomes, run, started
from ordinary import User

from harness import record as records
from harness.render.renderers import RENDERERS

LONELY = ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "--user", "--map-current-user", "--net")
"""A network namespace with nothing in it but loopback, and that is down."""


@dataclass(frozen=True)
class Whole:
    """A whole run: its command, what the command is run by, in which folder, and where its report goes."""

    mode: str
    command: Sequence[str | Path]
    out: Path
    prefix: Sequence[str] = ()
    cwd: Path = PROJECT


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports") / "private"


@pytest.fixture(scope="module")
def watch() -> ListenerWatch:
    return ListenerWatch()


@pytest.fixture(scope="module")
def ended(
    out: Path, watch: ListenerWatch, request: pytest.FixtureRequest, pytestconfig: pytest.Config
) -> list[tuple[Whole, Ended]]:
    """Whole runs side by side, with an eye on their listeners; the first is `./run report` without any network.

    The second is plain `pytest` in the open mode; with `--at-once 4` a user without any right has one in each mode.
    """
    number = pytestconfig.getoption("at_once") or 2
    other = out.with_name("open")
    plain = (sys.executable, "-m", "pytest", "--mode=open", f"--out={other}")
    wholes = [
        Whole("private", (PROJECT / "run", "report", "--out", out), out, LONELY),
        Whole("open", plain, other),
    ]
    user = request.getfixturevalue("user") if number > 2 else None
    for mode in ("private", "open") if user else ():
        command = (user.project / "run", "report", "--mode", mode, "--out", user.home / mode)
        wholes.append(Whole(mode, command, user.home / mode, user.prefix, user.project))
    wholes = wholes[:number]
    with ExitStack() as stack:
        runs = [
            stack.enter_context(
                started(
                    out.with_name(f"output-{at}"), *each.command, prefix=each.prefix, cwd=each.cwd, environment=PATIENT
                )
            )
            for at, each in enumerate(wholes)
        ]
        while any(going.process.poll() is None for going in runs):
            watch.look()
            time.sleep(1)
        return [(whole, going.end()) for whole, going in zip(wholes, runs, strict=True)]


@pytest.fixture(scope="module")
def record(ended: list[tuple[Whole, Ended]]) -> dict[str, Any]:
    """The record of the first."""
    whole, first = ended[0]
    assert first.code == 0, first.output
    return first.record(whole.out)


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


def test_the_report_reads_back_with_confidence_1_and_true_digests(record: dict[str, Any], out: Path) -> None:
    ended = run(HARNESS, "readme", out / "README.md")
    assert ended.code == 0, ended.output
    assert "none of them uncertain" in ended.output


def test_the_report_is_made_again_from_its_record_alone(record: dict[str, Any], out: Path, tmp_path: Path) -> None:
    ended = run(HARNESS, "render", out / "record.json", "--out", tmp_path)
    assert ended.code == 0, ended.output
    for name in RENDERERS:
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


def test_runs_side_by_side_pass_in_both_modes_and_are_equal(ended: list[tuple[Whole, Ended]]) -> None:
    for whole, end in ended:
        assert end.code == 0, end.output
        record = end.record(whole.out)
        assert_all_holds(record, whole.out)
        assert record["mode"] == whole.mode
        checked = run(HARNESS, "check", whole.out / "record.json")
        assert checked.code == 0, checked.output


def test_a_user_without_any_right_gets_as_far_as_spark_and_hdfs(user: User | None) -> None:
    if not user:
        pytest.skip("this is an ordinary user, or cannot become one")
    out = user.home / "step"
    words = ("harness", "step", "batch", "--mode", "private", "--out", out)
    ended = run(user.project / "run", *words, prefix=user.prefix, cwd=user.project, timeout=900)
    assert ended.code == 0, ended.output
    record = ended.record(out)
    assert record["mode"] == "private"
    assert outcomes(record)["batch"] == "passed"
    assert not list((user.cache / "runs").glob("*"))
