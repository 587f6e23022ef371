"""The metastore's calls, against a socket that answers as one does."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from harness.cluster.probes import NotReady
from harness.cluster.running import metastore

Serve = Callable[[bytes], tuple[str, list[bytes]]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Answer one call with given bytes. Gives the address, and a list that the call is put in."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answering(answer: bytes) -> tuple[str, list[bytes]]:
            asked: list[bytes] = []

            def one() -> None:
                connection, _ = listener.accept()
                with connection:
                    asked.append(connection.recv(65536))
                    connection.sendall(answer)

            threading.Thread(target=one, daemon=True).start()
            host, port = listener.getsockname()
            return f"{host}:{port}", asked

        yield answering


def text(words: str) -> bytes:
    return struct.pack(">i", len(words)) + words.encode()


def reply(name: str, fields: bytes, version: int = 0x80010002) -> bytes:
    return struct.pack(">I", version) + text(name) + struct.pack(">I", 0) + fields + b"\0"


def test_databases_are_read_from_the_answer(serve: Serve) -> None:
    listed = struct.pack(">Bh", 15, 0) + struct.pack(">Bi", 11, 2) + text("default") + text("kim_1")
    address, asked = serve(reply("get_all_databases", listed))
    assert metastore.databases(address) == ["default", "kim_1"]
    assert b"get_all_databases" in asked[0]


def test_a_database_is_made_and_dropped_by_its_name(serve: Serve) -> None:
    address, asked = serve(reply("create_database", b""))
    metastore.create_database(address, "kim_1", "hdfs://nn:8020/tmp/kim_1.db", "a run's")
    assert all(words in asked[0] for words in (b"kim_1", b"hdfs://nn:8020/tmp/kim_1.db", b"a run's"))
    address, asked = serve(reply("drop_database", b""))
    metastore.drop_database(address, "kim_1")
    assert text("kim_1") in asked[0]
    assert asked[0].endswith(b"\x02\0\x02\0\x02\0\x03\x01\0")  # its files stay, its tables go


def test_an_exception_of_the_server_is_told_in_its_words(serve: Serve) -> None:
    thrown = struct.pack(">Bh", 12, 1) + struct.pack(">Bh", 11, 1) + text("Database kim_1 already exists") + b"\0"
    address, _ = serve(reply("create_database", thrown))
    with pytest.raises(NotReady, match="create_database: Database kim_1 already exists"):
        metastore.create_database(address, "kim_1", "hdfs://nn/x", "")


def test_a_call_that_the_server_does_not_know(serve: Serve) -> None:
    unknown = struct.pack(">Bh", 11, 1) + text("Invalid method name") + struct.pack(">Bhi", 8, 2, 1)
    address, _ = serve(reply("get_all_databases", unknown, 0x80010003))
    with pytest.raises(NotReady, match="not known there: Invalid method name"):
        metastore.databases(address)


@pytest.mark.parametrize(
    "answer",
    [b"", b"\x80", b"HTTP/1.1 400 Bad Request\r\n\r\n", reply("x", b"")[:-1], struct.pack(">Ii", 0x80010002, -5)],
)
def test_what_is_no_metastore_is_not_ready(serve: Serve, answer: bytes) -> None:
    address, _ = serve(answer)
    with pytest.raises(NotReady):
        metastore.databases(address)


def test_nobody_there_is_not_ready() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(NotReady, match="ConnectionRefused"):
            metastore.databases(f"127.0.0.1:{closed.getsockname()[1]}")
