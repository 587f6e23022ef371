"""The compose backend, for real: the same steps, runs side by side, kept clusters, and what goes wrong."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import engine
import pytest
from machine import (
    HARNESS,
    PATIENT,
    PROJECT,
    assert_a_notebook_reaches_presto,
    assert_all_holds,
    containers_left,
    harness,
    outcomes,
    run,
    started,
)

from harness.cluster.compose import images
from harness.settings import cache_dir

SAMPLE = PROJECT / "reports" / "sample" / "record.json"


@pytest.fixture(scope="module", autouse=True)
def built_images() -> None:
    """The images are built, or no test of this file runs."""
    engine.build_images()


@pytest.fixture(autouse=True)
def no_container_left() -> Iterator[None]:
    """After each test no container, network or volume of ours is left."""
    assert not containers_left()
    yield
    assert not containers_left()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> list[tuple[Path, dict[str, Any]]]:
    """Whole runs of `./run report --backend compose` at the same time: one, or as many as `--at-once` says."""
    folders = [tmp_path_factory.mktemp("run") for _ in range(pytestconfig.getoption("at_once") or 1)]
    words = [PROJECT / "run", "report", "--backend", "compose", "--out"]
    with ExitStack() as stack:
        runs = [
            stack.enter_context(started(folder / "output", *words, folder, environment=PATIENT)) for folder in folders
        ]
        ended = [going.end(timeout=1500) for going in runs]
    for end in ended:
        assert end.code == 0, end.output
    return [(folder, end.record(folder)) for folder, end in zip(folders, ended, strict=True)]


def test_runs_at_the_same_time_pass(whole: list[tuple[Path, dict[str, Any]]]) -> None:
    for out, record in whole:
        assert_all_holds(record, out)
        assert (record["backend"], record["mode"]) == ("compose", "container")
        assert {"docker-engine", "docker-compose"} <= set(record["versions"])
        servers = {service["name"]: service for service in record["services"]}
        assert set(servers) == {"zookeeper", "kafka", "namenode", "datanode", "metastore", "presto", "api"}
        assert all(service["peak_rss_bytes"] > 10_000_000 for service in servers.values())


def test_facts_and_invariants_are_those_of_a_local_run(whole: list[tuple[Path, dict[str, Any]]]) -> None:
    for out, _ in whole:
        ended = harness("diff", SAMPLE, out / "record.json")
        assert ended.code == 0, ended.output
        assert "Equal: 13 steps" in ended.output
        check = harness("check", out / "record.json")
        assert check.code == 0, check.output


def test_the_report_shows_the_compose_file_that_ran_and_commands_as_typed(
    whole: list[tuple[Path, dict[str, Any]]],
) -> None:
    out, record = whole[0]
    cluster = next(step for step in record["steps"] if step["id"] == "cluster")
    here = [command for command in cluster["commands"] if command["service"] == "host"]
    assert here[0]["stdout"] == (PROJECT / "compose" / "docker-compose.yml").read_text()
    report = (out / "README.md").read_text()
    assert 'docker compose exec mids ab -n 10 -H "Host: user1.comcast.com" http://localhost:5000/\n' in report
    assert "docker compose up --detach" in report
    assert "docker compose exec spark spark-submit jobs/filtered_writes.py" in (out / "history.txt").read_text()


def test_steps_join_the_kept_cluster_and_loading_twice_gives_40_messages(tmp_path: Path) -> None:
    words = ("--backend", "compose", "--keep", "--out", tmp_path)
    first = harness("step", "load", *words)
    try:
        assert first.code == 0, first.output
        second = harness("step", "load", *words)
        assert second.code == 0, second.output
        assert "joined the cluster" in second.output
        record = second.record(tmp_path)
        assert [s["id"] for s in record["steps"] if s["reused"]] == ["cluster", "api", "topic"]
        assert outcomes(record)["load"] == "passed"
        load = next(step for step in record["steps"] if step["id"] == "load")
        assert [c["facts"]["messages"] for c in load["commands"] if c["facts"].get("kind") == "json_lines"] == [40]
        look_at_the_cluster()
        assert_a_notebook_reaches_presto(tmp_path)
    finally:
        down = harness("down")
    assert down.code == 0, down.output


def look_at_the_cluster() -> None:
    """What a user does with a cluster that is up."""
    listing = harness("exec", "cloudera", "hadoop", "fs", "-ls", "/")
    assert listing.code == 0
    assert "Found 2 items" in listing.output
    code = harness("exec", "mids", "bash", "-c", "echo out; echo err >&2; exit 7")
    assert code.code == 7
    assert {"out", "err"} <= set(code.output.split())
    assert harness("exec", "nowhere", "true").code == 2
    states = harness("ps").output
    assert states.count(" ready ") == 7, states
    assert '"GET / HTTP/1.1" 200' in harness("logs", "api").output
    assert "namenode | " in harness("logs", "namenode").output
    ports = subprocess.run(
        ["docker", "ps", "--format", "{{.Ports}}"], capture_output=True, text=True, check=True
    ).stdout
    published = [port for port in ports.replace("\n", ", ").split(", ") if "->" in port]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published), published
    user = harness("exec", "mids", "id", "-u").output
    assert user.strip() not in ("", "0")


# What goes wrong


def test_without_an_engine_it_says_what_is_wanted(tmp_path: Path) -> None:
    env = {"DOCKER_HOST": f"unix://{tmp_path}/no.sock"}
    ended = harness("report", "--backend", "compose", "--out", tmp_path / "out", env=env)
    assert ended.code == 3, ended.output
    assert "No Docker Engine can be used here." in ended.output
    assert "--backend local" in ended.output


def test_without_compose_it_says_so(tmp_path: Path) -> None:
    places = ("/usr/lib/docker", "/usr/libexec/docker", "/usr/local/lib/docker", "/usr/local/libexec/docker")
    if any(Path(place, "cli-plugins", "docker-compose").exists() for place in places):
        pytest.skip("Compose is installed for all users")
    ended = harness("up", "--backend", "compose", env={"DOCKER_CONFIG": str(tmp_path)})
    assert ended.code == 3, ended.output
    assert "no Compose 2.24 or newer" in ended.output


def test_an_image_that_does_not_build_shows_the_end_of_its_log() -> None:
    ended = harness("up", "--backend", "compose", env={"BASE_IMAGE": "localhost:1/none"})
    assert ended.code == 3, ended.output
    assert "The image of base could not be built." in ended.output
    assert "BASE_IMAGE" in ended.output


def test_a_port_that_was_asked_for_and_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = harness("up", "--backend", "compose", "--port", f"api={port}")
    assert ended.code == 3, ended.output
    assert f"Port {port} is taken." in ended.output


def compose_file(folder: Path, **changes: dict[str, Any]) -> Path:
    """Write a compose file of ZooKeeper and mids with changes to its services."""
    services: dict[str, Any] = {
        "zookeeper": {"image": "confluentinc/cp-zookeeper:latest", "environment": {"ZOOKEEPER_CLIENT_PORT": "32181"}},
        "mids": {"image": "midsw205/base:0.1.9", "stdin_open": True, "tty": True},
    }
    for name, change in changes.items():
        services[name] = {**services.get(name, {}), **change}
    file = folder / "docker-compose.yml"
    file.write_text(json.dumps({"services": services}))
    return file


def test_a_container_that_ends_before_it_is_ready_is_named_with_its_log(tmp_path: Path) -> None:
    file = compose_file(tmp_path, zookeeper={"environment": {"ZOOKEEPER_CLIENT_PORT": "no-number"}})
    ended = harness("up", "--compose-file", file)
    assert ended.code == 3, ended.output
    assert "zookeeper is not useful." in ended.output
    assert "no-number" in ended.output
    assert "exit code" in ended.output


def test_a_container_that_is_killed_for_want_of_memory_is_named(tmp_path: Path) -> None:
    file = compose_file(tmp_path, zookeeper={"mem_limit": "24m"})
    ended = harness("up", "--compose-file", file)
    assert ended.code == 3, ended.output
    assert "zookeeper" in ended.output
    assert "memory" in ended.output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("services: [", "Compose cannot read"),
        ("services:\n  redis:\n    image: redis:7\n", "no service to type commands in"),
        (
            "services:\n  mids:\n    image: midsw205/base:0.1.9\n    volumes: ['/no/such/folder:/w205']\n",
            "/no/such/folder",
        ),
        ("services:\n  mids:\n    image: midsw205/base:0.1.9\n    volumes: ['nowhere:/w205']\n", "nowhere"),
        ("services:\n  mids:\n    image: midsw205/base:0.1.9\n    privileged: true\n", "privileged"),
    ],
)
def test_a_compose_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "docker-compose.yml"
    file.write_text(text)
    ended = harness("up", "--compose-file", file)
    assert ended.code == 2, ended.output
    assert words in ended.output
    assert not list((cache_dir() / "runs").glob("*"))


def test_other_services_of_a_file_that_cannot_be_pulled_are_named(tmp_path: Path) -> None:
    file = compose_file(tmp_path, other={"image": "localhost:1/nobody/nothing:1"})
    ended = harness("up", "--compose-file", file)
    assert ended.code == 3, ended.output
    assert "localhost:1/nobody/nothing" in ended.output


def test_the_images_are_listed_with_their_sizes() -> None:
    ended = run(HARNESS, "images", "--list", env=dict(os.environ))
    assert ended.code == 0
    for service in ("zookeeper", "kafka", "cloudera", "spark", "presto", "mids"):
        assert f"{images.REPOSITORY}/{service}:" in ended.output
