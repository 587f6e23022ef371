"""Count the visits of each page, and write the counts to Parquet with a table over them."""

from __future__ import annotations

import os

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, count, from_json

TOPIC = os.environ.get("VISITS_TOPIC", "visits")
LOCATION = f"{os.environ.get('HDFS_ROOT', '/tmp')}/visits"  # in HDFS


def main() -> None:
    """Count what the topic holds, in place of what an earlier run counted."""
    spark = SparkSession.builder.appName("count_visits").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    messages = (
        spark.read.format("kafka")
        .option("kafka.bootstrap.servers", os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "kafka:29092"))
        .option("subscribe", TOPIC)
        .load()
    )
    visits = messages.select(from_json(col("value").cast("string"), "event_type string, page string").alias("visit"))
    counts = visits.groupBy("visit.page").agg(count("*").alias("visits")).orderBy("page")
    counts.show()
    counts.coalesce(1).write.mode("overwrite").parquet(LOCATION)
    columns = "page string, visits bigint"
    spark.sql(f"create external table if not exists visits ({columns}) stored as parquet location '{LOCATION}'")


if __name__ == "__main__":
    main()
