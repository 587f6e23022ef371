#!/usr/bin/env python
"""Follow the players' events: a table for each family of events, one of what each player has now, and a quarantine.

Two queries run in this one driver, each with its own checkpoint. The first adds each micro-batch's events to the table
of their family, and every message that is no event to the table `quarantine`, with its bytes, its place in Kafka and
the reason: no message stops the stream, and each one is in one of these tables. The second keeps the fold of all events
as its state, and writes it whole after each batch. A driver that is killed and started again does what was not
finished once more, and nothing counts twice: `batch_files.py` says how. It runs until it is stopped (SIGTERM).
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import batch_files
from game_events import ROOT
from player_events import FAMILIES, checked, fold, kafka_options, moves, rows_of, states
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

STATES = "player_states"
QUARANTINE = "quarantine"
FOLDER = f"{ROOT}/game/stream"
CHECKPOINTS = f"{FOLDER}/checkpoints"
TRIGGER = "2 seconds"
STATES_TRIGGER = "5 seconds"
"""The states are written whole each time, so less often."""

CLASSES = 1000
"""Generated classes that Spark keeps compiled: with the usual 100, each batch would compile many of them again."""

KEPT = 3
"""Batches whose states are kept, for queries that read one while the next is shown."""


def main() -> None:
    """Run both queries until one of them ends."""
    named = SparkSession.builder.appName("stream_players").enableHiveSupport()
    spark = named.config("spark.sql.codegen.cache.maxEntries", CLASSES).getOrCreate()
    spark.sparkContext.setLogLevel("WARN")

    messages = checked(spark.readStream.format("kafka").options(**kafka_options()).load())
    own = f.concat_ws("/", "topic", "partition", "offset")
    once = messages.withColumn("identity", f.coalesce("event.event_id", own)).dropDuplicates(["identity"])
    for table, rows in by_table(once).items():
        batch_files.declare(spark, table, rows, f"{FOLDER}/{table}")
    follow("families", once, "append", TRIGGER, partial(write_families, batch_files.Compaction()))
    events = once.where("reason is null").select("event.*")
    follow(STATES, fold(moves(events)), "complete", STATES_TRIGGER, write_states)
    spark.streams.awaitAnyTermination()


def follow(name: str, frame: DataFrame, mode: str, every: str, write: Callable[[DataFrame, int], None]) -> None:
    """Start one query, with a micro-batch so often."""
    writer = frame.writeStream.queryName(name).outputMode(mode).trigger(processingTime=every)
    writer.option("checkpointLocation", f"{CHECKPOINTS}/{name}").foreachBatch(write).start()


def by_table(messages: DataFrame) -> Mapping[str, DataFrame]:
    """Give the rows of each table: the events of each family, and what is no event."""
    events = messages.where("reason is null").select("event.*")
    tables = {table: rows_of(events, event_types) for table, event_types in FAMILIES.items()}
    quarantined = messages.where("reason is not null")
    tables[QUARANTINE] = quarantined.select("reason", "shape", "topic", "partition", "offset", "timestamp", "value")
    return tables


def write_families(compaction: batch_files.Compaction, batch: DataFrame, number: int) -> None:
    """Add a batch's rows to the tables that have some, and let the tables' files become fewer."""
    batch.persist()
    kinds = batch.agg(f.collect_set(f.coalesce("event.event_type", f.lit(QUARANTINE)))).first()
    there = set(kinds[0]) if kinds else set()
    tables = by_table(batch)
    folders = {table: f"{FOLDER}/{table}" for table in tables}
    due = [table for table in tables if there & set(FAMILIES.get(table, (QUARANTINE,)))]
    with ThreadPoolExecutor(len(tables)) as pool:  # each waits most of its time, for HDFS or the metastore
        added = [pool.submit(batch_files.add_batch, table, folders[table], tables[table], number) for table in due]
    for each in added:
        each.result()
    batch.unpersist()
    compaction.after(batch.sparkSession, folders, number)


def write_states(batch: DataFrame, number: int) -> None:
    """Write what each player has, and let the table show it in place of the batch before."""
    spark, folder = batch.sparkSession, f"{FOLDER}/{STATES}"
    rows = states(batch).coalesce(1)
    rows.write.mode("overwrite").parquet(f"{folder}/batch={number}")
    shown = f"stored as parquet location '{folder}/batch={number}'"
    spark.sql(f"create external table if not exists `{STATES}` ({batch_files.columns(rows)}) {shown}")
    spark.sql(f"alter table `{STATES}` set location '{folder}/batch={number}'")
    batch_files.Files(spark).remove(f"{folder}/batch={number - KEPT}")


if __name__ == "__main__":
    main()
