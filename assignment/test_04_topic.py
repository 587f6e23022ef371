"""Step 4: the topic, and watching it."""

import json

from common import EMPTY_TOPIC, WATCH

from harness import Run, StepFailed, StepRecord, step

ANSWERS = {
    "/": ("This is the default response!\n", "default"),
    "/purchase_a_sword": ("Sword Purchased!\n", "purchase_sword"),
}


@step("Create the topic and watch it")
def test_topic(run: Run, api: StepRecord) -> None:
    """
    Kafka keeps events in topics. This one is called `events`; it has one partition, so its events have one order,
    and one replica, because there is one broker. The command is the course's: its flag `--zookeeper` was removed in
    Kafka 3, so the harness' `kafka-topics` says that it used `--bootstrap-server` in its place.

    `kafkacat` (today's kcat) then consumes the topic from its beginning and stays attached, as in a second terminal.
    One trial request to each route shows the whole way at once: the body that the player gets, and a moment later the
    event as it arrives in Kafka. The two trial events are deleted afterwards, so that the next step counts from zero.
    """
    run.clear("kafka", "kafka-topics --delete --topic events --if-exists --bootstrap-server kafka:29092")
    created = run(
        "kafka",
        "kafka-topics --create --topic events --partitions 1 --replication-factor 1 --if-not-exists"
        " --zookeeper zookeeper:32181",
    )
    if not run.expect("topic created", created.facts["created"], "events"):
        raise StepFailed(
            "the topic events is there already, and not from this step: delete it, or take the cluster down"
        )
    described = run("kafka", "kafka-topics --describe --topic events --bootstrap-server kafka:29092")
    run.expect("partitions", described.facts["partitions"], 1)
    run.expect("replication factor", described.facts["replication_factor"], 1)

    watcher = run.background("mids", WATCH.format(topic="events"))
    for path, (body, _) in ANSWERS.items():
        answer = run("mids", f"curl -s -i -H 'Host: user1.comcast.com' http://localhost:5000{path}")
        run.expect(f"{path}: status", answer.facts["status"], 200)
        run.expect(f"{path}: body", answer.facts["body"], body)
        run.expect(f"{path}: bytes", answer.facts["body_bytes"], len(body))
    run.wait("both trial events at the watcher", lambda: watcher.look().facts["messages"] == len(ANSWERS))
    seen = run.stop(watcher)
    events = [json.loads(line) for line in seen.stdout.splitlines() if line.startswith("{")]
    for event, (_, event_type) in zip(events, ANSWERS.values(), strict=True):
        run.expect(f"{event_type}: event type", event["event_type"], event_type)
        run.expect(f"{event_type}: fields", sorted(event), ["Accept", "Host", "User-Agent", "event_type"])
        run.expect(f"{event_type}: host", event["Host"], "user1.comcast.com")
    run("kafka", EMPTY_TOPIC)
    run.look("api")
