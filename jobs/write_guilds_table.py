#!/usr/bin/env python
"""Filter the guild joins out of the topic, write them to Parquet and describe them as a Hive table."""

from game_events import ROOT, create_external_table, table_rows
from pyspark.sql import SparkSession

TABLE = "guild_joins"
LOCATION = f"{ROOT}/guild_joins"


def main() -> None:
    """Write every guild join that the topic holds, and make the table over the files."""
    spark = SparkSession.builder.appName("write_guilds_table").enableHiveSupport().getOrCreate()
    spark.sparkContext.setLogLevel("WARN")

    joins = table_rows(spark, "join_guild")
    joins.printSchema()
    joins.show(100)

    joins.write.mode("overwrite").parquet(LOCATION)
    print(f"rows in {LOCATION}: {spark.read.parquet(LOCATION).count()}")
    create_external_table(spark, TABLE, joins.schema, LOCATION)
    print(f"rows in table {TABLE}: {spark.table(TABLE).count()}")


if __name__ == "__main__":
    main()
