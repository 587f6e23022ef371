#!/usr/bin/env python
"""Fold every event of the topic to what each player has, in batch, and describe the result as Hive tables.

`player_states_batch` has a row for each player, `player_items_batch` one for each item that a player holds, and
`items` what there is to buy.
"""

from game_events import ROOT, create_external_table
from player_events import catalogue, fold, moves, read_events, states
from pyspark.sql import DataFrame, SparkSession


def main() -> None:
    """Write the tables, in place of what an earlier run wrote."""
    spark = SparkSession.builder.appName("fold_players").enableHiveSupport().getOrCreate()
    spark.sparkContext.setLogLevel("WARN")

    folded = fold(moves(read_events(spark))).persist()
    players = save(spark, "player_states_batch", states(folded), "player_id")
    held = folded.where("part = 'inventory' and quantity > 0").selectExpr("player_id", "name as item_id", "quantity")
    save(spark, "player_items_batch", held, "player_id", "item_id")
    save(spark, "items", catalogue(spark), "item_id")
    players.show(100, truncate=False)
    print(f"rows in table player_states_batch: {players.count()}")


def save(spark: SparkSession, table: str, rows: DataFrame, *order: str) -> DataFrame:
    """Write the rows of a table to its folder, and describe them. Gives the table."""
    location = f"{ROOT}/game/{table}"
    rows.coalesce(1).sortWithinPartitions(*order).write.mode("overwrite").parquet(location)
    create_external_table(spark, table, rows.schema, location)
    return spark.table(table)


if __name__ == "__main__":
    main()
