"""Names and ports of the original: verbatim in a private cluster, and in an open one exactly what they mean there."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from harness.cluster import addresses
from harness.cluster.addresses import ORIGINAL, Addresses, Reservations, hosts_file
from harness.errors import EnvironmentFault, UsageError

PRIVATE = Addresses("private", {name: port for name, (_, port) in ORIGINAL.items()})
OPEN = Addresses("open", {name: 40_000 + number for number, name in enumerate(ORIGINAL)})
KAFKA, NAMENODE, PRESTO, API = (f"127.0.0.1:{OPEN.ports[name]}" for name in ("kafka", "namenode", "presto", "api"))

COMMANDS = [
    ("kafkacat -C -b kafka:29092 -t events -o beginning -e", f"kafkacat -C -b {KAFKA} -t events -o beginning -e"),
    ("--bootstrap-server=kafka:29092", f"--bootstrap-server={KAFKA}"),
    ("kafka:29092,kafka:29092;kafka:29092", f"{KAFKA},{KAFKA};{KAFKA}"),
    ("export B='kafka:29092' && echo \"$B\"", f"export B='{KAFKA}' && echo \"$B\""),
    (
        "while true; do\n  ab -n 10 -H 'Host: user1.comcast.com' http://localhost:5000/; sleep 10\ndone",
        f"while true; do\n  ab -n 10 -H 'Host: user1.comcast.com' http://{API}/; sleep 10\ndone",
    ),
    ("presto --server presto:8080 --execute 'select 1'", f"presto --server {PRESTO} --execute 'select 1'"),
    ("hadoop fs -ls hdfs://cloudera/tmp/purchases", f"hadoop fs -ls hdfs://{NAMENODE}/tmp/purchases"),
    ("hadoop fs -ls hdfs://cloudera:8020/tmp", f"hadoop fs -ls hdfs://{NAMENODE}/tmp"),
    ("hadoop fs -ls 'hdfs://cloudera'", f"hadoop fs -ls 'hdfs://{NAMENODE}'"),
]
NOT_MEANT = [
    "mykafka:29092",
    "my-kafka:29092",
    "broker.kafka:29092",
    "_kafka:29092",
    "kafka:290921",
    "kafka:29092x",
    "kafka:9092",
    "kafkas:29092",
    "kafka 29092",
    "presto:50070",
    "user1.comcast.com:80",
    "notlocalhost:5000",
    "localhost:8080",
    "hdfs://cloudera.example.com/tmp",
    "hdfs://cloudera-2/tmp",
    "hdfs://cloudera2/tmp",
    "cloudera/tmp",
]


@pytest.mark.parametrize("command", [*(command for command, _ in COMMANDS), *NOT_MEANT])
def test_a_private_cluster_changes_nothing(command: str) -> None:
    assert PRIVATE.translate(command) == command


@pytest.mark.parametrize(("command", "translated"), COMMANDS)
def test_an_open_cluster_puts_its_own_addresses_in_their_place(command: str, translated: str) -> None:
    assert OPEN.translate(command) == translated


@pytest.mark.parametrize("command", NOT_MEANT)
def test_other_words_stay(command: str) -> None:
    assert OPEN.translate(command) == command


def test_every_listener_of_the_original_is_translated() -> None:
    for name, (host, port) in ORIGINAL.items():
        assert OPEN.translate(f"{host}:{port}") == f"127.0.0.1:{OPEN.ports[name]}"


def test_a_translated_command_translated_again_stays() -> None:
    for _, translated in COMMANDS:
        assert OPEN.translate(translated) == translated


def test_a_listener_is_at_its_name_in_private_and_at_loopback_in_open() -> None:
    assert PRIVATE.at("kafka") == "kafka:29092"
    assert PRIVATE.at("metastore") == "cloudera:9083"
    assert OPEN.at("kafka") == KAFKA


def test_the_hosts_file_has_every_service_at_loopback() -> None:
    lines = hosts_file().splitlines()
    assert lines[0] == "127.0.0.1 localhost"
    assert {line.split()[1] for line in lines} >= {host for host, _ in ORIGINAL.values()}
    assert {line.split()[0] for line in lines} == {"127.0.0.1"}


Listen = Callable[[str, int], socket.socket]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Listen on a host and a port (0: any), as another program would."""
    opened = []

    def listening(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
        opened.append(socket.create_server((host, port)))
        return opened[-1]

    yield listening
    for server in opened:
        server.close()


@pytest.fixture
def reserve() -> Iterator[Callable[[], Reservations]]:
    made: list[Reservations] = []

    def new() -> Reservations:
        made.append(Reservations())
        return made[-1]

    yield new
    for item in made:
        item.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(autouse=True)
def two_listeners(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """For reservations the original's ports are two that this machine has free now."""
    if "reserve" in request.fixturenames:
        monkeypatch.setattr(addresses, "ORIGINAL", {"kafka": ("kafka", free_port()), "api": ("localhost", free_port())})


def original(listener: str) -> int:
    return addresses.ORIGINAL[listener][1]


Reserve = Callable[[], Reservations]


def test_a_free_original_port_is_used_and_nothing_is_said(reserve: Reserve) -> None:
    assert reserve().choose({}) == ({"kafka": original("kafka"), "api": original("api")}, [])


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_original_port_is_replaced_and_that_is_said(reserve: Reserve, listen: Listen, host: str) -> None:
    listen(host, original("kafka"))
    ports, notes = reserve().choose({})
    assert ports["kafka"] != original("kafka")
    assert ports["api"] == original("api")
    assert notes == [f"port {original('kafka')} of kafka is taken: using {ports['kafka']}"]


def test_a_server_can_listen_on_a_reserved_port(reserve: Reserve, listen: Listen) -> None:
    for port in reserve().choose({})[0].values():
        listen("127.0.0.1", port)


def test_a_port_asked_for_is_used_and_nothing_is_said(reserve: Reserve) -> None:
    wanted = free_port()
    assert reserve().choose({"kafka": wanted}) == ({"kafka": wanted, "api": original("api")}, [])


def test_a_port_asked_for_comes_before_another_listeners_original_one(reserve: Reserve) -> None:
    ports, notes = reserve().choose({"api": original("kafka")})
    assert ports["api"] == original("kafka")
    assert notes == [f"port {original('kafka')} of kafka is taken: using {ports['kafka']}"]


def test_a_port_asked_for_and_taken_is_refused_with_its_number_and_the_option(reserve: Reserve, listen: Listen) -> None:
    port = listen("127.0.0.1", 0).getsockname()[1]
    with pytest.raises(EnvironmentFault) as caught:
        reserve().choose({"kafka": port})
    assert caught.value.headline == f"Port {port} is taken."
    assert caught.value.wanted == f"kafka on 127.0.0.1:{port}, as --port asked"
    assert "--port kafka=…" in str(caught.value.remedy)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux, where a listener's process can be told")
def test_the_process_that_has_the_port_is_named(reserve: Reserve, listen: Listen) -> None:
    port = listen("127.0.0.1", 0).getsockname()[1]
    with pytest.raises(EnvironmentFault) as caught:
        reserve().choose({"kafka": port})
    assert f"(process {os.getpid()}, " in str(caught.value.seen)


def test_an_unknown_listener_is_refused_with_those_that_there_are(reserve: Reserve) -> None:
    with pytest.raises(UsageError) as caught:
        reserve().choose({"kafak": 29092})
    assert "kafak" in caught.value.headline
    assert caught.value.wanted == "kafka, api"


def test_a_listener_that_is_added_has_a_port_too_and_its_address_means_this_cluster(reserve: Reserve) -> None:
    free = free_port()
    added = {"redis": ("redis", free)}
    first, second = reserve().choose({}, added=added)[0], reserve().choose({}, added=added)
    assert first["redis"] == free
    assert second[0]["redis"] != free
    assert any(f"port {free} of redis is taken" in note for note in second[1])
    assert Addresses("private", first, added=added).at("redis") == f"redis:{free}"
    there = Addresses("open", {**second[0], "namenode": 8020}, added=added).translate(
        f"redis-cli -u redis://redis:{free}/0 my.redis:{free}"
    )
    assert there == f"redis-cli -u redis://127.0.0.1:{second[0]['redis']}/0 my.redis:{free}"


def test_two_clusters_never_share_a_port(reserve: Reserve) -> None:
    clusters = [reserve().choose({})[0] for _ in range(4)]
    assert len({port for ports in clusters for port in ports.values()}) == 8


def test_a_reserved_port_cannot_be_asked_for(reserve: Reserve) -> None:
    ports, _ = reserve().choose({})
    with pytest.raises(EnvironmentFault):
        reserve().choose({"kafka": ports["api"]})


def test_close_frees_the_ports(reserve: Reserve) -> None:
    first = reserve()
    first.choose({})
    first.close()
    assert reserve().choose({}) == ({"kafka": original("kafka"), "api": original("api")}, [])


def test_where_no_port_is_left_the_range_is_named(
    reserve: Reserve, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen("127.0.0.1", original("kafka"))
    monkeypatch.setattr(addresses, "_OTHER_PORTS", range(original("kafka"), original("kafka") + 1))
    with pytest.raises(EnvironmentFault, match="No free port") as caught:
        reserve().choose({})
    assert str(original("kafka")) in str(caught.value.wanted)


# One port at a time, for a container's


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def test_one_free_port_is_used_and_held(reserve: Reserve, listen: Listen) -> None:
    port = free_port()
    assert reserve().one(port) == port
    assert reserve().one(port) != port
    listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_one_taken_port_is_replaced(reserve: Reserve, listen: Listen, host: str) -> None:
    port = listen(host, 0).getsockname()[1]
    assert reserve().one(port) in addresses._OTHER_PORTS


def test_without_an_original_and_for_a_number_that_is_none_any_port_is_given(reserve: Reserve) -> None:
    ports = reserve()
    given = [ports.one(original) for original in (None, 0, 70_000)]
    assert len(set(given)) == 3
    assert set(given) <= set(addresses._OTHER_PORTS)


def test_a_udp_port_is_held_and_a_udp_server_can_be_on_it(reserve: Reserve) -> None:
    port = free_udp_port()
    assert reserve().one(port, "udp") == port
    assert reserve().one(port, "udp") != port
    assert reserve().one(port) != port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", port))


@pytest.mark.parametrize("shares", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_udp_port_is_replaced(reserve: Reserve, host: str, shares: bool) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, shares)
        server.bind((host, 0))
        port = server.getsockname()[1]
        assert reserve().one(port, "udp") in addresses._OTHER_PORTS


def test_a_listener_takes_the_port_that_was_asked_for_or_none(reserve: Reserve, listen: Listen) -> None:
    port = free_port()
    assert reserve().take("kafka", port) == port
    with pytest.raises(EnvironmentFault, match=f"Port {port} is taken"):
        reserve().take("api", port)


def within(client: socket.socket, low: int, high: int) -> None:
    """Let the kernel choose a connection's port from these alone."""
    ip_local_port_range = 51  # Linux 6.3 and later; Python has no name for it
    try:
        client.setsockopt(socket.IPPROTO_IP, ip_local_port_range, struct.pack("=I", high << 16 | low))
    except OSError:
        pytest.skip("this system cannot narrow the ports of one connection")


def test_no_outgoing_connection_gets_a_held_port(reserve: Reserve, listen: Listen) -> None:
    ports = range(50_500, 50_510)
    server = listen("127.0.0.1", 0).getsockname()
    held = {port for port in ports[::2] if reserve().one(port) == port}
    assert held
    with ExitStack() as opened:
        for _ in ports:
            client = opened.enter_context(socket.socket())
            within(client, ports[0], ports[-1])
            with suppress(OSError):  # all that are free are in use
                client.connect(server)
                assert client.getsockname()[1] not in held
