"""The cluster of several machines that one machine plays: `compose/multi.yml`, brought up and taken down.

It is no backend: the running backend reaches it by its addresses, as it would any other cluster.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from harness.cluster import probes
from harness.cluster.compose import engine, images
from harness.cluster.compose.project import Project, ProjectSpec
from harness.cluster.elsewhere import Elsewhere
from harness.cluster.probes import NotReady
from harness.cluster.running import metastore, topics
from harness.cluster.toolchain import fetch
from harness.errors import EnvironmentFault, UsageError

PROJECT = f"{engine.PROJECT_PREFIX}multi"
NETWORK = "HARNESS_MULTI_NET"
"""The variable with the first three numbers of its addresses."""

DEFAULT_NETWORK = "10.205.12"
ASIDE = ("postgres",)

BROKERS, DATANODES, WORKERS = 3, 3, 2
BOOT_TIME = 240.0
COMPOSE_TIME = 300.0
STOP_GRACE = 5.0


def elsewhere() -> Elsewhere:
    """Give its addresses. Raises UsageError when HARNESS_MULTI_NET is no network."""
    net = os.environ.get(NETWORK, DEFAULT_NETWORK)
    if not re.fullmatch(r"(?:10|172|192)(?:\.\d{1,3}){2}", net):
        raise UsageError(f"{NETWORK} cannot be {net!r}.", wanted=f"three numbers, such as {DEFAULT_NETWORK}")
    return Elsewhere(
        kafka=",".join(f"{net}.{10 + number}:29092" for number in range(1, BROKERS + 1)),
        hdfs=f"hdfs://{net}.20:8020",
        metastore=f"{net}.31:9083",
        presto=f"{net}.50:8080",
        spark=f"spark://{net}.40:7077",
        driver_host=f"{net}.1",
        namenode_http=f"{net}.20:50070",
        user="root",
        kafka_replicas=BROKERS,
        hdfs_replicas=2,
        prefix="w205_multi",
    )


def exports(there: Elsewhere) -> dict[str, str]:
    """Give the variables by which the running backend finds it; each run has a prefix of its own."""
    values = {name: value for name, value in there.as_dict().items() if isinstance(value, str | int) and value}
    return {f"HARNESS_{name.upper()}": str(value) for name, value in values.items() if name not in ("prefix", "folder")}


def up(download: fetch.Progress, say: Callable[[str], None], log: Path) -> Elsewhere:
    """Build what is missing, start every container, and wait until the cluster is whole. Gives its addresses.

    Raises EnvironmentFault naming what does not come.
    """
    there = elsewhere()
    project = _project(images.ensure(download, say, log, ASIDE))
    say(f"starting the containers of {project.spec.files[0]}")
    project.up(())
    deadline = time.monotonic() + BOOT_TIME
    while wrong := missing(there):
        ended = [state.service for state in engine.containers(PROJECT) if state.status == "exited" and state.exit_code]
        if ended or time.monotonic() > deadline:
            raise EnvironmentFault(
                "The cluster of several machines is not whole.",
                wanted=f"all of it within {BOOT_TIME:.0f} s",
                seen="; ".join([*wrong, *(f"{service} ended" for service in ended)]),
                remedy=f"`docker logs {PROJECT}-{ended[0] if ended else 'SERVICE'}-1`; then `harness multi down`",
            )
        time.sleep(1.0)
    probes.make_folders(there.namenode_http)
    return there


def missing(there: Elsewhere) -> list[str]:
    """Say what is not there yet, or no longer: a broker, a DataNode, a worker."""
    asked: Mapping[str, tuple[Callable[[], int], int]] = {
        "brokers": (lambda: topics.brokers(there.kafka), BROKERS),
        "DataNodes": (lambda: probes.live_datanodes(probes.namenode_info(there.namenode_http)), DATANODES),
        "databases": (lambda: len(metastore.databases(there.metastore)), 1),
        "Spark workers": (lambda: spark_workers(there), WORKERS),
        "Presto nodes": (lambda: probes.presto_nodes(there.presto), WORKERS + 1),
    }
    wrong = []
    for name, (count, wanted) in asked.items():
        try:
            if (found := count()) < wanted:
                wrong.append(f"{found} of {wanted} {name}")
        except (NotReady, OSError, ValueError, KeyError) as problem:
            wrong.append(f"{name}: {str(problem)[:120]}")
    return wrong


def spark_workers(there: Elsewhere) -> int:
    """Give how many workers the Spark master has, by its page for programs."""
    host = there.spark.removeprefix("spark://").rpartition(":")[0]
    return int(json.loads(probes.http_get(f"http://{host}:8080/json/"))["aliveworkers"])


def down() -> list[str]:
    """Take it down with all its data. Gives what was left, which is nothing when all went well."""
    with suppress(EnvironmentFault):  # what Compose cannot end goes by its label
        _project("latest").down(STOP_GRACE)
    return engine.remove(PROJECT)


def _project(tag: str) -> Project:
    file = images.compose_folder() / "multi.yml"
    return Project(ProjectSpec(PROJECT, (str(file),), {"HARNESS_TAG": tag}, {}), COMPOSE_TIME)
