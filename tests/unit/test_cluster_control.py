"""The wire between harness and keeper: whole messages in order, descriptors that work, and an end that is seen."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cluster.control import Closed, Connection

Pair = tuple[Connection, Connection]


@pytest.fixture
def pair() -> Iterator[Pair]:
    one, other = (Connection(sock) for sock in socket.socketpair())
    yield one, other
    one.close()
    other.close()


def test_messages_arrive_whole_and_in_order(pair: Pair) -> None:
    one, other = pair
    sent = [{"op": "one", "words": ["é", "a\nb", None, 1.5]}, {}, {"op": "two"}]
    for message in sent:
        one.send(message)
    assert [other.receive() for _ in sent] == sent


def test_a_message_larger_than_the_sockets_buffer_arrives_whole(pair: Pair) -> None:
    one, other = pair
    message = {"text": "x" * 2_000_000}
    sender = threading.Thread(target=one.send, args=(message,))
    sender.start()
    assert other.receive() == message
    sender.join()


def test_both_sides_talk(pair: Pair) -> None:
    one, other = pair
    one.send({"ask": 1})
    other.send({"answer": other.receive()["ask"] + 1})
    assert one.receive() == {"answer": 2}


def test_descriptors_arrive_and_belong_to_the_receiver(pair: Pair, tmp_path: Path) -> None:
    one, other = pair
    files = [tmp_path / name for name in ("in", "out", "err")]
    opened = [os.open(file, os.O_WRONLY | os.O_CREAT) for file in files]
    one.send({"op": "run"}, opened)
    for descriptor in opened:
        os.close(descriptor)
    assert other.receive() == {"op": "run"}
    for file, descriptor in zip(files, other.descriptors, strict=True):
        os.write(descriptor, file.name.encode())
        os.close(descriptor)
    assert [file.read_text() for file in files] == ["in", "out", "err"]


def test_descriptors_come_with_a_message_of_any_length(pair: Pair) -> None:
    one, other = pair
    message = {"text": "x" * 2_000_000}
    reading, writing = os.pipe()
    sender = threading.Thread(target=one.send, args=(message, [writing]))
    sender.start()
    assert other.receive() == message
    sender.join()
    os.close(writing)
    os.write(other.descriptors[0], b"through")
    os.close(other.descriptors[0])
    assert os.read(reading, 100) == b"through"
    os.close(reading)


def test_the_end_of_the_other_side_is_closed(pair: Pair) -> None:
    one, other = pair
    one.close()
    with pytest.raises(Closed, match="the connection ended"):
        other.receive()
    with pytest.raises(Closed):
        other.send({"op": "late"})


def test_a_message_that_is_cut_off_is_closed_too() -> None:
    sock, other = socket.socketpair()
    sock.sendall(b'{"op": "st')
    sock.close()
    connection = Connection(other)
    with pytest.raises(Closed):
        connection.receive()
    connection.close()


def test_messages_end_when_the_other_side_ends(pair: Pair) -> None:
    one, other = pair
    one.send({"number": 1})
    one.send({"number": 2})
    one.close()
    assert list(other.messages()) == [{"number": 1}, {"number": 2}]


def test_close_wakes_the_other_side_that_waits(pair: Pair) -> None:
    one, other = pair
    ended: list[object] = []
    waiting = threading.Thread(target=lambda: ended.extend(other.messages()))
    waiting.start()
    one.send({"number": 1})
    one.close()
    waiting.join()
    assert ended == [{"number": 1}]


def test_an_answer_that_does_not_come_within_the_time_limit_is_closed(pair: Pair) -> None:
    _, other = pair
    other.set_timeout(0.01)
    with pytest.raises(Closed, match="timed out"):
        other.receive()


def test_close_may_come_twice(pair: Pair) -> None:
    pair[0].close()
    pair[0].close()


def test_a_keepers_socket_is_reached_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "control"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        connection = Connection.open(path, timeout=5)
        answering = Connection(listener.accept()[0])
        connection.send({"op": "status"})
        assert answering.receive() == {"op": "status"}
        connection.close()
        answering.close()


def test_where_nobody_listens_there_is_no_connection(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Connection.open(tmp_path / "control")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "control"))
    with pytest.raises(ConnectionRefusedError):
        Connection.open(tmp_path / "control")
