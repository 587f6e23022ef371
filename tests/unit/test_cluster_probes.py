"""A probe answers, or says what it saw: whatever a half-started server sends, it raises NotReady."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from harness.cluster import probes
from harness.cluster.probes import NotReady, Probe

Serve = Callable[[bytes], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Answer one connection with these bytes. Gives the port."""
    threads = []

    def serving(answer: bytes) -> int:
        listener = socket.create_server(("127.0.0.1", 0))

        def once() -> None:
            with listener, listener.accept()[0] as connection:
                connection.settimeout(10)
                connection.recv(65536)
                connection.sendall(answer)

        threads.append(threading.Thread(target=once))
        threads[-1].start()
        return int(listener.getsockname()[1])

    yield serving
    for thread in threads:
        thread.join()


def test_a_good_answer_is_given_in_a_few_words(serve: Serve) -> None:
    assert probes.http_ok(serve(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"), "/healthz").ask() == "ok"
    assert probes.zookeeper(serve(b"Zookeeper version: 3\nMode: standalone\n")).ask() == "Mode: standalone"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut",
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{]}",
    ],
)
@pytest.mark.parametrize("probe", [probes.namenode, probes.datanode, probes.presto])
def test_a_half_started_http_server_is_not_ready(serve: Serve, probe: Callable[[int], Probe], answer: bytes) -> None:
    with pytest.raises(NotReady):
        probe(serve(answer)).ask()


@pytest.mark.parametrize("answer", [b"", b"\x80", b"not serving requests\n"])
@pytest.mark.parametrize("probe", [probes.zookeeper, probes.metastore])
def test_a_half_started_server_of_its_own_protocol_is_not_ready(
    serve: Serve, probe: Callable[[int], Probe], answer: bytes
) -> None:
    with pytest.raises(NotReady):
        probe(serve(answer)).ask()


def test_where_nobody_listens_it_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for probe in (probes.zookeeper(port), probes.metastore(port), probes.http_ok(port, "/"), probes.presto(port)):
        with pytest.raises(NotReady, match="refused"):
            probe.ask()
