"""Making a cluster that somebody used as new, and seeing that it is: asked inside its network, between submissions.

Run as `python -m harness.grade.rerun.cleaning` it answers as `asks.py` does, and further questions. What cannot be
removed, or was set and not only made, is seen in the snapshot: the cluster then gives way to a new one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from harness.grade.rerun import asks
from harness.grade.rerun.asks import Answer

ZOOKEEPER: Final = "zookeeper:32181"
_LIVELY: Final = (
    *("/admin/delete_topics", "/brokers/seqid", "/brokers/topics", "/config/changes", "/config/topics", "/consumers"),
    *("/controller", "/controller_epoch", "/isr_change_notification", "/latest_producer_id_block"),
    *("/log_dir_event_notification", "/zookeeper"),
)
"""What Kafka changes in ZooKeeper by itself; topics are listed by Kafka."""


_REMEMBERED: Final = "select query from system.runtime.queries"
_HEALTH: Final = ("select 1", "show schemas from hive")
"""What the cluster's own probe asks, of nobody."""


def snapshot() -> Answer:
    """Give what tells a cluster as it was at its start from one that somebody has used."""
    hdfs, topics, (schemas, tables), settled = asks.side_by_side(_paths, asks.topics, _tables, lambda: dict(nodes()))
    return {"hdfs": hdfs, "topics": sorted(topics), "tables": tables, "schemas": schemas, "nodes": settled}


def _paths() -> dict[str, list[Any]]:
    statuses = [("/", json.loads(asks.hdfs("/", "GETFILESTATUS"))["FileStatus"]), *asks.tree()]
    return {path: _kept(path, status) for path, status in statuses}


def _tables() -> tuple[list[str], list[list[str]]]:
    schemas = asks.schemas()
    return schemas, sorted(map(list, asks.tables(schemas)))


def _kept(path: str, status: Mapping[str, Any]) -> list[Any]:
    """Give what of a path in HDFS can be set."""
    found = [status.get(key) for key in ("type", "owner", "group", "permission", "storagePolicy", "snapshotEnabled")]
    if status["type"] == "DIRECTORY":
        summary = json.loads(asks.hdfs(path, "GETCONTENTSUMMARY"))["ContentSummary"]
        found += [summary.get("quota"), summary.get("spaceQuota"), summary.get("typeQuota")]
    return found


def nodes() -> Iterator[tuple[str, str]]:
    """Give the nodes of ZooKeeper that do not change by themselves, with the data of Kafka's settings."""
    from kazoo.client import KazooClient  # type: ignore[import-untyped]

    client = KazooClient(ZOOKEEPER)
    client.start(asks.TIMEOUT)
    try:
        left = ["/"]
        while left:
            path = left.pop()
            data, _ = client.get(path)
            yield path, (data or b"").decode("utf-8", "replace") if path.startswith("/config") else ""
            below = (f"{path.rstrip('/')}/{name}" for name in client.get_children(path))
            left += [each for each in below if each not in _LIVELY]
    finally:
        client.stop()
        client.close()


def forget_queries() -> None:
    """Wait until Presto has forgotten what was asked for somebody: the next one can read what it remembers.

    Raises TimeoutError when it does not.
    """
    until = time.monotonic() + asks.TIMEOUT
    while others := {str(row[0]) for row in asks.query(_REMEMBERED)} - {_REMEMBERED, *_HEALTH}:
        if time.monotonic() > until:
            raise TimeoutError(f"Presto still remembers {min(others)[:200]}")
        time.sleep(0.2)


def renew() -> Answer:
    """Remove what there is, and give the snapshot, in which what cannot be removed is seen."""
    found = {**asks.clean(), **snapshot()}
    forget_queries()
    return found


ASKS: Final[Mapping[str, Callable[..., Answer]]] = {**asks.ASKS, "snapshot": snapshot, "renew": renew}

if __name__ == "__main__":
    asks.serve(ASKS)
