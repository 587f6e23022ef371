"""Step 8: the filter with an explicit schema, in batch."""

from common import REQUESTS, USERS, purchases_expected

from harness import Run, StepRecord, step

COLUMNS = ["raw_event", "timestamp", "Accept", "Host", "User-Agent", "event_type"]


@step("Filter with an explicit schema, in batch, to prepare for streaming")
def test_filter_batch(run: Run, load: StepRecord) -> None:
    """
    A stream has no end that Spark could look at to guess columns, so its schema must be written down first.
    `filter_swords_batch.py` tries that schema on the finished topic: `from_json` parses each message into the columns
    Accept, Host, User-Agent and event_type, next to the raw event and Kafka's timestamp. Nothing is written; the job
    shows the schema and the rows.
    """
    expected = purchases_expected(run, len(USERS) * REQUESTS)
    job = run("spark", "spark-submit jobs/filter_swords_batch.py")
    run.expect("columns", job.facts["columns"], COLUMNS)
    run.expect("rows", job.facts["rows"], expected)
