"""The options of the running backend, which `report`, `step` and `up` share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

_OPTIONS = (
    ("kafka", "HOST:PORT,…", "running backend: the brokers."),
    ("hdfs", "URI", "running backend: the file system, such as hdfs://namenode:8020."),
    ("metastore", "HOST:PORT", "running backend: the Hive metastore."),
    ("presto", "HOST:PORT", "running backend: Presto's coordinator."),
    ("spark", "URL", "running backend: the Spark master, such as spark://master:7077 [default: local[2]]."),
    ("driver_host", "HOST", "running backend: this machine's address, as Spark's workers reach it."),
    ("namenode_http", "HOST:PORT", "running backend: the NameNode's HTTP server, to be asked about DataNodes."),
    ("prefix", "NAME", "running backend: what the run's topics, folder and tables begin with [default: its own]."),
    ("folder", "PATH", "running backend: where in HDFS the run's folder is made [default: /tmp]."),
    ("user", "NAME", "running backend: who writes in HDFS [default: you]."),
    ("kafka_replicas", "N", "running backend: how many brokers keep each event [default: 1]."),
    ("hdfs_replicas", "N", "running backend: how many DataNodes keep each block [default: 1]."),
)


def running_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command; `given` takes them out of what the command gets."""
    for name, kind, text in reversed(_OPTIONS):
        command = click.option(f"--{name.replace('_', '-')}", f"running_{name}", metavar=kind, help=text)(command)
    return command


def given(options: Mapping[str, Any]) -> dict[str, str]:
    """Give those of the options that were typed, by the names of `harness.cluster.elsewhere.Elsewhere`."""
    found = {name: options.get(f"running_{name}") for name, _, _ in _OPTIONS}
    return {name: value for name, value in found.items() if value is not None}
