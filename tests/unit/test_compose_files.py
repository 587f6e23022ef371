"""From anybody's compose file to a project: what is taken, what is changed, what is refused and in which words."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.cluster.addresses import Reservations
from harness.cluster.compose import engine, files, images
from harness.cluster.compose.project import Project, ProjectSpec
from harness.cluster.stack import REDIS, Stack
from harness.errors import EnvironmentFault, UsageError
from harness.settings import Settings

REPOSITORY = Path(harness.__file__).parents[1]
TAG = "0123456789ab"
MIDS = "  mids: {image: midsw205/base}\n"


def compose_is_here() -> bool:
    if not shutil.which("docker"):
        return False
    asked = subprocess.run(["docker", "compose", "version", "--short"], capture_output=True, text=True)
    found = re.match(r"v?(\d+)\.(\d+)", asked.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= engine.COMPOSE_NEEDED


needs_compose = pytest.mark.skipif(not compose_is_here(), reason="needs docker compose 2.24, which reads the files")


# Which images are the course's


@pytest.mark.parametrize(
    ("image", "role"),
    [
        ("midsw205/base:0.1.9", "mids"),
        ("midsw205/base:latest", "mids"),
        ("midsw205/base", "mids"),
        ("redis", "redis"),
        ("redis:latest", "redis"),
        ("redis:5.0-alpine", "redis"),
        ("docker.io/library/redis:6", "redis"),
        ("bitnami/redis:7.0", "redis"),
        ("midsw205/hadoop:0.0.2", "cloudera"),
        ("midsw205/cdh-minimal:latest", "cloudera"),
        ("midsw205/spark-python:0.0.6", "spark"),
        ("midsw205/spark-python:0.0.5", "spark"),
        ("midsw205/presto:0.0.1", "presto"),
        ("confluentinc/cp-kafka:latest", "kafka"),
        ("confluentinc/cp-kafka:5.4.0-1-ubi8", "kafka"),
        ("confluentinc/cp-kafka", "kafka"),
        ("confluentinc/cp-zookeeper:latest", "zookeeper"),
        ("confluentinc/cp-zookeeper@sha256:" + "0f" * 32, "zookeeper"),
        ("confluentinc/cp-zookeeper:7.0@sha256:" + "0f" * 32, "zookeeper"),
        ("docker.io/midsw205/base:0.1.9", "mids"),
        ("docker.io/confluentinc/cp-kafka", "kafka"),
        *((f"pipeline-harness/{name}", name) for name in ("zookeeper", "kafka", "cloudera", "spark", "presto", "mids")),
        ("pipeline-harness/mids:0123456789ab", "mids"),
    ],
)
def test_an_image_of_the_course_has_its_role_whatever_its_tag(image: str, role: str) -> None:
    assert files.role_of(image) == role


@pytest.mark.parametrize(
    "image",
    [
        "",
        "midsw205/base-x",
        "midsw205/base/x",
        "midsw205/bases:1",
        "xmidsw205/base",
        "evil/midsw205/base",
        "evil.example.org/midsw205/base:0.1.9",
        "docker.io/evil/midsw205/base",
        "docker.ioXmidsw205/base",
        "docker,io/midsw205/base",
        "midsw205/base:",
        "midsw205/base:a:b",
        "midsw205/base:a b",
        "midsw205/base:0.1.9\n",
        "midsw205/base\n    privileged: true",
        "midsw205/base@sha256:xyz",
        "midsw205/base@md5:00",
        "MIDSW205/base",
        "confluentinc/cp-kafka-connect:latest",
        "confluentinc/cp-kafkacat",
        "confluentinc/kafka",
        "bitnami/kafka",
        "kafka",
        "pipeline-harness/base",
        "pipeline-harness/postgres",
        "pipeline-harness/",
    ],
)
def test_any_other_image_has_none(image: str) -> None:
    assert files.role_of(image) is None


# A file, and the project that is made of it


class Ports(Reservations):
    """Ports of a machine on which just these are taken."""

    def __init__(self, *taken: int) -> None:
        super().__init__()
        self.taken = {(port, protocol) for port in taken for protocol in ("tcp", "udp")}

    def _take(self, port: int, protocol: str = "tcp") -> bool:
        other = "udp" if protocol == "tcp" else "tcp"  # by which it is held
        if port > 65535 or {(port, protocol), (port, f"held by {protocol}")} & self.taken:
            return False
        self.taken |= {(port, protocol), (port, f"held by {other}")}
        return True


class Made:
    """What was made of a file: the project, the notes, and the configuration that Compose reads of it in the end."""

    def __init__(self, project: ProjectSpec, notes: list[str], config: Mapping[str, Any]) -> None:
        self.project = project
        self.notes = notes
        self.config = config
        self.services: Mapping[str, Mapping[str, Any]] = config["services"]

    def ports(self, service: str) -> list[tuple[str, str, int, str]]:
        return [
            (port.get("host_ip", ""), port["published"], port["target"], port["protocol"])
            for port in self.services[service].get("ports", ())
        ]


Make = Callable[..., Made]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Write a compose file, unless one is there or none is wanted, and make a project of it."""
    seen: list[Mapping[str, Any]] = []
    read = files.read_config

    def reading(file: Path, *overrides: Path) -> Mapping[str, Any]:
        seen.append(read(file, *overrides))
        return seen[-1]

    monkeypatch.setattr(files, "read_config", reading)

    def making(
        text: str | bytes | None = None,
        *,
        taken: tuple[int, ...] = (),
        asked: Mapping[str, int] | None = None,
        project: Path = tmp_path,
    ) -> Made:
        file = tmp_path / "their files" / "compose.yml" if text is not None else None
        if file and text is not None:
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        folder = tmp_path / "run-1"
        folder.mkdir()
        settings = Settings(project, tmp_path, "", backend="compose", ports=asked or {}, compose_file=file)
        found, notes = files.project_of(settings, folder, TAG, Ports(*taken))
        assert found.files[1] == str(folder / files.OVERRIDE)
        return Made(found, notes, seen[-1])

    return making


COURSE = """\
version: '2'
services:
  zookeeper:
    image: confluentinc/cp-zookeeper:latest
    environment:
      ZOOKEEPER_CLIENT_PORT: 32181
      ZOOKEEPER_TICK_TIME: 2000
    expose:
      - "2181"
      - "32181"
    extra_hosts:
      - "moby:127.0.0.1"
  kafka:
    image: confluentinc/cp-kafka:latest
    depends_on:
      - zookeeper
    environment:
      KAFKA_BROKER_ID: 1
      KAFKA_ZOOKEEPER_CONNECT: zookeeper:32181
      KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://kafka:29092
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: 1
    expose:
      - "9092"
      - "29092"
    extra_hosts:
      - "moby:127.0.0.1"
  cloudera:
    image: midsw205/hadoop:0.0.2
    hostname: cloudera
    expose:
      - "8020" # nn
      - "8888" # hue
    ports:
      - "8888:8888"
    extra_hosts:
      - "moby:127.0.0.1"
  spark:
    image: midsw205/spark-python:0.0.6
    stdin_open: true
    tty: true
    volumes:
      - ~/w205:/w205
    expose:
      - "8888"
    ports:
      - "8889:8888" # 8888 conflicts with hue
    depends_on:
      - cloudera
    environment:
      HADOOP_NAMENODE: cloudera
    command: bash
  presto:
    image: midsw205/presto:0.0.1
    hostname: presto
    volumes:
      - ~/w205:/w205
    expose:
      - "8080"
    environment:
      HIVE_THRIFTSERVER: cloudera:9083
  mids:
    image: midsw205/base:0.1.9
    stdin_open: true
    tty: true
    volumes:
      - ~/w205:/w205
    expose:
      - "5000"
    ports:
      - "5000:5000"
    extra_hosts:
      - "moby:127.0.0.1"
"""
SIX = {"zookeeper", "kafka", "cloudera", "spark", "presto", "mids"}


@needs_compose
def test_the_projects_own_file_is_taken_as_it_is_but_for_images_and_ports(make: Make) -> None:
    made = make(project=REPOSITORY)
    assert made.project.files[0] == str(REPOSITORY / "compose" / "docker-compose.yml")
    assert made.project.name == "pipeline-harness-run-1"
    assert made.project.services == {name: name for name in SIX}
    assert made.notes == []
    assert {name: service["image"] for name, service in made.services.items()} == {
        name: f"pipeline-harness/{name}:{TAG}" for name in SIX
    }
    assert made.ports("cloudera") == [("127.0.0.1", "50070", 50070, "tcp")]
    assert made.ports("presto") == [("127.0.0.1", "8080", 8080, "tcp")]
    assert made.ports("mids") == [("127.0.0.1", "5000", 5000, "tcp")]
    assert made.services["cloudera"]["volumes"][0]["source"] == str(REPOSITORY)
    assert not {"PATH", "PYTHONPATH"} & made.services["spark"]["environment"].keys()


@needs_compose
def test_the_courses_file_of_old_gets_our_images_loopback_ports_health_and_limits(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", os.environ.get("DOCKER_CONFIG") or str(Path.home() / ".docker"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "w205").mkdir()
    made = make(COURSE)
    assert made.project.services == {name: name for name in SIX}
    assert made.notes == []
    for name in SIX:
        service = made.services[name]
        assert service["image"] == f"pipeline-harness/{name}:{TAG}"
        assert service["pull_policy"] == "never"
        assert service["init"] is True
        assert int(service["deploy"]["resources"]["limits"]["memory"]) >= 384 << 20
    assert made.ports("cloudera") == [("127.0.0.1", "8888", 8888, "tcp")]
    assert made.ports("spark") == [("127.0.0.1", "8889", 8888, "tcp")]
    assert made.ports("mids") == [("127.0.0.1", "5000", 5000, "tcp")]
    assert made.ports("presto") == []
    with_health = {
        name: service["healthcheck"]["test"] for name, service in made.services.items() if "healthcheck" in service
    }
    assert with_health == {
        "zookeeper": ["CMD", "python3", "-I", "/opt/w205/lib/agent.py", "ready", "zookeeper"],
        "kafka": ["CMD", "python3", "-I", "/opt/w205/lib/agent.py", "ready", "kafka"],
        "cloudera": ["CMD", "python3", "-I", "/opt/w205/lib/agent.py", "ready", "datanode", "metastore"],
        "presto": ["CMD", "python3", "-I", "/opt/w205/lib/agent.py", "ready", "presto"],
    }
    assert made.services["spark"]["environment"] == {
        "HADOOP_NAMENODE": "cloudera",
        "PATH": "/opt/w205/guest/bin/spark:/usr/local/bin:/usr/bin:/bin",
        "PRESTO_PAGER": "",
        "PYTHONPATH": "/opt/w205/guest/lib:/opt/w205/python",
        "SPARK_CONF_DIR": "/opt/w205/guest/conf/spark",
        "SPARK_HOME": "/opt/w205/guest/spark-home",
    }
    by_position = {name for name in SIX if images.BY_POSITION in made.services[name]["environment"]}
    assert by_position == {"presto"}
    assert made.services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://kafka:29092"
    assert made.services["mids"]["volumes"][0]["source"] == str(tmp_path / "w205")


@needs_compose
def test_a_redis_is_ours_and_its_image_is_asked_for(make: Make, tmp_path: Path) -> None:
    text = "services:\n" + MIDS + "  store: {image: 'redis:latest', expose: ['6379']}\n"
    made = make(text)
    store = made.services["store"]
    assert store["image"] == images.name_of(REDIS, TAG)
    assert store["healthcheck"]["test"][-2:] == ["ready", "redis"]
    assert store["networks"]["default"]["aliases"] == ["redis"]
    assert made.project.services["redis"] == "store"
    file = tmp_path / "with.yml"
    file.write_text(text)
    assert files.stack_of(Settings(tmp_path, tmp_path, "t", compose_file=file)).added == (REDIS,)
    file.write_text("services:\n" + MIDS)
    assert files.stack_of(Settings(tmp_path, tmp_path, "t", compose_file=file)) == Stack()
    assert files.stack_of(Settings(tmp_path, tmp_path, "t")) == Stack()


@needs_compose
def test_the_file_that_comes_with_the_harness_has_the_users_project_at_w205(make: Make, tmp_path: Path) -> None:
    project = tmp_path / "mine: $HOME 'and' \"😀\""
    project.mkdir()
    made = make(project=project)
    assert made.project.files[0] == str(images.compose_folder() / "docker-compose.yml")
    for name in ("cloudera", "spark", "presto", "mids"):
        assert [(v["source"], v["target"]) for v in made.services[name]["volumes"]] == [(str(project), "/w205")]
    assert "volumes" not in made.services["kafka"]


def test_a_project_without_a_compose_file_uses_the_one_of_the_harness(tmp_path: Path) -> None:
    assert files.default_file(tmp_path) == images.compose_folder() / "docker-compose.yml"
    own = tmp_path / "compose" / "docker-compose.yml"
    own.parent.mkdir()
    own.touch()
    assert files.default_file(tmp_path) == own


@needs_compose
def test_what_a_file_already_says_stays_and_services_of_other_images_are_kept(make: Make) -> None:
    made = make(
        "services:\n"
        "  mids: {image: midsw205/base, init: false, mem_limit: 100m}\n"
        "  presto: {image: midsw205/presto, healthcheck: {disable: true}}\n"
        "  kafka: {image: confluentinc/cp-kafka, deploy: {resources: {limits: {memory: 200m}}}}\n"
        "  spark: {image: midsw205/spark-python, deploy: {resources: {limits: {cpus: '1'}}}}\n"
        "  db: {image: 'postgres:16', ports: ['5432:5432'], command: [-c, fsync=off]}\n"
    )
    assert made.services["mids"]["init"] is False
    assert int(made.services["mids"]["mem_limit"]) == 100 << 20
    assert made.services["presto"]["healthcheck"] == {"disable": True}
    memory = {
        name: made.services[name]["deploy"]["resources"]["limits"]["memory"] for name in ("presto", "kafka", "spark")
    }
    assert memory == {"presto": str(2 << 30), "kafka": str(200 << 20), "spark": str(3 << 30)}
    assert str(made.services["spark"]["deploy"]["resources"]["limits"]["cpus"]) == "1"
    database = made.services["db"]
    assert database["image"] == "postgres:16"
    assert database["command"] == ["-c", "fsync=off"]
    assert not {"pull_policy", "deploy", "healthcheck"} & set(database)
    assert made.ports("db") == [("127.0.0.1", "5432", 5432, "tcp")]
    assert "db" not in made.project.services.values()


# Names


@needs_compose
def test_a_service_named_otherwise_has_its_role_as_a_second_name(make: Make) -> None:
    made = make(
        "services:\n"
        "  tools: {image: midsw205/base}\n"
        "  broker: {image: confluentinc/cp-kafka, networks: [front, back]}\n"
        "  hdfs: {image: midsw205/hadoop, networks: {front: {aliases: [namenode]}}}\n"
        "  zoo: {image: confluentinc/cp-zookeeper, network_mode: 'service:tools'}\n"
        "networks: {front: {}, back: {}}\n"
    )
    assert made.project.services == {"mids": "tools", "kafka": "broker", "cloudera": "hdfs", "zookeeper": "zoo"}
    assert made.services["tools"]["image"] == f"pipeline-harness/mids:{TAG}"
    assert made.services["tools"]["networks"] == {"default": {"aliases": ["mids"]}}
    assert made.services["broker"]["networks"] == {"front": {"aliases": ["kafka"]}, "back": {"aliases": ["kafka"]}}
    assert sorted(made.services["hdfs"]["networks"]["front"]["aliases"]) == ["cloudera", "namenode"]
    assert "networks" not in made.services["zoo"]  # which has another's


@needs_compose
def test_of_two_services_with_one_role_the_one_of_that_name_is_meant_else_the_first(make: Make) -> None:
    made = make(
        "services:\n"
        "  a: {image: midsw205/base}\n"
        "  mids: {image: midsw205/base}\n"
        "  z: {image: midsw205/base}\n"
        "  k1: {image: confluentinc/cp-kafka}\n"
        "  k2: {image: confluentinc/cp-kafka}\n"
    )
    assert made.project.services == {"mids": "mids", "kafka": "k1"}
    aliases = {name: (service["networks"]["default"] or {}).get("aliases") for name, service in made.services.items()}
    assert aliases == {"a": None, "mids": None, "z": None, "k1": ["kafka"], "k2": None}


@needs_compose
def test_names_that_a_file_fixes_give_way_to_the_runs_own(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    there = subprocess.CompletedProcess([], 0, "", "")
    ask = engine.ask
    monkeypatch.setattr(engine, "ask", lambda words: there if words[1] == "inspect" else ask(words))
    made = make(
        "services:\n"
        "  mids:\n"
        "    image: midsw205/base\n"
        "    container_name: tools\n"
        "    networks: [front, usual, theirs]\n"
        "    volumes: ['kept:/kept', 'plain:/plain', 'theirs:/theirs']\n"
        "  mids2: {image: midsw205/base, container_name: mids2, network_mode: none}\n"
        "networks: {front: {name: the-net}, usual: {}, theirs: {external: true, name: of-others}}\n"
        "volumes: {kept: {name: my-data}, plain: {}, theirs: {external: true}}\n"
    )
    assert not {"container_name"} & {key for service in made.services.values() for key in service}
    aliases = {name: network["aliases"] for name, network in made.services["mids"]["networks"].items()}
    assert aliases == {key: ["tools"] for key in ("front", "usual", "theirs")}
    assert {key: item["name"] for key, item in made.config["networks"].items()} == {
        "front": "pipeline-harness-run-1_front",
        "usual": "reading_usual",
        "theirs": "of-others",
    }
    assert {key: item["name"] for key, item in made.config["volumes"].items()} == {
        "kept": "pipeline-harness-run-1_kept",
        "plain": "reading_plain",
        "theirs": "theirs",
    }


# Ports


@needs_compose
def test_every_published_port_ends_on_loopback(make: Make) -> None:
    made = make(
        "services:\n"
        "  mids:\n"
        "    image: midsw205/base\n"
        "    ports:\n"
        '      - "5000:5000"\n'
        "      - 8888:8888\n"
        "      - '0.0.0.0:7001:7001'\n"
        "      - '127.0.0.1:7002:7002'\n"
        "      - '192.0.2.1:7003:7003'\n"
        "      - '[::]:7004:7004'\n"
        "      - '7005-7006:7105-7106'\n"
        "      - '0.0.0.0:7007-7009:70'\n"
        "      - '7010:7010/udp'\n"
        "      - '7011'\n"
        "      - {target: 7012, published: '7112', host_ip: 0.0.0.0, protocol: tcp, mode: host}\n"
        "      - {target: 7013}\n"
        "  other: {image: nginx, ports: ['0.0.0.0:80:80']}\n"
    )
    assert made.notes == []
    assert made.ports("other") == [("127.0.0.1", "80", 80, "tcp")]
    found = made.ports("mids")
    assert {host for host, *_ in found} == {"127.0.0.1"}
    assert {(target, protocol): published for _, published, target, protocol in found} == {
        (5000, "tcp"): "5000",
        (8888, "tcp"): "8888",
        (7001, "tcp"): "7001",
        (7002, "tcp"): "7002",
        (7003, "tcp"): "7003",
        (7004, "tcp"): "7004",
        (7105, "tcp"): "7005",
        (7106, "tcp"): "7006",
        (70, "tcp"): "21000",
        (7010, "udp"): "7010",
        (7011, "tcp"): "21001",
        (7012, "tcp"): "7112",
        (7013, "tcp"): "21002",
    }


@needs_compose
def test_a_taken_port_is_replaced_and_said(make: Make) -> None:
    made = make(
        "services:\n  mids: {image: midsw205/base, ports: ['5000:5000', '5001:5000']}\n"
        "  presto: {image: midsw205/presto, ports: ['8080:8080', '5001:9']}\n",
        taken=(5000, 21000),
    )
    assert made.ports("mids") == [("127.0.0.1", "21001", 5000, "tcp"), ("127.0.0.1", "5001", 5000, "tcp")]
    assert made.ports("presto") == [("127.0.0.1", "8080", 8080, "tcp"), ("127.0.0.1", "21002", 9, "tcp")]
    assert made.notes == ["port 5000 of mids is taken: using 21001", "port 5001 of presto is taken: using 21002"]


@needs_compose
def test_a_number_is_published_for_tcp_first_and_udp_gets_another(make: Make) -> None:
    made = make("services:\n  mids: {image: midsw205/base, ports: ['53:53/udp', '53:53/tcp']}\n")
    assert sorted(made.ports("mids")) == [("127.0.0.1", "21000", 53, "udp"), ("127.0.0.1", "53", 53, "tcp")]
    assert made.notes == ["port 53 of mids is taken: using 21000"]


@needs_compose
def test_a_port_asked_for_is_used_and_nothing_is_said(make: Make) -> None:
    made = make(
        "services:\n"
        "  first: {image: nginx, ports: ['5050:8080', '8080:80']}\n"
        "  mids: {image: midsw205/base, ports: ['5001:5001', '5000:5000/udp', '5000:5000', '5002:5000']}\n"
        "  sql: {image: midsw205/presto, ports: ['8080:8080']}\n",
        asked={"api": 8080, "presto": 5050},
    )
    assert made.ports("sql") == [("127.0.0.1", "5050", 8080, "tcp")]
    assert ("127.0.0.1", "8080", 5000, "tcp") in made.ports("mids")
    assert ("127.0.0.1", "5002", 5000, "tcp") in made.ports("mids")
    assert ("127.0.0.1", "5000", 5000, "udp") in made.ports("mids")
    assert made.notes == ["port 5050 of first is taken: using 21000", "port 8080 of first is taken: using 21001"]


@needs_compose
def test_a_port_asked_for_and_taken_is_refused(make: Make) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        make("services:\n  mids: {image: midsw205/base, ports: ['5000:5000']}\n", taken=(6000,), asked={"api": 6000})
    assert caught.value.headline == "Port 6000 is taken."
    assert caught.value.wanted == "api on 127.0.0.1:6000, as --port asked"


@needs_compose
@pytest.mark.parametrize("listener", ["presto", "api"])
def test_a_port_asked_for_that_the_file_does_not_publish_is_refused(make: Make, listener: str) -> None:
    with pytest.raises(UsageError, match=f"--port {listener}: .*compose.yml does not publish its port") as caught:
        make(
            "services:\n  mids: {image: midsw205/base, ports: ['5001:5001']}\n"
            "  kafka: {image: confluentinc/cp-kafka}\n  other: {image: trino, ports: ['8080:8080']}\n",
            asked={listener: 6000},
        )
    assert f"--port {listener}=…" in str(caught.value.remedy)


# Refused


def refused(make: Make, text: str | bytes) -> UsageError:
    with pytest.raises(UsageError) as caught:
        make(text)
    assert "compose.yml" in caught.value.headline
    return caught.value


@needs_compose
@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (
            "services:\n  kafka: {image: confluentinc/cp-kafka}\n  db: {image: postgres}\n",
            "the images postgres, confluentinc/cp-kafka",
        ),
        ("services:\n  mids: {build: .}\n", "the images -"),
        ("services:\n  mids: {image: 'midsw205/base:${NOT_SET_ANYWHERE}'}\n", "the images midsw205/base:"),
        ("services: {}\n", "the images of no service"),
    ],
)
def test_a_file_without_a_service_for_commands_is_refused_with_what_it_has(make: Make, text: str, seen: str) -> None:
    problem = refused(make, text)
    assert "no service to type commands in" in problem.headline
    assert seen in str(problem.seen)
    assert "midsw205/base" in str(problem.wanted)


@needs_compose
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("services:\n  mids: {image: midsw205/base\n  kafka: [\n", "yaml: line 1"),
        (f"services:\n{MIDS}extra: 1\n", "extra"),
        ("version: '2'\nservices:\n  mids: {image: midsw205/base, volumes: ['d1:/x']}\n", "undefined volume d1"),
        ("services:\n  mids: {image: midsw205/base, env_file: not-there.env}\n", "not-there.env"),
        ("services:\n  mids: {image: '${NOT_SET_ANYWHERE:?wants a value}'}\n", "wants a value"),
        ("services:\n  mids: {image: midsw205/base, ports: ['70000:1']}\n", "70000"),
        ('services:\n  "mids\\n    privileged": {image: midsw205/base}\n', "privileged"),
        ("hello\n", "must be a mapping"),
        ("", "empty compose file"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "control characters"),
        ("services:\n  mids: {image: caf\u00e9}\n".encode("latin-1"), "UTF-8"),
    ],
)
def test_what_compose_refuses_is_refused_in_its_words(make: Make, text: str | bytes, words: str) -> None:
    problem = refused(make, text)
    assert problem.headline.startswith("Compose cannot read ")
    assert words in str(problem.seen)
    assert "obsolete" not in str(problem.seen)


def test_a_file_that_is_missing_or_a_folder_is_refused_without_asking_compose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ask", lambda *_: pytest.fail("asked"))
    for path in (tmp_path, tmp_path / "not-there.yml", tmp_path / "not" / "there.yml"):
        settings = Settings(tmp_path, tmp_path, "", backend="compose", compose_file=path)
        with pytest.raises(UsageError) as caught:
            files.project_of(settings, tmp_path, TAG, Ports())
        assert caught.value.headline == f"No compose file at {path}."
        assert caught.value.remedy == "--compose-file PATH"


@needs_compose
def test_a_folder_that_is_mounted_and_does_not_exist_is_refused_and_named(make: Make, tmp_path: Path) -> None:
    problem = refused(make, "services:\n" + MIDS + "  db: {image: postgres, volumes: ['../data of $$5:/var/lib']}\n")
    assert "the service db mounts a folder that does not exist" in problem.headline
    folder = tmp_path / "data of $5"
    assert problem.wanted == f"{folder}, to be /var/lib in the container"
    assert subprocess.run(["sh", "-c", str(problem.remedy)]).returncode == 0
    assert folder.is_dir()


@needs_compose
@pytest.mark.parametrize("kind", ["volume", "network"])
def test_an_external_volume_or_network_that_is_not_there_is_refused(
    make: Make, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    asked: list[list[str]] = []
    ask = engine.ask

    def asking(words: list[str]) -> subprocess.CompletedProcess[str]:
        if words[1] != "inspect":
            return ask(words)
        asked.append(words)
        return subprocess.CompletedProcess(words, 1, "", "no such")

    monkeypatch.setattr(engine, "ask", asking)
    uses = "volumes: ['theirs:/x']" if kind == "volume" else "networks: [theirs]"
    outside = f"{kind}s: {{theirs: {{external: true, name: the-one}}}}\n"
    problem = refused(make, f"services:\n  mids: {{image: midsw205/base, {uses}}}\n{outside}")
    assert asked == [[kind, "inspect", "the-one"]]
    assert f"the external {kind} theirs does not exist" in problem.headline
    assert problem.remedy == f"docker {kind} create the-one"


DANGERS = [
    ("privileged: true", "privileged: True"),
    ("network_mode: host", "network_mode: host"),
    ("pid: host", "pid: host"),
    ("ipc: host", "ipc: host"),
    ("uts: host", "uts: host"),
    ("userns_mode: host", "userns_mode: host"),
    ("cgroup: host", "cgroup: host"),
    ("networks: [hosts]", "the network hosts"),
    ("volumes: ['/var/run/docker.sock:/var/run/docker.sock']", "volume /var/run/docker.sock"),
    ("volumes: ['/run/docker.sock:/x:ro']", "volume /run/docker.sock"),
    ("volumes: [{type: bind, source: /home/me/.docker/run/docker.sock, target: /x}]", "run/docker.sock"),
    ("volumes: ['/var/run:/x']", "volume /var/run"),
    ("volumes: ['/run/:/x']", "volume /run"),
    ("volumes: ['/:/machine']", "volume /"),
    ("volumes: ['./a-link:/x']", "a-link"),
    ("cap_add: [SYS_ADMIN]", 'cap_add: ["SYS_ADMIN"]'),
    ("devices: ['/dev/kmsg:/dev/kmsg']", "devices: "),
    ("device_cgroup_rules: ['b *:* rwm']", "device_cgroup_rules: "),
    ("security_opt: ['no-new-privileges:true', 'seccomp:unconfined']", 'security_opt: ["seccomp:unconfined"]'),
    ("sysctls: {net.ipv4.ip_forward: '1'}", "sysctls: "),
    ("cgroup_parent: /", "cgroup_parent: "),
    ("runtime: other", "runtime: "),
    ("network_mode: 'container:somebodys'", "network_mode: container:somebodys"),
    ("pid: 'container:somebodys'", "pid: container:somebodys"),
    ("ipc: 'container:somebodys'", "ipc: container:somebodys"),
    ("volumes_from: ['container:somebodys']", "volumes_from: container:somebodys"),
]


@pytest.fixture(scope="module")
def dangerous(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """A file of all dangerous services, as Compose understands it."""
    file = tmp_path_factory.mktemp("dangers") / "compose.yml"
    (file.parent / "a-link").symlink_to("/var/run/docker.sock")
    services = "".join(f"  bad{number}: {{image: nginx, {asks}}}\n" for number, (asks, _) in enumerate(DANGERS))
    file.write_text(f"services:\n{MIDS}{services}networks: {{hosts: {{external: true, name: host}}}}\n")
    return files.read_config(file)


@needs_compose
@pytest.mark.parametrize("number", range(len(DANGERS)), ids=[asks for asks, _ in DANGERS])
def test_a_service_that_asks_for_the_machines_own_rights_is_refused(
    make: Make, dangerous: Mapping[str, Any], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"bad{number}"
    services = {each: service for each, service in dangerous["services"].items() if each in ("mids", name)}
    monkeypatch.setattr(files, "read_config", lambda *_: {**dangerous, "services": services})
    problem = refused(make, "")
    assert f"the service {name} asks for this machine's own rights" in problem.headline
    assert DANGERS[number][1] in str(problem.seen)


@needs_compose
@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("secrets: {s: {file: /var/run/docker.sock}}\n", "secret s: /var/run/docker.sock"),
        ("configs: {c: {file: /run/docker.sock}}\n", "config c: /run/docker.sock"),
        ("volumes: {vol: {driver_opts: {type: none, o: bind, device: /var/run}}}\n", "volume vol: /var/run"),
        ("volumes: {vol: {driver_opts: {type: none, o: bind, device: /}}}\n", "volume vol: /"),
    ],
)
def test_the_engines_socket_is_refused_by_whatever_way(make: Make, text: str, seen: str) -> None:
    uses = {"secrets": "secrets: [s]", "configs": "configs: [c]", "volumes": "volumes: ['vol:/x']"}[text.split(":")[0]]
    problem = refused(make, f"services:\n  mids: {{image: midsw205/base, {uses}}}\n{text}")
    assert "asks for the engine's own socket" in problem.headline
    assert problem.seen == seen


@needs_compose
def test_what_resembles_the_machines_own_rights_is_taken(make: Make, tmp_path: Path) -> None:
    for name in ("run $5", "docker.sock.d"):
        (tmp_path / name).mkdir()
    made = make(
        "services:\n"
        "  mids:\n"
        "    image: midsw205/base\n"
        "    privileged: false\n"
        "    ipc: shareable\n"
        "    security_opt: ['no-new-privileges:true']\n"
        "    networks: [host]\n"
        "    volumes: ['../run $$5:/run', '../docker.sock.d:/x', 'docker.sock:/y',\n"
        "      {type: tmpfs, target: /run/docker.sock}]\n"
        "volumes: {docker.sock: {}}\n"
        "networks: {host: {}}\n"
    )
    assert [mount.get("source") for mount in made.services["mids"]["volumes"]] == [
        str(tmp_path / "run $5"),
        str(tmp_path / "docker.sock.d"),
        "docker.sock",
        None,
    ]


# Texts of strangers


@needs_compose
def test_hostile_names_and_values_stay_what_they_are(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EVIL", 'x"\n    privileged: true\n    y: "')
    names = ["null", "true", "yes", "5", "0x1f", "1e3", "-", "-x", ".", "_", "on.off", "2024-01-01"]
    hostile = [
        'a"b',
        "a'b",
        "a\n    privileged: true",
        "a: {b: c}",
        "# no comment",
        "${EVIL}",
        "$${EVIL}",
        "&anchor",
        "*alias",
        "!reset null",
        "%TAG",
        "@at",
        "`tick`",
        "\\x41",
        "\u2028\u00a0\u00e9😀",
    ]
    lines = ["services:"]
    for number, name in enumerate(names):
        image = "midsw205/base" if number % 2 else "nginx"
        lines += [
            f'  "{name}":',
            f"    image: {image}",
            "    networks: ['null', '5']",
            f"    ports: ['{9000 + number}:1']",
        ]
    for number, value in enumerate(hostile):
        quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        lines += [f"  h{number}:", f"    image: {quoted}", f"    container_name: {quoted}"]
        lines += [f"    ports: [{{target: 1, published: {quoted}, host_ip: 0.0.0.0}}]"]
    lines += ["networks: {'null': {name: \"a: &b\\n$$c\"}, '5': {}}"]
    made = make("\n".join(lines) + "\n")
    assert set(made.services) == {*names, *(f"h{number}" for number in range(len(hostile)))}
    read = {"${EVIL}": os.environ["EVIL"], "$${EVIL}": "${EVIL}"}
    for number, value in enumerate(hostile):
        service = made.services[f"h{number}"]
        assert service["image"] == read.get(value, value)
        assert service["networks"]["default"]["aliases"] == [read.get(value, value)]
        assert [(port["host_ip"], port["target"]) for port in service["ports"]] == [("127.0.0.1", 1)]
    for name in names:
        assert made.services[name]["networks"].keys() == {"null", "5"}
        assert made.ports(name)[0][:2] == ("127.0.0.1", str(9000 + names.index(name)))
    usual = {"image", "pull_policy", "environment", "deploy", "init", "ports", "networks", "command", "entrypoint"}
    assert {key for service in made.services.values() for key in service} == usual
    assert {key: item["name"] for key, item in made.config["networks"].items()} == {
        "default": "reading_default",
        "null": "pipeline-harness-run-1_null",
        "5": "reading_5",
    }


@needs_compose
@pytest.mark.parametrize("protocol", ['tcp"\n    privileged: true', "${EVIL}"])
def test_what_only_the_override_makes_wrong_is_refused_before_anything_starts(
    make: Make, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    monkeypatch.setenv("EVIL", "evil")
    quoted = '"' + protocol.replace('"', '\\"').replace("\n", "\\n") + '"'
    problem = refused(
        make,
        f"services:\n  mids: {{image: midsw205/base, ports: [{{target: 1, published: '1', protocol: {quoted}}}]}}\n",
    )
    assert problem.headline.startswith("Compose cannot read ")
    assert "Invalid" in str(problem.seen)


@needs_compose
def test_a_published_port_that_is_none_is_replaced(make: Make) -> None:
    none = ("70000", "²", "abc", "0", "-5", "5-")
    ports = ", ".join(f"{{target: {number}, published: '{text}'}}" for number, text in enumerate(none, 1))
    made = make(f"services:\n  mids: {{image: midsw205/base, ports: [{ports}]}}\n")
    assert made.ports("mids") == [("127.0.0.1", str(20999 + number), number, "tcp") for number in range(1, 7)]


@needs_compose
def test_the_projects_environment_finds_file_and_override(make: Make, tmp_path: Path) -> None:
    made = make("services:\n" + MIDS)
    project = Project(made.project, 20)
    printed = subprocess.run(
        [*project.docker_compose_command(), "config", "--images"],
        env=project.environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert printed.stdout.split() == [f"pipeline-harness/mids:{TAG}"]
