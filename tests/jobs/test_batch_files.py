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


class Driver:
    """A stream's driver. Each batch waits for the files that become fewer beside it: a test wants to know when."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark, self.folder, self.compaction = spark, folder, batch_files.Compaction()
        batch_files.declare(spark, "counted", one(spark, 0), str(folder))

    def add(self, *numbers: int) -> None:
        """Do what a stream does for batches."""
        for number in numbers:
            batch_files.add_batch("counted", str(self.folder), one(self.spark, number), number)
            self.compaction.after(self.spark, {"counted": str(self.folder)}, number)
            self.compaction.finish(self.spark)


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
    driver = Driver(spark, folder)
    driver.add(0, 1, 1, 2, 2)
    assert shown(spark) == [0, 1, 2]


def test_what_a_killed_driver_left_aside_is_not_shown(
    spark: SparkSession, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Driver(spark, folder).add(0)
    with monkeypatch.context() as killed:
        killed.setattr(batch_files.Files, "move", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            Driver(spark, folder).add(1)
    assert shown(spark) == [0]
    Driver(spark, folder).add(1)
    assert shown(spark) == [0, 1]


def test_full_groups_become_one_file_and_every_row_stays(spark: SparkSession, folder: Path) -> None:
    driver = Driver(spark, folder)
    for number in range(2 * GROUP + 1):
        driver.add(number)
        assert shown(spark) == list(range(number + 1))
    Driver(spark, folder).add(2 * GROUP)
    assert shown(spark) == list(range(2 * GROUP + 1))
    whole = [name for name in files(folder) if "-whole/" in name]
    assert [name.partition("/")[0] for name in whole] == ["batches=0-whole", "batches=1-whole"]
    assert not [name for name in files(folder) if name.startswith("batches=0/")]


def test_a_driver_killed_while_files_become_one_loses_nothing(
    spark: SparkSession, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = Driver(spark, folder)
    driver.add(*range(GROUP))
    sql = spark.sql
    with monkeypatch.context() as killed:

        def until_the_metastore_is_told(text: str) -> DataFrame:
            if "set location" in text:
                raise OSError("killed")
            return sql(text)

        killed.setattr(spark, "sql", until_the_metastore_is_told)
        with pytest.raises(OSError, match="killed"):
            driver.add(GROUP)
    assert shown(spark) == list(range(GROUP + 1))
    Driver(spark, folder).add(GROUP)
    assert shown(spark) == list(range(GROUP + 1))
    assert "batches=0-whole" in files(folder)[0]


def test_groups_that_a_killed_driver_left_become_one_file_each(
    spark: SparkSession, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(batch_files, "_compact", lambda *_: None)
        driver = Driver(spark, folder)
        driver.add(*range(2 * GROUP))
    Driver(spark, folder).add(2 * GROUP)
    assert shown(spark) == list(range(2 * GROUP + 1))
    places = {name.partition("/")[0] for name in files(folder)}
    assert places == {"batches=0-whole", "batches=1-whole", "batches=1", "batches=2"}


def test_a_stream_whose_files_cannot_become_fewer_stops(
    spark: SparkSession, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = Driver(spark, folder)
    driver.add(*range(GROUP))
    monkeypatch.setattr(batch_files.Files, "exists", lambda *_: (_ for _ in ()).throw(OSError("no room")))
    driver.compaction.after(spark, {"counted": str(folder)}, GROUP)
    with pytest.raises(OSError, match="no room"):
        driver.compaction.finish(spark)


def test_a_batch_begins_with_one_table_at_most(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_files, "GROUP", GROUP)
    done: list[tuple[str, int]] = []
    monkeypatch.setattr(batch_files, "_compact", lambda _spark, table, _folder, group: done.append((table, group)))
    compaction = batch_files.Compaction()
    counts = []
    for number in range(3 * GROUP):
        compaction.after(spark, {"one": "1", "two": "2", "three": "3", "four": "4"}, number)
        if compaction._under_way:
            compaction._under_way.result()
        counts.append(len(done))
    assert counts == [0, 0, 0, 1, 2, 3, 5, 6, 7]
    assert done == [(table, group) for group in (0, 1) for table in ("one", "two", "three", "four")][:7]
