"""The stack of a project: servers that it adds and leaves out, as pyproject.toml says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from layouts import layout_in

from harness.cluster import commands, probes
from harness.cluster import services as service_definitions
from harness.cluster.layout import Layout
from harness.cluster.probes import NotReady
from harness.cluster.services import services
from harness.cluster.stack import REDIS, SERVERS, AddedService, Stack
from harness.errors import UsageError
from harness.settings import resolve

STORE = """
[tool.harness.services.store]
command = "store --listen {bind}:{port} --data {data} --broker kafka:29092"
port = 7000
ready = "/up"
programs = { store = "store-server" }
needs = ["kafka"]
memory = "128m"
"""

Read = Callable[[str], Stack]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def made(text: str) -> Stack:
        (tmp_path / "pyproject.toml").write_text(f"[tool.harness]\n{text}")
        return resolve(project=tmp_path).stack

    return made


def test_without_a_line_it_is_the_assignments_own(read: Read) -> None:
    assert read("") == Stack()
    assert Stack().servers == SERVERS


def test_a_server_is_added_by_a_table_and_others_are_left_out(read: Read) -> None:
    found = read(f'without = ["presto"]\ncourse = 2018\n{STORE}')
    (store,) = found.added
    assert store == AddedService(
        "store",
        "store --listen {bind}:{port} --data {data} --broker kafka:29092",
        7000,
        "/up",
        {"store": "store-server"},
        ("kafka",),
        "128m",
    )
    assert found.servers == ("zookeeper", "kafka", "namenode", "datanode", "metastore", "store")
    assert (found.course, store.variable) == (True, "STORE_ADDRESS")
    assert Stack.of(found.as_dict()) == found


def test_a_lock_beside_it_is_the_projects_own(read: Read, tmp_path: Path) -> None:
    (tmp_path / "toolchain.lock").write_text("")
    assert read("").lock == tmp_path / "toolchain.lock"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('without = ["kafak"]', 2, "tool.harness.without"),
        ('without = "kafka"', 2, "a list of"),
        ('without = ["zookeeper"]', 2, "kafka needs zookeeper"),
        ('without = ["kafka", "zookeeper"]\n' + STORE, 2, "store needs kafka"),
        ("course = 2019", 2, "2018"),
        ("services = 3", 2, "a table for each server"),
        ('[tool.harness.services.kafka]\ncommand = "x"\nport = 1', 2, "no server of the assignment"),
        ('[tool.harness.services.Store]\ncommand = "x"\nport = 1', 2, "lower-case"),
        ("[tool.harness.services.store]\nport = 7000", 2, "the command that starts"),
        ('[tool.harness.services.store]\nport = "7000"\ncommand = "x"', 3, "from 1 to 65535"),
        ('[tool.harness.services.store]\ncommand = "x"\nport = 8080', 4, "a port that no server"),
        ('[tool.harness.services.store]\ncommand = "x {home}"\nport = 7', 3, "{bind}, {port}, {data}"),
        ('[tool.harness.services.store]\ncommand = "x"\nimage = "redis"\nport = 7', 4, "one of the keys command"),
        ('[tool.harness.services.store]\ncommand = "x"\nport = 7\nneeds = ["presot"]', 5, "servers of"),
        ('[tool.harness.services.store]\ncommand = "x"\nport = 7\nneeds = ["store"]', 5, "servers of"),
        ('[tool.harness.services.store]\ncommand = "x"\nport = 7\nprograms = { "a b" = "c" }', 5, "a table such as"),
        ('[tool.harness.services.store]\ncommand = "x"\nport = 7\nmemory = "many"', 5, "a size such as"),
        (
            '[tool.harness.services.a]\ncommand = "x"\nport = 7\nneeds = ["b"]\n'
            '[tool.harness.services.b]\ncommand = "x"\nport = 8\nneeds = ["a"]',
            5,
            "none waits for itself",
        ),
    ],
)
def test_what_cannot_be_taken_is_named_with_its_line(
    read: Read, tmp_path: Path, text: str, line: int, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert f"{tmp_path / 'pyproject.toml'}:{line}: " in caught.value.headline
    assert words in str(caught.value)
    assert caught.value.remedy


def test_a_port_of_an_added_server_can_be_asked_for_and_an_unknown_one_cannot(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.harness]\n{STORE}")
    assert resolve(project=tmp_path, ports={"store": 7001}).ports == {"store": 7001}
    with pytest.raises(UsageError, match="Unknown service for --port: sotre"):
        resolve(project=tmp_path, ports={"sotre": 7001})


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A layout with a server that writes where it is and what it was given."""
    monkeypatch.setattr(service_definitions, "_Java", lambda _: lambda *_, **__: ("true",))
    monkeypatch.setattr(Layout, "pyspark_jars", ())
    store = AddedService("store", "echo {bind} {port} kafka:29092 $PWD $STORE_ADDRESS", 7000, needs=("kafka",))
    made = layout_in(tmp_path)
    stack = Stack(added=(store,), without=("presto",))
    ports = {**made.addresses.ports, "store": 7001}
    addresses = replace(made.addresses, mode="open", ports=ports, added=stack.listeners)
    return replace(made, stack=stack, addresses=addresses)


def test_an_added_server_starts_in_a_folder_of_its_own_with_this_clusters_addresses(layout: Layout) -> None:
    found = services(layout)
    assert list(found) == ["zookeeper", "kafka", "namenode", "datanode", "metastore", "api", "store"]
    store = found["store"]
    environment = {**commands.environment(layout, "store"), "PATH": os.environ["PATH"]}
    said = subprocess.run(store.command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert said == ["127.0.0.1", "7001", "127.0.0.1:29092", str(layout.data / "store-data"), "127.0.0.1:7001"]
    assert (store.room, store.needs, store.probe.question) == ("store", ("kafka",), "a connection to 127.0.0.1:7001")


def test_it_is_ready_when_its_command_ends_with_0_and_not_before(tmp_path: Path) -> None:
    probe = probes.of_added(7, f"cat {tmp_path / 'said'}", os.environ)
    with pytest.raises(NotReady, match="exit code 1"):
        probe.ask()
    (tmp_path / "said").write_text("one\nready\x1b[31m\n")
    assert probe.ask() == "ready[31m"


def test_it_is_ready_when_it_answers_over_http_what_is_no_error_of_its_own(tmp_path: Path) -> None:
    serve = (
        "import http.server as h\n"
        "class A(h.BaseHTTPRequestHandler):\n"
        "    def do_GET(self): self.send_response({'/up': 200, '/no': 404}.get(self.path, 503)); self.end_headers()\n"
        "    def log_message(self, *a): pass\n"
        "s = h.HTTPServer(('127.0.0.1', 0), A); print(s.server_port, flush=True); s.serve_forever()\n"
    )
    with subprocess.Popen([sys.executable, "-c", serve], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        port = int(server.stdout.readline())
        assert probes.of_added(port, "/up", {}).ask() == "HTTP 200"
        assert probes.of_added(port, "/no", {}).ask() == "HTTP 404"
        assert probes.of_added(port, "", {}).ask() == "takes connections"
        with pytest.raises(NotReady, match="HTTP 503"):
            probes.of_added(port, "/ill", {}).ask()
        server.terminate()
    with pytest.raises(NotReady):
        probes.of_added(port, "", {}).ask()


def test_the_redis_of_submissions_keeps_nothing_and_reaches_no_file() -> None:
    for name in ("CONFIG", "DEBUG", "MODULE"):
        assert f"--rename-command {name} ''" in REDIS.command
    assert "--save ''" in REDIS.command
