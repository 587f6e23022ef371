"""The first job on a cluster that exists: it shows that a master has workers that can do what later jobs need.

It runs by the harness' own `spark-submit`, with a folder of the run and its database as arguments: workers load a jar
of the driver's, write files to HDFS that the driver reads, and the driver finds the database in the metastore. The
folder is gone afterwards.
"""

import sys

from pyspark.sql import SparkSession

ROWS, TASKS = 1000, 4


def main(folder: str, database: str) -> None:
    """Write and read a few rows, and print what was found. Ends with 1 where that is not what was written."""
    spark = SparkSession.builder.appName("harness-first-job").enableHiveSupport().getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.range(0, ROWS, 1, TASKS).write.mode("overwrite").parquet(folder)
    read = spark.read.parquet(folder).count()
    known = spark.catalog.databaseExists(database)
    assert spark._jvm
    path = spark._jvm.org.apache.hadoop.fs.Path(folder)
    path.getFileSystem(spark._jsc.hadoopConfiguration()).delete(path, True)
    print(f"rows read: {read} of {ROWS}; the database {database} is known: {known}; Spark {spark.version}")
    sys.exit(read != ROWS or not known)


if __name__ == "__main__":
    main(*sys.argv[1:])
