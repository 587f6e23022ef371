#!/usr/bin/env python
"""Show the sword purchases that the topic holds, beside the messages that they came from."""

from game_events import extract, read_events
from pyspark.sql import SparkSession


def main() -> None:
    """Show every purchase from the first message to the latest."""
    spark = SparkSession.builder.appName("filter_swords_batch").getOrCreate()
    spark.sparkContext.setLogLevel("WARN")

    sword_purchases = extract(read_events(spark), "purchase_sword")
    sword_purchases.printSchema()
    sword_purchases.show(100)


if __name__ == "__main__":
    main()
