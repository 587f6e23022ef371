"""What questions to brokers leave behind when a broker is dead, or does not answer."""

from __future__ import annotations

import gc
import socket
import threading
import warnings

import pytest

from harness.cluster.probes import NotReady
from harness.cluster.running import topics


def test_a_broker_that_does_not_answer_leaves_no_thread_and_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "TIMEOUT", 0.5)
    before = {thread for thread in threading.enumerate() if thread.name.startswith("kafka-io")}
    with socket.create_server(("127.0.0.1", 0), backlog=1) as mute, socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))  # refuses, for it does not listen
        addresses = ",".join(f"127.0.0.1:{each.getsockname()[1]}" for each in (dead, mute))
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            with pytest.raises(NotReady, match="Unable to bootstrap"):
                topics.brokers(addresses)
            gc.collect()
    assert not [str(each.message) for each in warned if each.category is ResourceWarning]
    assert {thread for thread in threading.enumerate() if thread.name.startswith("kafka-io")} == before
