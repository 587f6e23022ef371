"""What the engine's command line prints is understood, and where none can be used it is said why, with a remedy."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.cluster.compose import engine
from harness.cluster.compose.engine import ContainerState
from harness.errors import EnvironmentFault

Docker = Callable[[str], None]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """Put a script in the place of docker. `$*` holds its arguments."""

    def docking(script: str) -> None:
        (tmp_path / "docker").write_text(f"#!/bin/sh\ncd {tmp_path}\n{script}\n")
        (tmp_path / "docker").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return docking


WELL = 'case "$*" in "version "*) echo 28.2.2;; "compose version --short") echo {};; esac'


@pytest.mark.parametrize("version", ["2.24.0", "2.26.1-4", "v2.40.3-desktop.1", "5.0.1"])
def test_an_engine_with_a_compose_that_is_new_enough_can_be_used(docker: Docker, version: str) -> None:
    docker(WELL.format(version))
    assert engine.why_not() is None
    engine.check()
    assert engine.versions() == {"docker-engine": "28.2.2", "docker-compose": version}


@pytest.mark.parametrize(
    ("compose", "seen"),
    [
        ("echo 2.23.3", "2.23.3"),
        ("echo 1.29.2", "1.29.2"),
        ("echo dev", "dev"),
        ("""echo "docker: 'compose' is not a docker command." >&2; exit 1""", "'compose' is not a docker command"),
        ("exit 1", "no compose"),
    ],
)
def test_a_compose_that_is_too_old_or_missing_is_named_with_the_version_that_is_needed(
    docker: Docker, compose: str, seen: str
) -> None:
    docker(f'[ "$1" = version ] && echo 28.2.2 && exit 0; {compose}')
    found = engine.why_not()
    assert found
    assert found[0].startswith("no Compose 2.24 or newer: ")
    assert seen in found[0]
    assert "docs.docker.com/compose/install" in found[1]


@pytest.mark.parametrize(
    ("words", "seen", "remedy"),
    [
        ("Cannot connect to the Docker daemon at unix:///x. Is it running?", "Cannot connect", "start the engine"),
        (
            "permission denied while trying to connect to /x: dial: permission denied",
            "permission denied: ",
            "group docker",
        ),
        ("", "no answer", "start the engine"),
    ],
)
def test_an_engine_that_does_not_answer_is_said_in_its_words(
    docker: Docker, words: str, seen: str, remedy: str
) -> None:
    docker(f"echo; echo warning >&2; echo '{words}' >&2; exit 1" if words else "exit 1")
    with pytest.raises(EnvironmentFault) as caught:
        engine.check()
    assert caught.value.headline == "No Docker Engine can be used here."
    assert str(caught.value.seen).startswith(seen)
    assert remedy in str(caught.value.remedy)
    assert "--backend local" in str(caught.value.remedy)


def test_a_machine_without_docker_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine.why_not() == ("no docker on PATH", "install Docker (docs.docker.com/engine/install)")
    with pytest.raises(EnvironmentFault, match="The command docker is not here") as caught:
        engine.ask(["ps"])
    assert "--backend local" in str(caught.value.remedy)


def test_an_engine_that_hangs_is_not_waited_for_longer_than_its_time(docker: Docker) -> None:
    docker("exec sleep 30")
    with pytest.raises(EnvironmentFault) as caught:
        engine.ask(["ps", "--all"], timeout=0.1)
    assert caught.value.headline == "The Docker Engine does not answer."
    assert caught.value.wanted == "docker ps within 0 s"


def test_a_question_has_no_stdin_and_its_answer_may_be_no_text(docker: Docker) -> None:
    docker("cat; printf 'caf\\351 %s' \"$VERSION\"; exit 4")
    answer = engine.ask(["ps"], environment={"VERSION": "7", "PATH": os.environ["PATH"]})
    assert (answer.stdout, answer.returncode) == ("caf\\xe9 7", 4)


def test_an_images_id_and_size_are_read_and_a_missing_image_has_none(docker: Docker) -> None:
    docker('case "$*" in *missing*) exit 1;; *Id*) echo sha256:0f;; *Size*) echo 1200;; esac')
    assert (engine.image_id("x"), engine.image_size("x")) == ("sha256:0f", 1200)
    assert (engine.image_id("missing"), engine.image_size("missing")) == (None, None)


@pytest.mark.parametrize("answer", ["3.11 x86_64", "3.12 aarch64"])
def test_the_python_of_an_image_is_asked_without_a_network(docker: Docker, tmp_path: Path, answer: str) -> None:
    docker(f'echo "$*" >words; echo {answer}')
    assert engine.python_of("base:1") == tuple(answer.split())
    assert (tmp_path / "words").read_text().startswith("run --rm --network none --entrypoint python3 base:1 -c ")


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        ("echo 3.10 x86_64", "3.10 x86_64"),
        ("echo 2.7 x86_64", "2.7 x86_64"),
        ("echo first >&2; echo 'python3: not found' >&2; exit 127", "python3: not found"),
        ("exit 125", "no answer"),
    ],
)
def test_a_base_image_without_a_new_enough_python_is_refused(docker: Docker, answer: str, seen: str) -> None:
    docker(answer)
    with pytest.raises(EnvironmentFault) as caught:
        engine.python_of("base:1")
    assert caught.value.headline == "The base image has no usable Python (base:1)."
    assert caught.value.seen == seen


def container(number: str, service: str | None, **state: object) -> dict[str, object]:
    labels = {} if service is None else {"com.docker.compose.service": service}
    usual = {"Status": "running", "ExitCode": 0, "OOMKilled": False, "Error": ""}
    return {"Id": number, "Config": {"Labels": labels}, "State": {**usual, **state}}


def test_the_containers_of_a_project_are_read_ended_ones_too(docker: Docker, tmp_path: Path) -> None:
    killed = {"Status": "exited", "ExitCode": 137, "OOMKilled": True, "Error": "no port"}
    answer = [container("aa", "kafka"), container("bb", "db", **killed), container("cc", None)]
    (tmp_path / "answer").write_text(json.dumps(answer))
    docker('echo "$*" >>words; case "$1" in ps) echo aa; echo bb; echo cc;; inspect) cat answer;; esac')
    assert engine.containers("p-1") == [
        ContainerState("aa", "kafka", "running", 0, False, ""),
        ContainerState("bb", "db", "exited", 137, True, "no port"),
        ContainerState("cc", "", "running", 0, False, ""),
    ]
    assert (tmp_path / "words").read_text().splitlines() == [
        "ps --all --quiet --no-trunc --filter label=com.docker.compose.project=p-1",
        "inspect aa bb cc",
    ]


@pytest.mark.parametrize(
    "script", ["exit 0", '[ "$1" = ps ] && echo aa; exit 1', '[ "$1" = ps ] && echo aa || echo []']
)
def test_a_project_without_containers_has_none_also_when_they_go_while_it_is_asked(docker: Docker, script: str) -> None:
    docker(script)
    assert engine.containers("p-1") == []


class Engine:
    """An engine with things of projects; each question takes 0.01 s of its own clock."""

    def __init__(self) -> None:
        self.there: list[tuple[str, str]] = []
        self.late: list[tuple[float, tuple[str, str]]] = []
        self.stuck: set[str] = set()
        self.now = 100.0

    def ask(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.now += 0.01
        self.there += [item for at, item in self.late if at <= self.now]
        self.late = [(at, item) for at, item in self.late if at > self.now]
        kind = words[0] if words[0] in ("network", "volume") else "container"
        if "rm" in words:
            names = set(words) - self.stuck
            if kind == "network" and ("container", "c1") in self.there:
                names = set()  # as long as a container has it
            self.there = [item for item in self.there if item[0] != kind or item[1] not in names]
            return subprocess.CompletedProcess(words, 0, "", "")
        assert words[-1] == "label=com.docker.compose.project=p-1"
        listed = "\n".join(name for each, name in self.there if each == kind)
        return subprocess.CompletedProcess(words, 0, listed, "")

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def things(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setattr(engine, "ask", made.ask)
    monkeypatch.setattr(engine, "time", SimpleNamespace(monotonic=lambda: made.now, sleep=made.sleep))
    return made


ALL = [("container", "c1"), ("container", "c2"), ("network", "n1"), ("volume", "v1")]


def test_everything_of_a_project_is_named_and_removed(things: Engine) -> None:
    things.there = list(ALL)
    assert engine.left("p-1") == ["container c1", "container c2", "network n1", "volume v1"]
    assert engine.remove("p-1") == []
    assert things.there == []


def test_what_is_still_made_by_a_command_that_was_killed_is_removed_too(things: Engine) -> None:
    things.there = list(ALL)
    things.late = [(100.6, ("container", "late"))]
    assert engine.remove("p-1") == []
    assert (things.there, things.late) == ([], [])


def test_what_cannot_be_removed_is_told_when_time_is_up(things: Engine) -> None:
    things.there = list(ALL)
    things.stuck = {"c1"}
    assert engine.remove("p-1", within=5.0) == ["container c1", "network n1"]
    assert 105 <= things.now < 107


def test_where_nothing_is_there_little_time_is_spent(things: Engine) -> None:
    assert engine.remove("p-1") == []
    assert things.now < 101
