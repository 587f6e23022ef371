"""Step 5: load."""

from common import REQUESTS, ROUTES, USERS, empty, messages, send_load

from harness import Run, StepRecord, step


@step("Generate load with Apache Bench: two players, two actions, ten requests each")
def test_load(run: Run, api: StepRecord, topic: StepRecord) -> None:
    """
    `ab` sends ten requests for each player and action, with the player's host in the Host header: 2 players × 2
    actions × 10 = 40 requests. Its report must say 10 complete and 0 failed each time; the document is 30 bytes long
    for `/` and 17 for `/purchase_a_sword`, and that length times ten is the HTML transferred.

    The same 40 requests must then be found twice more: as 40 lines in the log of the Flask server, and as 40 messages
    in the topic, 20 `default` and 20 `purchase_sword`, ten for each player and action. The messages are read from the
    topic's beginning to its end (`-e` ends at the last one).
    """
    if run.again:
        empty(run)
    for ab, length in zip(send_load(run), (30, 17, 30, 17), strict=True):
        run.expect(f"{ab.facts['document_path']}: document length", ab.facts["document_length"], length)
    total = len(USERS) * len(ROUTES) * REQUESTS

    log = run.look("api")
    run.expect("lines in the server's log", log.facts["requests"], total)
    run.expect("lines by path", log.facts["by_path"], {path: len(USERS) * REQUESTS for path in ROUTES})
    run.expect("lines by status", log.facts["by_status"], {"200": total})

    stored = messages(run)
    run.expect("messages in the topic", stored.facts["messages"], total)
    run.expect("messages that are no JSON object", stored.facts["malformed"], 0)
    run.expect(
        "messages by type", stored.facts["by_event_type"], {kind: len(USERS) * REQUESTS for kind in ROUTES.values()}
    )
    by_player = {f"{user} {kind}": REQUESTS for user in USERS for kind in ROUTES.values()}
    run.expect("messages by player and type", stored.facts["by_host_and_event_type"], by_player)
