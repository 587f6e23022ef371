"""Invented submissions for the checks of code against a report."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath

from harness.grade.checks import code_shown, code_works, metadata, routes, sinks, steps
from harness.grade.model import Finding, Submission, Verdict
from harness.readme import read

ALL = (routes, code_shown, sinks, metadata, code_works, steps)

APP = """\
import json
from flask import Flask, request
from kafka import KafkaProducer

app = Flask(__name__)
producer = KafkaProducer(bootstrap_servers="kafka:29092")


def publish(topic, event):
    event.update(request.headers)
    producer.send(topic, json.dumps(event).encode())


@app.route("/")
def hello():
    publish("harbour", {"event_type": "hello"})
    return "Ahoy!\\n"


@app.route("/hire/<sailor>")
def hire(sailor):
    event = {"event_type": "hire_sailor", "sailor": sailor}
    publish("harbour", event)
    return "Hired " + sailor + "\\n"


@app.route("/cargo", methods=["POST", "DELETE"])
def cargo():
    event = {"event_type": "load_cargo"}
    publish("harbour", event)
    return "Loaded\\n"
"""

JOB = '''\
from pyspark.sql import SparkSession
from pyspark.sql.functions import from_json
from pyspark.sql.types import StringType, StructField, StructType


def hired():
    return StructType([
        StructField("Host", StringType(), True),
        StructField("event_type", StringType(), True),
        StructField("sailor", StringType(), True),
    ])


def main():
    spark = SparkSession.builder.appName("harbour").enableHiveSupport().getOrCreate()
    raw = spark.readStream.format("kafka").option("subscribe", "harbour").load()
    crew = raw \\
        .filter(raw.value.isNotNull()) \\
        .select(raw.timestamp.cast("string"), from_json(raw.value.cast("string"), hired()).alias("json")) \\
        .select("timestamp", "json.*")
    spark.sql("""
        create external table if not exists crew (
            timestamp string, Host string, event_type string, sailor string)
        stored as parquet location '/tmp/crew'
    """)
    crew.writeStream.format("parquet") \\
        .option("path", "/tmp/crew").option("checkpointLocation", "/tmp/checkpoints_for_crew") \\
        .trigger(processingTime="15 seconds").start().awaitTermination()


if __name__ == "__main__":
    main()
'''

COMPOSE = """\
version: '2'
services:
  # the broker
  kafka:
    image: broker
    environment:
      NAME: value
  mids:
    image: shell
  spark:
    image: driver
  presto:
    image: queries
"""

REPORT = """\
# Harbour

The API is `harbour.py`:

```python
@APP@
```

```
docker-compose up -d
docker-compose exec kafka kafka-topics --create --topic harbour --zookeeper zookeeper:32181
docker-compose exec mids env FLASK_APP=/w205/harbour/harbour.py flask run --host 0.0.0.0
```

```
docker-compose exec mids ab -n 10 -H "Host: north.example.org" http://localhost:5000/hire/Ann
```

```
This is ApacheBench, Version 2.3 <$Revision: 1706008 $>

Document Path:          /hire/Ann
Document Length:        10 bytes

Complete requests:      10
Failed requests:        0
HTML transferred:       100 bytes
```

```
docker-compose exec mids curl -X POST http://localhost:5000/cargo
docker-compose exec mids kafkacat -C -b kafka:29092 -t harbour -o beginning -e
```

```
{"Host": "north.example.org", "event_type": "hire_sailor", "sailor": "Ann", "Accept": "*/*"}
{"Host": "localhost:5000", "event_type": "load_cargo", "Accept": "*/*", "User-Agent": "curl/7.47.0"}
```

```
docker-compose exec spark spark-submit /w205/harbour/crew.py
docker-compose exec presto presto --server presto:8080 --catalog hive --schema default
```

```
presto:default> select count(*) from crew;
```

```
docker-compose down
```
""".replace("@APP@\n", APP)

FILES = {"harbour.py": APP, "crew.py": JOB, "docker-compose.yml": COMPOSE}


def submission(report: str, files: Mapping[str, str] | None = None, name: str = "README.md") -> Submission:
    """Read a report as a submission with these files beside it."""
    return Submission(PurePosixPath(name), read(report), {name: report, **(FILES if files is None else files)})


def found(given: Submission, check: Callable[[Submission], Iterable[Finding]] | None = None) -> list[Finding]:
    """Give the findings of one check, or of all that concern code."""
    return list(check(given)) if check else [each for module in ALL for each in module.check(given)]


def errors(given: Submission) -> list[str]:
    """Give the messages of all errors."""
    return [each.message for each in found(given) if each.is_error]


def warnings(given: Submission) -> list[str]:
    """Give the messages of all warnings."""
    return [each.message for each in found(given) if each.is_warning]


def verdicts(given: Submission, name: str) -> set[Verdict]:
    """Give the verdicts of one kind of finding."""
    return {each.verdict for each in found(given) if each.check == name}


def python(text: str) -> str:
    """Give an indented text as a module."""
    return textwrap.dedent(text).lstrip("\n")
