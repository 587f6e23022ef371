#!/usr/bin/env python
"""Filter one family of the players' events by what was asked for, in batch, and describe the rows as a Hive table.

`spark-submit jobs/filter_game_events.py item_events --item-type sword --min-quantity 2 --table sword_events`
"""

import argparse
import re
import sys

from game_events import ROOT, create_external_table
from player_events import FAMILIES, read_events, rows_of
from pyspark.sql import Column, SparkSession
from pyspark.sql.functions import col, lit

FOLDER = f"{ROOT}/game/filtered"


def main() -> None:
    """Write the rows that all filters keep, in place of what an earlier run wrote."""
    asked = arguments()
    spark = SparkSession.builder.appName("filter_game_events").enableHiveSupport().getOrCreate()
    spark.sparkContext.setLogLevel("WARN")

    event_types = FAMILIES[asked.family]
    rows = rows_of(read_events(spark, event_types), event_types).where(condition(asked))
    rows = rows.coalesce(1).sortWithinPartitions("player_id", "sequence")
    location = f"{FOLDER}/{asked.table}"
    refuse_tables_of_others(spark, asked.table)
    rows.write.mode("overwrite").parquet(location)
    create_external_table(spark, asked.table, rows.schema, location)
    spark.table(asked.table).drop("event_id", "event_time", "session_id", "order_id").show(100, truncate=False)
    print(f"rows in table {asked.table}: {spark.table(asked.table).count()}")


def refuse_tables_of_others(spark: SparkSession, table: str) -> None:
    """End the job where the table is there already and was not made by it."""
    if spark.catalog.tableExists(table):
        described = spark.sql(f"describe table extended `{table}`").where("col_name = 'Location'").first()
        if described is None or FOLDER not in described.data_type:
            sys.exit(f"{table} is the table of another job; --table must name one of its own")


def condition(asked: argparse.Namespace) -> Column:
    """Give what a row must fulfil to be kept."""
    found = lit(True)
    for name in ("event_type", "player_id", "guild_name", "item_type"):
        if (wanted := getattr(asked, name)) is not None:
            found &= col(name) == wanted
    if asked.min_quantity is not None:
        found &= col("quantity") >= asked.min_quantity
    return found


def arguments() -> argparse.Namespace:
    """Read the command line. A filter by what the family's rows do not have is refused."""
    parser = argparse.ArgumentParser(description="Filter one family of the players' events into a Hive table.")
    parser.add_argument("family", choices=sorted(FAMILIES))
    parser.add_argument("--event-type", help="one type of the family's events")
    parser.add_argument("--player", dest="player_id", metavar="ID", help="events of one player")
    parser.add_argument("--guild", dest="guild_name", metavar="NAME", help="guild events of one guild")
    parser.add_argument("--item-type", help="events of one type of item: sword, shield, potion or knife")
    parser.add_argument("--min-quantity", type=int, metavar="N", help="events of at least so many of an item")
    parser.add_argument("--table", required=True, type=table_name, help="the table that is made, or made anew")
    asked = parser.parse_args()
    has_items, has_guilds = asked.family != "guild_events", asked.family == "guild_events"
    if not has_items and (asked.item_type is not None or asked.min_quantity is not None):
        parser.error(f"{asked.family} have no items")
    if not has_guilds and asked.guild_name is not None:
        parser.error(f"{asked.family} have no guild")
    if asked.event_type is not None and asked.event_type not in FAMILIES[asked.family]:
        parser.error(f"--event-type: {asked.family} are {', '.join(FAMILIES[asked.family])}")
    return asked


def table_name(text: str) -> str:
    """Give a table's name as the metastore keeps it."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", text):
        raise argparse.ArgumentTypeError("a table's name has lower-case letters, digits and underscores")
    return text


if __name__ == "__main__":
    main()
