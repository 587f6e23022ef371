"""The job of `bench/extract.py`: extracts the purchases of a topic to Parquet, in our way and in the original's."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "jobs"))

from game_events import extract, read_events, table_schema
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql.functions import col, udf


def read(spark: SparkSession) -> DataFrame:
    """Only read the messages."""
    return read_events(spark)


def checked(spark: SparkSession) -> DataFrame:
    """Read each message by the schema, in Spark's own code."""
    return extract(read_events(spark), "purchase_sword").select(*table_schema("purchase_sword").names)


def original(spark: SparkSession) -> DataFrame:
    """Filter by a Python function, and make each event a Row of Python's, whose columns are guessed from the first."""

    @udf("boolean")
    def is_purchase(event_as_json: str) -> bool:
        return bool(json.loads(event_as_json)["event_type"] == "purchase_sword")

    raw = read_events(spark).select(col("value").cast("string").alias("raw"), col("timestamp").cast("string"))
    purchases = raw.filter(is_purchase("raw"))
    return purchases.rdd.map(lambda row: Row(timestamp=row.timestamp, **json.loads(row.raw))).toDF()


WAYS: dict[str, Callable[[SparkSession], DataFrame]] = {
    "read": read,
    "checked": checked,
    "ours": checked,
    "original": original,
}


def main(rounds: int, written: str, *names: str) -> None:
    """Run the ways by turns, once to warm up and then so often, and print what each took.

    Those that are `written`, with commas between, write Parquet, whose rows are counted; the rows of the others go
    nowhere.
    """
    spark = SparkSession.builder.appName("bench_extract").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    for number in range(rounds + 1):
        for name in names:
            clock = time.perf_counter()
            writer = WAYS[name](spark).write.mode("overwrite")
            if name in written.split(","):
                writer.parquet(f"/tmp/bench_extract/{name}")
            else:
                writer.format("noop").save()
            seconds = time.perf_counter() - clock
            if number:
                print(f"{name}: {seconds:.3f} s")
            if number and name in written.split(","):
                print(f"rows of {name}: {spark.read.parquet(f'/tmp/bench_extract/{name}').count()}")


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
