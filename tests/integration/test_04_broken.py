"""Broken things: steps, jobs, servers, ports. Each ends with its exit code, its cause by name, and a report."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

from machine import HARNESS, copy_of_project, harness, outcomes, run, server, started


def test_a_broken_job_fails_its_step_blocks_what_needs_it_and_the_rest_runs_until_its_time_limit(
    tmp_path: Path,
) -> None:
    project = copy_of_project(tmp_path)
    (project / "jobs" / "filtered_writes.py").write_text("def broken(:\n")
    endless = "import time\nprint('so far', flush=True)\ntime.sleep(600)\n"
    (project / "jobs" / "filter_swords_batch.py").write_text(endless)
    words = ("step", "presto", "filter-batch", "--command-timeout", "25")
    ended = harness(*words, cwd=project, timeout=300)
    assert ended.code == 1, ended.output
    record = ended.record(project / "reports" / "latest")
    found = outcomes(record)
    assert found["batch"] == "failed"
    assert (found["hive"], found["presto"]) == ("blocked", "blocked")
    assert found["filter-batch"] == "failed"
    steps = {step["id"]: step for step in record["steps"]}
    assert steps["presto"]["blocked_by"] == "batch"
    assert "SyntaxError" in steps["batch"]["message"]
    assert "SyntaxError" in ended.output
    command = steps["filter-batch"]["commands"][-1]
    assert command["exit_code"] == 124
    assert "so far" in command["stdout"]
    assert "time limit of 25 s" in steps["filter-batch"]["message"]


def test_a_step_that_states_something_wrong_fails_with_both_values_and_a_taken_port_is_replaced(
    tmp_path: Path,
) -> None:
    project = copy_of_project(tmp_path)
    step = project / "assignment" / "test_04_topic.py"
    step.write_text(step.read_text().replace('described.facts["partitions"], 1)', 'described.facts["partitions"], 2)'))
    out = project / "reports" / "latest"
    with socket.create_server(("127.0.0.1", 5000)):
        ended = harness("step", "load", "--mode", "open", cwd=project, timeout=300)
    assert ended.code == 1, ended.output
    assert "partitions: expected 2, got 1" in ended.output
    found = outcomes(ended.record(out))
    assert (found["api"], found["load"]) == ("passed", "blocked")
    assert "port 5000 of api is taken: using " in ended.output
    number = ended.output.partition("port 5000 of api is taken: using ")[2].split()[0]
    assert f"http://127.0.0.1:{number}/healthz" in (out / "history.txt").read_text()
    assert f"Running on http://127.0.0.1:{number}" in (out / "README.md").read_text()


def test_a_presto_killed_in_mid_run_is_the_clusters_fault(tmp_path: Path) -> None:
    with started(tmp_path / "output", HARNESS, "step", "presto", "--out", tmp_path) as going:
        going.says("step     batch          passed")
        presto = server("presto")
        assert presto
        presto.send_signal(signal.SIGKILL)
        ended = going.end(timeout=300)
    assert ended.code == 3, ended.output
    record = ended.record(tmp_path)
    lost = [step for step in record["steps"] if step["outcome"] == "infrastructure"]
    assert [step["id"] for step in lost] in (["hive"], ["presto"])  # a slow hive is ended: nothing waits for the dead
    assert outcomes(record)["presto"] == ("infrastructure" if lost[0]["id"] == "presto" else "blocked")
    assert "killed by SIGKILL" in lost[0]["message"]
    assert str(tmp_path / "logs" / "presto.log") in lost[0]["message"]
    assert "presto.log" in (tmp_path / "README.md").read_text()
    assert (tmp_path / "logs" / "presto.log").stat().st_size > 0


def test_a_server_that_dies_before_it_is_ready_is_named_with_its_log(tmp_path: Path) -> None:
    with started(tmp_path / "output", HARNESS, "up") as going:
        going.until(lambda: server("metastore"))
        metastore = server("metastore")
        assert metastore
        metastore.send_signal(signal.SIGKILL)
        ended = going.end(timeout=60)
    assert ended.code == 3, ended.output
    assert "metastore is not there" in ended.output
    assert "killed by SIGKILL" in ended.output
    assert "metastore.log" in ended.output


def test_a_port_asked_for_that_is_taken_is_refused_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        ended = harness("up", "--port", f"kafka={number}", timeout=60)
    assert ended.code == 3
    assert f"Port {number} is taken." in ended.output
    assert f"kafka on 127.0.0.1:{number}" in ended.output
    assert "--port kafka" in ended.output


def test_unknown_names_are_usage_errors_that_list_the_known_ones() -> None:
    step = harness("step", "prestoo")
    assert step.code == 2
    assert "Unknown step: prestoo." in step.output
    assert "harness step presto" in step.output
    assert harness("up", "--port", "nothing=1").code == 2
    assert harness("report", "--port", "nothing=1").code == 2
    assert harness("report", "--mode", "private", "--port", "kafka=1").code == 2
    assert harness("report", "--backend", "cloud").code == 2
    assert harness("nothing").code == 2


def test_outside_a_project_it_says_where_it_looked(tmp_path: Path) -> None:
    ended = run(HARNESS, "report", cwd=tmp_path)
    assert ended.code == 2
    assert "[tool.harness]" in ended.output
