"""Tables of batches: each batch once, whatever was left half done, and few files."""

from __future__ import annotations

from pathlib import Path

import batch_files
import pytest
from pyspark.sql import DataFrame, SparkSession

GROUP = 3


def files(folder: Path) -> list[str]:
    """Give the files of the folders that the table shows or showed."""
    return sorted(str(each.relative_to(folder)) for each in folder.glob("batches=*/*.parquet"))


def one(spark: SparkSession, number: int) -> DataFrame:
    """Give the row of one batch."""
    return spark.range(number, number + 1, 1, 1).selectExpr("id as n")


def add(spark: SparkSession, folder: Path, number: int) -> None:
    """Do what a stream does for a batch."""
    batch_files.declare(spark, "counted", one(spark, number), str(folder))
    batch_files.compact(spark, "counted", str(folder), number)
    batch_files.add_batch("counted", str(folder), one(spark, number), number)


def shown(spark: SparkSession) -> list[int]:
    """Give what the table shows."""
    spark.catalog.refreshTable("counted")
    return sorted(row.n for row in spark.table("counted").collect())


@pytest.fixture
def folder(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(batch_files, "GROUP", GROUP)
    spark.sql("drop table if exists counted")
    return tmp_path / "counted"


def test_a_batch_that_comes_again_counts_once(spark: SparkSession, folder: Path) -> None:
    for number in (0, 1, 1, 2, 2):
        add(spark, folder, number)
    assert shown(spark) == [0, 1, 2]


def test_what_a_killed_driver_left_aside_is_not_shown(
    spark: SparkSession, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(spark, folder, 0)
    with monkeypatch.context() as killed:
        killed.setattr(batch_files.Files, "move", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            add(spark, folder, 1)
    assert shown(spark) == [0]
    add(spark, folder, 1)
    assert shown(spark) == [0, 1]


def test_full_groups_become_one_file_and_every_row_stays(spark: SparkSession, folder: Path) -> None:
    for number in range(2 * GROUP + 1):
        add(spark, folder, number)
        assert shown(spark) == list(range(number + 1))
    add(spark, folder, 2 * GROUP)
    assert shown(spark) == list(range(2 * GROUP + 1))
    whole = [name for name in files(folder) if "-whole/" in name]
    assert [name.partition("/")[0] for name in whole] == ["batches=0-whole", "batches=1-whole"]
    assert not [name for name in files(folder) if name.startswith("batches=0/")]


def test_a_driver_killed_while_files_become_one_loses_nothing(
    spark: SparkSession, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(GROUP):
        add(spark, folder, number)
    sql = spark.sql
    with monkeypatch.context() as killed:

        def until_the_metastore_is_told(text: str) -> DataFrame:
            if "set location" in text:
                raise KeyboardInterrupt
            return sql(text)

        killed.setattr(spark, "sql", until_the_metastore_is_told)
        with pytest.raises(KeyboardInterrupt):
            add(spark, folder, GROUP)
    assert shown(spark) == list(range(GROUP))
    add(spark, folder, GROUP)
    assert shown(spark) == list(range(GROUP + 1))
