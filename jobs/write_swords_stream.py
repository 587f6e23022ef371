#!/usr/bin/env python
"""Write the sword purchases to Parquet as they arrive, in micro-batches of 10 seconds.

The checkpoint holds the offsets: a stream that starts again goes on where it stopped. It runs until it is stopped
(SIGTERM). `sword_purchases.sql` makes the table over its files.
"""

from game_events import ROOT, extract, read_event_stream
from pyspark.sql import SparkSession

LOCATION = f"{ROOT}/sword_purchases"
CHECKPOINT = f"{ROOT}/checkpoints_for_sword_purchases"


def main() -> None:
    """Append each micro-batch to the files of the sink."""
    spark = SparkSession.builder.appName("write_swords_stream").getOrCreate()
    spark.sparkContext.setLogLevel("WARN")

    sink = (
        extract(read_event_stream(spark), "purchase_sword")
        .writeStream.format("parquet")
        .option("checkpointLocation", CHECKPOINT)
        .option("path", LOCATION)
        .trigger(processingTime="10 seconds")
        .start()
    )
    sink.awaitTermination()


if __name__ == "__main__":
    main()
