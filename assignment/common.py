"""What several steps share: the players, the routes, and the commands that look at the pipeline."""

import json

from harness import Capture, Run

USERS = ("user1.comcast.com", "user2.att.com")
ROUTES = {"/": "default", "/purchase_a_sword": "purchase_sword"}
REQUESTS = 10
"""Requests of each `ab`: what the assignment sends per player and action."""

EVENTS = "events"
"""The topic, where the run has the original's names."""


def presto(run: Run, sql: str) -> str:
    """Give the command that runs SQL through Presto's own command line."""
    schema = run.names.database
    return f'presto --server presto:8080 --catalog hive --schema {schema} --output-format ALIGNED --execute "{sql}"'


def watch(run: Run, topic: str = EVENTS) -> str:
    """Give the command that consumes a topic from its beginning and stays attached."""
    return f"kafkacat -C -b kafka:29092 -t {run.names.topic(topic)} -o beginning"


def empty(run: Run, topic: str = EVENTS) -> Capture:
    """Delete every message that a topic of one partition holds."""
    until_now = {"version": 1, "partitions": [{"topic": run.names.topic(topic), "partition": 0, "offset": -1}]}
    delete = "kafka-delete-records --bootstrap-server kafka:29092 --offset-json-file /dev/stdin"
    return run("kafka", f"echo '{json.dumps(until_now)}' | {delete}")


def send_load(run: Run) -> list[Capture]:
    """Send ten requests for each player and action with Apache Bench, and check each report."""
    captures = []
    for user in USERS:
        for path in ROUTES:
            ab = run("mids", f'ab -n {REQUESTS} -H "Host: {user}" http://localhost:5000{path}')
            run.expect(f"{user} {path}: complete requests", ab.facts["complete"], REQUESTS)
            run.expect(f"{user} {path}: failed requests", ab.facts["failed"], 0)
            run.expect(f"{user} {path}: responses other than 2xx", ab.facts["non_2xx"], 0)
            run.expect(f"{user} {path}: length × requests = HTML transferred", ab.facts["arithmetic_holds"], True)
            captures.append(ab)
    return captures


def messages(run: Run, topic: str = EVENTS) -> Capture:
    """Read a whole topic, from its beginning to its end."""
    return run("mids", f"{watch(run, topic)} -e")


def on_topic(run: Run, topic: str = EVENTS) -> dict[str, int]:
    """Count the messages that a topic holds now, by the type of their event."""
    by_type = messages(run, topic).facts["by_event_type"]
    assert isinstance(by_type, dict)
    return {str(name): int(count) for name, count in by_type.items()}


def query(run: Run, sql: str) -> Capture:
    """Run SQL through Presto's own command line."""
    return run("presto", presto(run, sql))


def scalar(capture: Capture) -> int | None:
    """Give the one number that a query answered; None when it failed."""
    values = capture.facts.get("values")
    return int(values[0][0]) if capture.exit_code == 0 and isinstance(values, list) and values else None


def purchases_expected(run: Run, load_purchases: int) -> int:
    """Give how many purchases a job over the whole topic must find.

    In a fresh run it is what `load` sent. When the step runs again, later steps have sent more, so it is what the
    topic holds now.
    """
    return on_topic(run).get("purchase_sword", 0) if run.again else load_purchases
