"""Step 7a: the Hive table."""

from common import REQUESTS, USERS, purchases_expected

from harness import Run, StepRecord, step


@step("Describe the Parquet files as a table in the Hive metastore")
def test_hive(run: Run, batch: StepRecord) -> None:
    """
    Parquet files are only files until something knows that they are a table. `write_hive_table.py` extracts the
    purchases as the batch job does, writes them to the same folder, and declares the external table `purchases` over
    it in the Hive metastore. *External* means that the metastore keeps only the description (name, columns, format,
    location): dropping the table leaves the files. The metastore is what Presto will ask in the next step.

    The `hive` command then counts the rows, with the table's description from the metastore and the files from HDFS.
    """
    expected = purchases_expected(run, len(USERS) * REQUESTS)
    job = run("spark", "spark-submit jobs/write_hive_table.py")
    printed = job.facts["printed"]
    assert isinstance(printed, dict)
    run.expect("rows shown", job.facts["rows"], expected)
    run.expect("rows in the table, as Spark counts", printed.get("rows in table purchases"), expected)
    counted = run("cloudera", 'hive -e "select count(*) from purchases"')
    run.expect("rows in the table, as hive counts", counted.facts["values"], [[str(expected)]])
