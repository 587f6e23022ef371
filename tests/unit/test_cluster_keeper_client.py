"""The harness' side of the talk with a keeper: answers, errors that it carries, and a keeper that is gone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.cluster import runs
from harness.cluster.control import Connection, Message
from harness.cluster.faults import as_message
from harness.cluster.keeper_client import KeeperClient
from harness.errors import EnvironmentFault, UsageError

Answer = Callable[[Callable[[Connection, Message], None]], None]


@pytest.fixture
def client(tmp_path: Path) -> KeeperClient:
    (tmp_path / "keeper.log").write_text("its last words\n")
    return KeeperClient(tmp_path, tmp_path / "keeper.log")


@pytest.fixture
def answer(tmp_path: Path) -> Iterator[Answer]:
    """Take the keeper's place for one conversation."""
    threads = []

    def answering(converse: Callable[[Connection, Message], None]) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(runs.socket_path(tmp_path)))
        listener.listen()

        def once() -> None:
            with listener:
                connection = Connection(listener.accept()[0])
            converse(connection, connection.receive())
            connection.close()

        threads.append(threading.Thread(target=once))
        threads[-1].start()

    yield answering
    for thread in threads:
        thread.join()


def test_a_question_gets_its_answer(client: KeeperClient, answer: Answer) -> None:
    answer(lambda connection, request: connection.send({"event": "done", "asked": request}))
    assert client.ask(op="status", id=1)["asked"] == {"op": "status", "id": 1}


def test_an_error_that_the_keeper_answers_with_is_raised(client: KeeperClient, answer: Answer) -> None:
    answer(lambda connection, _: connection.send({"event": "error", **as_message(UsageError("Unknown service: x."))}))
    with pytest.raises(UsageError, match="Unknown service: x"):
        client.ask(op="run")


def test_a_keeper_that_is_gone_is_the_environments_fault_with_its_logs_tail(client: KeeperClient) -> None:
    with pytest.raises(EnvironmentFault, match="The cluster is gone") as caught:
        client.ask(op="status")
    assert caught.value.tail == ("its last words",)


def test_a_keeper_that_ends_without_an_answer_is_gone_too(client: KeeperClient, answer: Answer) -> None:
    answer(lambda _connection, _request: None)
    with pytest.raises(EnvironmentFault, match="The cluster is gone"):
        client.ask(op="status")


def test_a_lease_is_not_there_before_the_keeper_is(client: KeeperClient) -> None:
    assert client.take_lease() is None


def test_a_lease_that_is_kept_says_so_before_it_ends(client: KeeperClient, answer: Answer) -> None:
    heard: list[Message] = []
    ended = threading.Event()

    def grant(connection: Connection, _request: Message) -> None:
        connection.send({"event": "granted", "ports": {}, "notes": []})
        heard.extend(connection.messages())
        ended.set()

    answer(grant)
    assert client.take_lease() == {"event": "granted", "ports": {}, "notes": []}
    client.keep()
    client.release()
    assert ended.wait(10)
    assert heard == [{"keep": True}]


def test_to_keep_a_cluster_that_is_gone_is_the_environments_fault(client: KeeperClient, answer: Answer) -> None:
    ended = threading.Event()

    def grant(connection: Connection, _request: Message) -> None:
        connection.send({"event": "granted"})
        connection.close()
        ended.set()

    answer(grant)
    client.take_lease()
    ended.wait(10)
    with pytest.raises(EnvironmentFault, match="The cluster is gone"):
        client.keep()
    client.release()
