"""Step 9: the same filter on a stream, to the console."""

from common import REQUESTS, USERS, send_load

from harness import Run, StepRecord, step


@step("Filter a stream to the console while the load is sent again")
def test_filter_stream(run: Run, load: StepRecord) -> None:
    """
    `filter_swords_stream.py` is the same filter with `readStream` in place of `read`: it stays attached to the topic
    and prints each micro-batch as a table. It starts at the end of the topic, so the events of the steps before do not
    appear, and the first batch is empty.

    While it runs, the same `ab` commands are sent again. The purchases come out in batches; how they split over
    the batches depends on when Spark looks, but each player's purchases must add up to ten, none lost and none twice.
    Then the driver is stopped with SIGTERM.
    """
    driver = run.background("spark", "spark-submit jobs/filter_swords_stream.py")
    run.wait("the first micro-batch", lambda: bool(driver.look().facts["batches"]), timeout=120)
    send_load(run)
    sent = len(USERS) * REQUESTS

    def streamed() -> bool:
        rows = driver.look().facts["streamed_rows"]
        return isinstance(rows, int) and rows >= sent

    run.wait(f"{sent} purchases in the stream's batches", streamed)
    stream = run.stop(driver)
    batches = stream.facts["batches"]
    assert isinstance(batches, list)
    run.expect("rows of the first batch", batches[0]["rows"], 0)
    run.expect("rows of all batches", stream.facts["streamed_rows"], sent)
    run.expect("rows by player", stream.facts["by_host"], dict.fromkeys(USERS, REQUESTS))
