"""Step 6: from Kafka to Parquet on HDFS, in batch."""

from common import REQUESTS, USERS, purchases_expected

from harness import Fact, Run, StepRecord, step

COLUMNS = ["Accept", "Host", "User-Agent", "event_type", "timestamp"]


@step("Filter the purchases and write them to HDFS with a Spark batch job")
def test_batch(run: Run, load: StepRecord) -> None:
    """
    `filtered_writes.py` reads the whole topic as a batch (from the earliest offset to the latest), parses each message
    with an explicit schema, keeps the events whose type is `purchase_sword`, adds Kafka's own timestamp, and writes
    the rows as Parquet files to `/tmp/purchases` on HDFS, in place of what an earlier run wrote there. The job prints
    the schema, the rows, and how many rows it finds when it reads the files back.

    `hadoop fs -ls` then shows the folder on HDFS: the marker `_SUCCESS` says that the job committed its output, and
    the `part-` file holds the rows.
    """
    expected = purchases_expected(run, len(USERS) * REQUESTS)
    root, purchases = run.names.root, run.names.path("/tmp/purchases")
    job = run("spark", "spark-submit jobs/filtered_writes.py")
    run.expect("columns", job.facts["columns"], COLUMNS)
    run.expect("schema", job.facts["schemas"], [[[name, "string"] for name in COLUMNS]])
    run.expect("rows shown", job.facts["rows"], expected)
    run.expect("rows of other types", list(_dict(job.facts["by_event_type"])), ["purchase_sword"])
    run.expect("rows read back", _dict(job.facts["printed"]).get(f"rows in {purchases}"), expected)

    folder = run("cloudera", f"hadoop fs -ls {root}/")
    run.expect("/tmp/purchases is there", purchases in folder.stdout, True)
    run.expect("Found N items = the lines below it", folder.facts["found_agrees"], True)
    files = run("cloudera", f"hadoop fs -ls {purchases}")
    run.expect("part files", files.facts["part_files"] != 0, True)
    run.expect("the job's output is committed", f"{purchases}/_SUCCESS" in files.stdout, True)


def _dict(value: Fact) -> dict[str, Fact]:
    assert isinstance(value, dict)
    return value
