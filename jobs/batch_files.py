"""Tables whose rows a stream adds, each exactly once for any reader of the folder, Presto too.

A batch's rows become one file, which is written aside and then moved to its place, whole, by one step of HDFS: a driver
that is killed leaves nothing in the table that is not whole, and finds what it had moved when it comes to that batch
again. Spark's own sink keeps a list of its files instead, which Spark alone reads.

Files do not grow in number for ever: `GROUP` batches share a partition, and when it is full its rows are written anew
as one file, to which the metastore then points the partition, again in one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from pyspark.sql import DataFrame, SparkSession

GROUP = 20
"""Batches of one partition."""

PARTITION = "batches"
"""The name of the partition's column: the number of the group."""


def add_batch(table: str, folder: str, rows: DataFrame, number: int) -> None:
    """Add a batch's rows to a table, unless they are there. `folder` is the table's; `number` counts batches from 0."""
    spark = rows.sparkSession
    group = number // GROUP
    place = f"{folder}/{PARTITION}={group}"
    file = f"{place}/batch-{number}.parquet"
    files = Files(spark)
    if files.exists(file):
        return
    aside = f"{folder}/_aside"
    rows.coalesce(1).write.mode("overwrite").parquet(aside)
    (written,) = files.named(f"{aside}/part-*")
    if not files.exists(place):  # else the metastore knows it, since it is told first
        spark.sql(f"alter table `{table}` add if not exists partition ({PARTITION}={group}) location '{place}'")
        files.make(place)
    files.move(written, file)


class Compaction:
    """Writes each full group as one file, one table at a time, beside the batches: they do not wait for it.

    Each batch begins with one table at most, for both share the processors. The first batch of a group waits until all
    tables of the group before are done; so a driver that comes after a killed one has two groups to look at.
    """

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, "compaction")
        self._group = -1
        self._due: list[tuple[str, str]] = []
        self._under_way: Future[None] | None = None

    def after(self, spark: SparkSession, folders: Mapping[str, str], number: int) -> None:
        """Go on with the group before that of the batch `number`. `folders` are those of the tables.

        Raises what an earlier compaction ended with: a stream whose files cannot become fewer is to stop.
        """
        group = number // GROUP - 1
        if group != self._group:
            self.finish(spark)
            self._group, self._due = group, list(folders.items())
        if self._under_way is None or self._under_way.done():
            self._begin(spark)

    def finish(self, spark: SparkSession) -> None:
        """Do all that is due."""
        while self._under_way:
            self._under_way.result()
            self._begin(spark)

    def _begin(self, spark: SparkSession) -> None:
        """Begin with the next table, when the one before it has ended well."""
        if self._under_way:
            self._under_way.result()
        self._under_way = None
        if self._due:
            self._under_way = self._worker.submit(_compact, spark, *self._due.pop(0), self._group)


def _compact(spark: SparkSession, table: str, folder: str, group: int) -> None:
    """Write a group of a table as one file.

    The files that it had stay until the next group is full, for queries that read them already.
    """
    files = Files(spark)
    _make_one_file(spark, files, table, folder, group - 1)  # where a killed driver did not
    files.remove(f"{folder}/{PARTITION}={group - 1}")
    _make_one_file(spark, files, table, folder, group)


def _make_one_file(spark: SparkSession, files: Files, table: str, folder: str, group: int) -> None:
    place, whole = f"{folder}/{PARTITION}={group}", f"{folder}/{PARTITION}={group}-whole"
    if not files.exists(place):
        return
    if not files.exists(f"{whole}/_SUCCESS"):
        rows = spark.read.schema(spark.table(table).drop(PARTITION).schema).parquet(place)
        rows.coalesce(1).write.mode("overwrite").parquet(whole)
    spark.sql(f"alter table `{table}` partition ({PARTITION}={group}) set location '{whole}'")


def declare(spark: SparkSession, table: str, rows: DataFrame, folder: str) -> None:
    """Describe a table of batches, unless it is described."""
    spark.sql(
        f"create external table if not exists `{table}` ({columns(rows)}) partitioned by (`{PARTITION}` bigint)"
        f" stored as parquet location '{folder}'"
    )


def columns(rows: DataFrame) -> str:
    """Give the columns of rows as a CREATE TABLE has them."""
    return ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in rows.schema)


class Files:
    """The steps of HDFS that jobs need. Each is done by one call of the NameNode, so it is done whole or not at all."""

    def __init__(self, spark: SparkSession) -> None:
        assert spark._jvm
        self._path: Any = spark._jvm.org.apache.hadoop.fs.Path
        self._configuration: Any = spark._jsc.hadoopConfiguration()

    def exists(self, path: str) -> bool:
        """Say whether there is such a file or folder."""
        return bool(self._system(path).exists(self._path(path)))

    def named(self, pattern: str) -> list[str]:
        """Give the paths that match a pattern."""
        return [each.getPath().toString() for each in self._system(pattern).globStatus(self._path(pattern))]

    def make(self, folder: str) -> None:
        """Make a folder, unless it is there."""
        self._system(folder).mkdirs(self._path(folder))

    def move(self, source: str, target: str) -> None:
        """Give a file another name. Raises OSError when that is taken, or the file is not there."""
        if not self._system(source).rename(self._path(source), self._path(target)):
            raise OSError(f"{source} cannot become {target}")

    def remove(self, folder: str) -> None:
        """Remove a folder with all that is in it, if it is there."""
        self._system(folder).delete(self._path(folder), True)

    def _system(self, path: str) -> Any:
        return self._path(path).getFileSystem(self._configuration)
