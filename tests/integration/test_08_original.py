"""The original's own compose file and commands, unchanged, on the images that stand in for the course's."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import engine
import original
import pytest
from machine import HARNESS, containers_left, harness, run, started

from harness.settings import cache_dir

USERS = ("user1.comcast.com", "user2.att.com")


class Shell:
    """The author's shell: HOME has the w205 folder, and docker-compose is today's `docker compose`."""

    def __init__(self, home: Path, report: Path) -> None:
        self.home = home
        self.commands = original.commands(report)
        shim = home / "bin" / "docker-compose"
        shim.parent.mkdir()
        shim.write_text('#!/bin/sh\nexec docker compose "$@"\n')
        shim.chmod(0o755)
        self.environment = {
            "HOME": str(home),
            "PATH": f"{shim.parent}:{os.environ['PATH']}",
            "DOCKER_CONFIG": os.environ.get("DOCKER_CONFIG") or str(Path.home() / ".docker"),
            "HARNESS_CACHE": str(cache_dir()),
        }

    def command(self, *parts: str) -> str:
        """Give the report's command that has all these parts."""
        found = [command for command in self.commands if all(part in command for part in parts)]
        assert found, parts
        return found[0]

    def type(self, command: str, stdin: str = "") -> str:
        """Run a command as it was typed. Returns what it printed."""
        done = subprocess.run(
            ["bash", "-c", command],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=180,
            env={**os.environ, **self.environment},
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell on the cluster of the original's compose file."""
    folder = original.acceptance_folder()
    if folder is None:
        pytest.skip("HARNESS_ACCEPTANCE is not set")
    assert not _no_engine(), "HARNESS_ACCEPTANCE is set, so an engine must be there"
    report = folder / "seed" / "assignment-12.md"
    made = Shell(tmp_path, report)
    rebuilt = original.rebuild(report, tmp_path)
    up = run(HARNESS, "up", "--compose-file", rebuilt / "docker-compose.yml", env=made.environment)
    assert up.code == 0, up.output
    for name in ("COMPOSE_FILE", "COMPOSE_PROJECT_NAME"):
        found = re.search(rf"{name}=(\S+)", up.output)
        assert found, up.output
        made.environment[name] = found[1]
    try:
        yield made
    finally:
        harness("down")
    assert not containers_left()


def _no_engine() -> str:
    try:
        engine.needed()
    except pytest.skip.Exception as problem:
        return str(problem)
    return ""


def until(condition: object, seconds: float = 90) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_the_originals_compose_file_and_commands_run_as_typed(shell: Shell, tmp_path: Path) -> None:
    env = shell.environment
    api = shell.command("flask run")
    with started(tmp_path / "api.log", "bash", "-c", api, environment=env) as flask:
        flask.says("Running on")
        assert "Created topic events." in shell.type(shell.command("kafka-topics --create"))
        load = [shell.command("ab \\", USERS[0]), shell.command(USERS[0], "purchase_a_sword")]
        load += [shell.command("ab \\", USERS[1])]
        printed = "".join(map(shell.type, load))
        assert printed.count("Complete requests:      10") == 4
        assert printed.count("Failed requests:        0") == 4
        until(lambda: flask.output.count(" 200 -") >= 40)
        assert shell.type(f"{shell.command('kafkacat')} -e").count('"event_type"') == 40

        batch = shell.type(shell.command("filtered_writes.py"))
        assert batch.count("|purchase_sword|") == 20
        assert "/tmp/purchases" in shell.type(shell.command("hadoop fs -ls /tmp/"))
        assert shell.type(shell.command("write_hive_table.py")).count("|purchase_sword|") == 20
        queries = "show tables;\ndescribe purchases;\nselect * from purchases;\n"
        presto = shell.type(shell.command("presto --server"), stdin=queries)
        assert "(5 rows)" in presto
        assert "(20 rows)" in presto
        assert shell.type(shell.command("filter_swords_batch.py")).count("|purchase_sword|") == 20

        words = ("bash", "-c", shell.command("filter_swords_stream.py"))
        with started(tmp_path / "stream.log", *words, environment=env) as stream:
            stream.says("Batch: 0")
            shell.type(shell.command("ab -n 10", *USERS))
            stream.until(lambda: stream.output.count("|purchase_sword|") == 20)
        words = ("bash", "-c", shell.command("write_swords_stream.py"))
        with (
            started(tmp_path / "write.log", *words, environment=env) as stream,
            started(tmp_path / "feed.log", "bash", "-c", shell.command("while true"), environment=env) as feed,
        ):
            feed.says("Complete requests")
            listing = shell.command("hadoop fs -ls /tmp/sword_purchases")
            stream.until(lambda: _parts(shell, listing) >= 2)
        assert "_spark_metadata" in shell.type(listing)
        shell.type(shell.command("docker-compose down"))
    assert not containers_left()


def _parts(shell: Shell, listing: str) -> int:
    try:
        return shell.type(listing).count(".snappy.parquet")
    except AssertionError:  # the folder is not there yet
        return 0
