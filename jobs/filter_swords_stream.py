#!/usr/bin/env python
"""Show the sword purchases as they arrive, one table for each micro-batch.

The stream starts at the topic's end, so the first batch is empty. It runs until it is stopped (SIGTERM).
"""

from game_events import extract, read_event_stream
from pyspark.sql import SparkSession


def main() -> None:
    """Print each micro-batch as soon as the one before is done."""
    spark = SparkSession.builder.appName("filter_swords_stream").getOrCreate()
    spark.sparkContext.setLogLevel("WARN")

    sword_purchases = extract(read_event_stream(spark), "purchase_sword")
    query = sword_purchases.writeStream.format("console").outputMode("append").option("numRows", 100).start()
    query.awaitTermination()


if __name__ == "__main__":
    main()
