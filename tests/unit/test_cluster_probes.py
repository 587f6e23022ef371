"""A probe answers, or says what it saw: whatever a half-started server sends, it raises NotReady."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

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
    assert probes.http_answer(serve(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"), "/healthz").ask() == "ok"
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


def test_a_query_without_an_end_is_given_up_and_taken_back() -> None:
    asked = []

    class GoesOn(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.command)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            said = json.dumps({"nextUri": f"http://127.0.0.1:{self.server.server_port}/next"}).encode()  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_DELETE = do_POST  # noqa: N815 - the names of the standard library

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), GoesOn) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(NotReady, match=r"show schemas: no end after 0 s"):
            probes.presto_query(f"127.0.0.1:{server.server_port}", "show schemas", within=0.2)
        server.shutdown()
    assert asked[0] == "POST"
    assert asked[1:] == ["GET"] * (len(asked) - 2) + ["DELETE"]


def test_where_nobody_listens_it_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for probe in (probes.zookeeper(port), probes.metastore(port), probes.http_answer(port, "/"), probes.presto(port)):
        with pytest.raises(NotReady, match="refused"):
            probe.ask()
