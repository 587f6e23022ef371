"""Topics of brokers that are others' too: how many brokers there are, what a run may create, what it leaves."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.cluster.names import Names
from harness.cluster.probes import TIMEOUT, NotReady, first_listening

GONE_TIME = 30.0
"""Seconds within which brokers must have forgotten topics that were deleted."""


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
    try:
        client = KafkaAdminClient(bootstrap_servers=addresses.split(","), bootstrap_timeout_ms=int(TIMEOUT * 1000))
    except (KafkaError, OSError) as problem:
        with warnings.catch_warnings():  # a client that cannot be made leaves its sockets to the garbage collector
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
        raise NotReady(f"{type(problem).__name__}: {problem}") from problem
    try:
        yield client
    except (KafkaError, OSError) as problem:
        raise NotReady(f"{type(problem).__name__}: {problem}") from problem
    finally:
        client.close()
