"""The job of `bench/cluster.py`: writes a table of numbers and says on which machines, or times a query over it."""

import sys
import time

from pyspark.sql import SparkSession

ROWS, FILES = 20_000_000, 16
HOST = "reflect('java.net.InetAddress', 'getLocalHost')"


def main(what: str, rounds: int = 1) -> None:
    """Write or read."""
    spark = SparkSession.builder.appName("bench_cluster").enableHiveSupport().getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    if what == "write":
        numbers = spark.range(0, ROWS, 1, FILES).selectExpr("id as n")
        numbers.write.mode("overwrite").parquet("/tmp/bench/numbers")
        spark.sql("drop table if exists numbers")
        spark.sql("create external table numbers (n bigint) stored as parquet location '/tmp/bench/numbers'")
        tasks = spark.range(0, FILES, 1, FILES).selectExpr(f"{HOST} as host").groupBy("host").count()
        for row in sorted(tasks.collect()):
            print(f"tasks on {row.host.rpartition('/')[2]}: {row['count']}")
    for _ in range(rounds if what == "read" else 0):
        clock = time.perf_counter()
        spark.sql("select count(*), sum(n * n % 97), approx_count_distinct(n % 100000) from numbers").collect()
        print(f"seconds: {time.perf_counter() - clock:.2f}")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
