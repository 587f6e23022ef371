"""Topics of brokers that are others' too: how many brokers there are, what a run may create, what it leaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

from harness.cluster.names import Names
from harness.cluster.probes import TIMEOUT, NotReady, first_listening

GONE_TIME = 30.0
"""Seconds within which brokers must have forgotten topics that were deleted."""

DIRECT = "direct"
"""The scheme by which kafka-python knows our way to connect."""


def brokers(addresses: str) -> int:
    """Give how many brokers the cluster has now. Raises NotReady when none answers."""
    with admin(addresses) as asked:
        return len(asked.describe_cluster()["brokers"])


def of_run(addresses: str, names: Names) -> list[str]:
    """Give the topics that carry a run's prefix. Raises NotReady when no broker answers."""
    with admin(addresses) as asked:
        return sorted(topic for topic in asked.list_topics() if topic.startswith(names.topic("")))


def may_create(addresses: str, names: Names) -> None:
    """Let the brokers check a topic of this run without making it. Raises NotReady with their reason against it."""
    wanted = {names.topic("may-create"): {"num_partitions": 1, "replication_factor": names.replicas}}
    with admin(addresses) as asked:
        asked.create_topics(wanted, validate_only=True)


def delete(addresses: str, names: Names) -> None:
    """Delete the topics that carry a run's prefix, and wait until they are gone. Raises NotReady when some are not."""
    deadline = time.monotonic() + GONE_TIME
    while left := of_run(addresses, names):
        if time.monotonic() > deadline:
            raise NotReady(f"after {GONE_TIME:.0f} s there still are {', '.join(left)}")
        with admin(addresses) as asked:
            asked.delete_topics(left, raise_errors=False)
        time.sleep(0.5)


@contextmanager
def admin(addresses: str) -> Iterator[Any]:
    """Give kafka-python's admin client. Errors of Kafka become NotReady."""
    from kafka import KafkaAdminClient  # type: ignore[import-untyped]
    from kafka.errors import KafkaError  # type: ignore[import-untyped]

    first_listening(addresses)  # where nobody does, a client would try for long
    options = {"proxy_url": f"{DIRECT}://", "bootstrap_timeout_ms": int(TIMEOUT * 1000)}
    _close_what_does_not_connect()
    with ExitStack() as stack:

        def connect(**given: Any) -> Any:
            client = KafkaAdminClient.DEFAULT_CONFIG["kafka_client"](**given)
            stack.callback(client.close)  # an admin client that cannot be made does not end its thread
            return client

        try:
            yield KafkaAdminClient(bootstrap_servers=addresses.split(","), kafka_client=connect, **options)
        except (KafkaError, OSError) as problem:
            raise NotReady(f"{type(problem).__name__}: {problem}") from problem


@cache
def _close_what_does_not_connect() -> None:
    """Give kafka-python a way to connect that closes its socket where a broker is dead: its own leaves it open."""
    from kafka.net.inet import KafkaNetSocket  # type: ignore[import-untyped]

    class Direct(KafkaNetSocket):  # type: ignore[misc]
        SCHEMES = (DIRECT,)  # by which it is known from now on

        async def sock_connect(self, net: Any, sock: Any, *rest: Any, **more: Any) -> Any:
            try:
                return await super().sock_connect(net, sock, *rest, **more)
            except BaseException:
                sock.close()
                raise
