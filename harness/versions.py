"""The versions of the parts that a run uses."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from harness.cluster.toolchain import java
from harness.cluster.toolchain.lock import version_of
from harness.settings import cache_dir


def _hive_metastore() -> str:
    """Give the version of the metastore that comes with pyspark, from the name of its jar."""
    files = metadata.files("pyspark") or []
    jar = next((file.name for file in files if file.name.startswith("hive-metastore-")), "hive-metastore-unknown.jar")
    return jar.removeprefix("hive-metastore-").removesuffix(".jar")


@cache
def all_versions(lock: Path | None = None) -> Mapping[str, str]:
    """Give the version of each part by name, as the record keeps them; `lock` is a project's own lock file."""
    found, _ = java.find(cache_dir())
    return {
        "harness": metadata.version("pipeline-harness"),
        "python": platform.python_version(),
        "java": found.version if found else "none",
        "flask": metadata.version("flask"),
        "kafka-python": metadata.version("kafka-python"),
        "kafka": version_of("kafka", "kafka_2.13", lock),
        "zookeeper": version_of("kafka", "zookeeper", lock),
        "hadoop": version_of("hdfs", "hadoop-client-minicluster", lock),
        "spark": metadata.version("pyspark"),
        "hive-metastore": _hive_metastore(),
        "presto": version_of("presto", "presto-main", lock),
    }
