"""The job of `bench/parts.py`: what `jobs/filtered_writes.py` does, twice in one driver.

Prints for each part the moment at which it ended (Unix time, s).
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "jobs"))

import psutil
from game_events import table_rows
from pyspark.sql import SparkSession

LOCATION = "/tmp/bench_parts"


def work(spark: SparkSession) -> None:
    """Read the purchases, show, write and count them."""
    purchases = table_rows(spark, "purchase_sword")
    purchases.printSchema()
    purchases.show(100)
    purchases.write.mode("overwrite").parquet(LOCATION)
    spark.read.parquet(LOCATION).count()


def main() -> None:
    """Do the work twice, and say when each part ended."""
    moments = {"jvm": psutil.Process().create_time(), "imports": time.time()}
    spark = SparkSession.builder.appName("bench_parts").getOrCreate()
    spark.sparkContext.setLogLevel("WARN")
    moments["session"] = time.time()
    for name in ("work", "again"):
        work(spark)
        moments[name] = time.time()
    for name, moment in moments.items():
        print(f"{name}: {moment:.3f}")


if __name__ == "__main__":
    main()
