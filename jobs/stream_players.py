#!/usr/bin/env python
"""Follow the players' events: a table for each family of events, and one of what each player has now.

Two queries run in this one driver, each with its own checkpoint. The first writes each micro-batch's events to the
table of their family; the second keeps the fold of all events as its state, and writes it whole after each batch. What
a batch writes goes into a folder of the batch's own number, which is then made known to the metastore: a driver that
is killed and started again writes the same folders again, so that no event is lost and none counts twice. It runs
until it is stopped (SIGTERM).
"""

from collections.abc import Callable

from game_events import ROOT
from player_events import FAMILIES, fold, kafka_options, moves, parsed, rows_of, states
from pyspark.sql import DataFrame, SparkSession

STATES = "player_states"
FOLDER = f"{ROOT}/game/stream"
CHECKPOINTS = f"{FOLDER}/checkpoints"
TRIGGER = "2 seconds"


def main() -> None:
    """Run both queries until one of them ends."""
    spark = SparkSession.builder.appName("stream_players").enableHiveSupport().getOrCreate()
    spark.sparkContext.setLogLevel("WARN")

    events = parsed(spark.readStream.format("kafka").options(**kafka_options()).load()).dropDuplicates(["event_id"])
    follow("families", events, "append", write_families)
    follow(STATES, fold(moves(events)), "complete", write_states)
    spark.streams.awaitAnyTermination()


def follow(name: str, frame: DataFrame, mode: str, write: Callable[[DataFrame, int], None]) -> None:
    """Start one query."""
    writer = frame.writeStream.queryName(name).outputMode(mode).trigger(processingTime=TRIGGER)
    writer.option("checkpointLocation", f"{CHECKPOINTS}/{name}").foreachBatch(write).start()


def write_families(batch: DataFrame, number: int) -> None:
    """Write a batch's events, each family into its own table's folder of this batch."""
    batch.persist()
    for table, event_types in FAMILIES.items():
        rows = rows_of(batch, event_types)
        location = f"{FOLDER}/{table}/batch={number}"
        rows.coalesce(1).write.mode("overwrite").parquet(location)
        declare(batch.sparkSession, table, rows, f"{FOLDER}/{table}", partitioned=True)
        batch.sparkSession.sql(f"alter table `{table}` add if not exists partition (batch={number})")
    batch.unpersist()


def write_states(batch: DataFrame, number: int) -> None:
    """Write what each player has, and let the table show it in place of the batch before."""
    location = f"{FOLDER}/{STATES}/batch={number}"
    rows = states(batch).coalesce(1)
    rows.write.mode("overwrite").parquet(location)
    declare(batch.sparkSession, STATES, rows, location)
    batch.sparkSession.sql(f"alter table `{STATES}` set location '{location}'")


def declare(spark: SparkSession, table: str, rows: DataFrame, location: str, *, partitioned: bool = False) -> None:
    """Describe a table, unless it is described."""
    columns = ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in rows.schema)
    by = "partitioned by (`batch` bigint)" if partitioned else ""
    spark.sql(f"create external table if not exists `{table}` ({columns}) {by} stored as parquet location '{location}'")


if __name__ == "__main__":
    main()
