"""Step 2: from Kafka to Parquet on HDFS."""

from harness import Run, StepRecord, step


@step("Count the visits of each page with a Spark job")
def test_counts(run: Run, visits: StepRecord) -> None:
    """
    `count_visits.py` reads the whole topic, counts the visits of each page, writes the counts to `/tmp/visits` on
    HDFS as Parquet, and declares the external table `visits` over them.
    """
    job = run("spark", f"env VISITS_TOPIC={run.names.topic('visits')} spark-submit jobs/count_visits.py")
    run.expect("rows that the job shows", job.facts["rows"], 2)
    files = run("cloudera", f"hadoop fs -ls {run.names.path('/tmp/visits')}")
    run.expect("Parquet files", files.facts["part_files"], 1)
