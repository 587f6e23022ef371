"""Step 10: the stream to Parquet on HDFS, its table, and its rows through Presto."""

from common import REQUESTS, presto, query, scalar

from harness import Run, StepRecord, step

LOOPS = 3
BY_FILE = r"""select regexp_extract(\"\$path\", '[^/]+$') as file, count(*) as purchases
from sword_purchases group by 1 order by 2 desc"""
FEED = """\
while true; do
  ab -n 10 -H "Host: user1.comcast.com" http://localhost:5000/purchase_a_sword
  sleep 10
done"""


@step("Write a stream to HDFS, and count its rows through Presto")
def test_write_stream(run: Run, load: StepRecord) -> None:
    """
    `write_swords_stream.py` writes the stream of purchases to `/tmp/sword_purchases` as Parquet, a micro-batch every
    ten seconds. The checkpoint under `/tmp/checkpoints_for_sword_purchases` remembers which offsets were written, so
    that a driver that is started again goes on where it stopped.

    A shell loop feeds it: ten purchases, ten seconds of rest, again and again, until it is stopped after at least
    three rounds. `hadoop fs -ls` then shows the part files that the batches left, and `_spark_metadata`, the sink's
    own list of the files that count.

    The original stops there. Here the files become a table too (`hive -f`), and Presto counts: the rows must be ten
    for each round of the loop. The last query shows how many rows each part file holds, which is how the rows were
    split over the batches.
    """
    folder, checkpoints = map(run.names.path, ("/tmp/sword_purchases", "/tmp/checkpoints_for_sword_purchases"))
    run.clear("cloudera", f"hadoop fs -rm -r -f {folder} {checkpoints}")
    driver = run.background("spark", "spark-submit jobs/write_swords_stream.py")
    metadata = f"hadoop fs -ls {folder}/_spark_metadata"
    run.wait("the stream's first batch", lambda: run.cluster.exec("cloudera", metadata).exit_code == 0, timeout=120)
    run("cloudera", "hive -f jobs/sword_purchases.sql")

    feed = run.background("mids", FEED)
    run.wait(f"{LOOPS} rounds of the loop", lambda: _at_least(feed.look().facts.get("runs"), LOOPS), timeout=120)
    sent = run.stop(feed, group=True)
    loops = sent.facts["runs"]
    run.expect(f"at least {LOOPS} rounds", _at_least(loops, LOOPS), True)
    run.expect("failed requests", sent.facts["failed"], 0)
    assert isinstance(loops, int)
    expected = loops * REQUESTS
    run.expect("requests", sent.facts["complete"], expected)

    count = presto(run, "select count(*) from sword_purchases")
    # Presto lists the folder itself, so it may meet a file that the stream still writes, and fail: ask again.
    run.wait(f"{expected} rows through Presto", lambda: _at_least(scalar(run.cluster.exec("presto", count)), expected))
    run.stop(driver)

    files = run("cloudera", f"hadoop fs -ls {folder}")
    run.expect("_spark_metadata is there", f"{folder}/_spark_metadata" in files.stdout, True)
    run.expect("Found N items = the lines below it", files.facts["found_agrees"], True)
    counted = query(run, "select count(*) from sword_purchases")
    run.expect("rows through Presto = 10 × rounds", scalar(counted), expected)
    by_file = query(
        run,
        BY_FILE,
    )
    filled = by_file.facts["rows"]
    run.expect("at least 2 batches that are not empty", isinstance(filled, int) and filled >= 2, True)


def _at_least(value: object, least: int) -> bool:
    return isinstance(value, int) and value >= least
