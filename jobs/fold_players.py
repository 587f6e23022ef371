#!/usr/bin/env python
"""Fold every event of the topic to what each player has, in batch, and describe the result as a Hive table."""

from game_events import create_external_table
from player_events import fold, moves, read_events, states
from pyspark.sql import SparkSession

TABLE = "player_states_batch"
LOCATION = "/tmp/game/player_states_batch"


def main() -> None:
    """Write a row for each player, in place of what an earlier run wrote."""
    spark = SparkSession.builder.appName("fold_players").enableHiveSupport().getOrCreate()
    spark.sparkContext.setLogLevel("WARN")

    folded = states(fold(moves(read_events(spark)))).coalesce(1).sortWithinPartitions("player_id")
    folded.write.mode("overwrite").parquet(LOCATION)
    players = spark.read.parquet(LOCATION)
    players.show(100, truncate=False)
    create_external_table(spark, TABLE, players.schema, LOCATION)
    print(f"rows in table {TABLE}: {spark.table(TABLE).count()}")


if __name__ == "__main__":
    main()
