"""Step 4: the topic, and watching it."""

import json

from common import EVENTS, empty, watch

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
    topic, replicas = run.names.topic(EVENTS), run.names.replicas
    run.clear("kafka", f"kafka-topics --delete --topic {topic} --if-exists --bootstrap-server kafka:29092")
    created = run(
        "kafka",
        f"kafka-topics --create --topic {topic} --partitions 1 --replication-factor {replicas} --if-not-exists"
        " --zookeeper zookeeper:32181",
    )
    if not run.expect("topic created", created.facts["created"], topic):
        raise StepFailed(
            f"the topic {topic} is there already, and not from this step: delete it, or take the cluster down"
        )
    described = run("kafka", f"kafka-topics --describe --topic {topic} --bootstrap-server kafka:29092")
    run.expect("partitions", described.facts["partitions"], 1)
    run.expect("replication factor", described.facts["replication_factor"], replicas)

    watcher = run.background("mids", watch(run))
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
    empty(run)
    run.look("api")
