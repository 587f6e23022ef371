#!/usr/bin/env python
"""Filter the sword purchases out of the topic, write them to Parquet and describe them as a Hive table."""

from game_events import ROOT, create_external_table, table_rows
from pyspark.sql import SparkSession

TABLE = "purchases"
LOCATION = f"{ROOT}/purchases"


def main() -> None:
    """Write every purchase that the topic holds, and make the table over the files."""
    spark = SparkSession.builder.appName("write_hive_table").enableHiveSupport().getOrCreate()
    spark.sparkContext.setLogLevel("WARN")

    purchases = table_rows(spark, "purchase_sword")
    purchases.printSchema()
    purchases.show(100)

    purchases.write.mode("overwrite").parquet(LOCATION)
    create_external_table(spark, TABLE, purchases.schema, LOCATION)
    print(f"rows in table {TABLE}: {spark.table(TABLE).count()}")


if __name__ == "__main__":
    main()
