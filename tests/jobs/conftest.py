"""Spark by itself, for what the jobs do without a cluster."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark import SparkContext
from pyspark.sql import SparkSession

sys.path.insert(0, str(Path(__file__).parents[2] / "jobs"))


@pytest.fixture(scope="package")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session on this machine's files, with a metastore of its own."""
    folder = tmp_path_factory.mktemp("spark")
    metastore = f"jdbc:derby:;databaseName={folder}/metastore;create=true"
    made = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.hadoop.javax.jdo.option.ConnectionURL", metastore)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.extraJavaOptions", f"-Dderby.stream.error.file={folder}/derby.log")
        .enableHiveSupport()
        .getOrCreate()
    )
    made.sparkContext.setLogLevel("ERROR")
    gateway: Any = SparkContext._gateway
    yield made
    made.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()  # at which the JVM ends, that else would stay as long as this process
    gateway.proc.wait()
    SparkContext._gateway = SparkContext._jvm = None
