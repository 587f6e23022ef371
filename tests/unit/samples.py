"""A run as it might have been: five servers, seven steps, one of each outcome."""

from __future__ import annotations

import json
from dataclasses import replace

from harness.model import Capture, Check, Fact, Invariant, Outcome, Record, ServiceRecord, StepRecord
from harness.outputs import derive

STARTED = "2026-03-01T09:00:00Z"
URL = "http://localhost:5000"

GAME_API = '''#!/usr/bin/env python
"""The API of a mobile game; it logs each event to Kafka."""
from flask import Flask

app = Flask(__name__)


@app.route("/purchase_a_sword")
def purchase_a_sword():
    return "Sword Purchased!\\n"
'''

_AB = """This is ApacheBench, Version 2.3 <$Revision: 1923142 $>

Document Path:          {path}
Document Length:        {length} bytes

Complete requests:      10
Failed requests:        0
HTML transferred:       {length}0 bytes
"""


def ab(path: str) -> str:
    """Give what `ab` prints for ten requests of a route."""
    return _AB.format(path=path, length=30 if path == "/" else 17)


def event(host: str, event_type: str) -> str:
    """Give one message of the topic."""
    return json.dumps({"event_type": event_type, "Accept": "*/*", "User-Agent": "ApacheBench/2.3", "Host": host})


MESSAGES = "".join(
    f"{event(host, event_type)}\n"
    for host in ("user1.comcast.com", "user2.att.com")
    for event_type in ("default", "purchase_sword")
    for _ in range(10)
)
ACCESS_LOG = '127.0.0.1 - - [01/Mar/2026 09:00:31] "GET /purchase_a_sword HTTP/1.0" 200 -\n' * 4
TABLE = "+--------------+\n|    event_type|\n+--------------+\n" + "|purchase_sword|\n" * 20 + "+--------------+\n"
PRESTO = '"purchase_sword"\n' * 19
LISTING = "Found 2 items\n-rw-r--r--   1 root supergroup          0 2026-03-01 09:01 /tmp/purchases/_SUCCESS\n"


def capture(
    name: str,
    service: str,
    command: str,
    stdout: str = "",
    stderr: str = "",
    exit_code: int | None = 0,
    background: bool = False,
    **facts: Fact,
) -> Capture:
    """Give a capture with the facts that its output gives, or with those that are named."""
    facts = facts or derive(command, stdout, stderr)
    return Capture(name, service, command, stdout, stderr, exit_code, STARTED, 0.5, background, facts)


def loads() -> tuple[Capture, ...]:
    runs = [(host, path) for host in ("user1.comcast.com", "user2.att.com") for path in ("/", "/purchase_a_sword")]
    sent = [
        capture(f"load-{number}", "mids", f'ab -n 10 -H "Host: {host}" {URL}{path}', ab(path))
        for number, (host, path) in enumerate(runs, 1)
    ]
    read = capture("load-5", "mids", "kafkacat -C -b kafka:29092 -t events -o beginning -e", MESSAGES)
    return (*sent, read)


def sample_record() -> Record:
    """Give the record. Presto shows a row too few: `presto` failed, `guild` is blocked, the stream was lost."""
    flask = "env FLASK_APP=app/game_api.py flask run --host 0.0.0.0"
    spark_log = "26/03/01 09:01:00 INFO SparkContext: Running Spark version 4.2.0\n" * 50
    steps = (
        StepRecord(
            "files",
            "Show the files",
            "The sources of the game API, as they are run.",
            Outcome.PASSED,
            None,
            0.1,
            (capture("files-1", "mids", "cat app/game_api.py", GAME_API),),
        ),
        StepRecord(
            "api",
            "Start the game API",
            "Flask serves the API on port 5000 and sends an event to Kafka for each request.",
            Outcome.PASSED,
            None,
            1.25,
            (capture("api-1", "mids", flask, "", ACCESS_LOG, None, background=True),),
            reused=True,
        ),
        StepRecord(
            "load",
            "Send the load",
            """Apache Bench plays two users.

            Each sends 10 requests for the start page and 10 for a sword:

            - `user1.comcast.com`
            - `user2.att.com`
            """,
            Outcome.PASSED,
            None,
            3.5,
            loads(),
            (Check("messages in the topic", 40, 40, True), Check("failed requests", 0, 0, True)),
        ),
        StepRecord(
            "batch",
            "Write the purchases to HDFS",
            "Spark reads the topic, keeps the purchases, and writes them as Parquet.",
            Outcome.PASSED,
            None,
            11.0,
            (
                capture("batch-1", "spark", "spark-submit jobs/filtered_writes.py", TABLE, spark_log),
                capture("batch-2", "cloudera", "hadoop fs -ls /tmp/purchases", LISTING),
            ),
            (Check("rows", 20, 20, True),),
        ),
        StepRecord(
            "presto",
            "Query with Presto",
            "Presto reads the table through the Hive metastore.",
            Outcome.FAILED,
            None,
            2.0,
            (
                capture(
                    "presto-1",
                    "presto",
                    "presto --server presto:8080 --catalog hive --schema default \\\n"
                    '  --execute "select * from purchases"',
                    PRESTO,
                ),
                capture("presto-2", "presto", "presto --execute 'select 1 from nowhere'", "", "Query failed\n", 1),
            ),
            (Check("rows", 20, 19, False),),
            message="1 of 1 check does not hold: rows: expected 20, got 19",
        ),
        StepRecord("guild", "Join a guild", "Players join guilds.", Outcome.BLOCKED, "presto", 0.0, ()),
        StepRecord(
            "filter-stream",
            "Filter a stream",
            "Spark follows the topic.",
            Outcome.INFRASTRUCTURE,
            None,
            30.0,
            (),
            message="kafka ended with exit code 137",
        ),
    )
    return Record(
        assignment="Assignment 12",
        backend="local",
        mode="private",
        versions={"kafka": "4.1.0", "spark": "4.2.0", "presto": "0.287"},
        started=STARTED,
        seconds=71.25,
        services=(
            ServiceRecord("zookeeper", 1.5, 90 * 2**20),
            ServiceRecord("kafka", 4.25, 400 * 2**20),
            ServiceRecord("namenode", 6.0, 300 * 2**20),
            ServiceRecord("metastore", 9.0, 350 * 2**20),
            ServiceRecord("presto", 14.5, 900 * 2**20),
        ),
        steps=steps,
        invariants=(
            Invariant("requests = messages", 40, 40, True),
            Invariant("rows in Parquet = through Presto", 20, 19, False),
        ),
        peak_memory_bytes=3 * 2**30,
    )


def record_of(*captures: Capture, **changes: object) -> Record:
    """Give a record whose one step ran these commands; `changes` are fields of the step."""
    step = StepRecord("load", "Send the load", "Explained.", Outcome.PASSED, None, 1.0, captures)
    return replace(sample_record(), steps=(replace(step, **changes),), invariants=())
