#!/usr/bin/env python
"""Filter the sword purchases out of the topic and write them to Parquet."""

from game_events import ROOT, table_rows
from pyspark.sql import SparkSession

LOCATION = f"{ROOT}/purchases"


def main() -> None:
    """Write every purchase that the topic holds, in place of what an earlier run wrote."""
    spark = SparkSession.builder.appName("filtered_writes").getOrCreate()
    spark.sparkContext.setLogLevel("WARN")

    purchases = table_rows(spark, "purchase_sword")
    purchases.printSchema()
    purchases.show(100)

    purchases.write.mode("overwrite").parquet(LOCATION)
    print(f"rows in {LOCATION}: {spark.read.parquet(LOCATION).count()}")


if __name__ == "__main__":
    main()
