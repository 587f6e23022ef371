"""The files that these authors hand in: web APIs, batch jobs and streams in the manner of the course."""

from __future__ import annotations

from collections.abc import Sequence

from student_code import ddl

Columns = Sequence[tuple[str, str]]

IMPORTS = """#!/usr/bin/env python
import json
from kafka import KafkaProducer
from flask import Flask, request

app = Flask(__name__)
producer = KafkaProducer(bootstrap_servers='kafka:29092')


def log_to_kafka(topic, event):
    event.update(request.headers)
    producer.send(topic, json.dumps(event).encode())
"""


def app(*routes: str, head: str = IMPORTS) -> str:
    """Write a web API of some routes."""
    return "\n\n".join([head, *(route.strip("\n") + "\n" for route in routes)]).replace("\n\n\n\n", "\n\n\n")


def batch(name: str, topic: str, event_type: str, path: str, after: str = "", *, hive: bool = False) -> str:
    """Write a batch job: the events of one type to Parquet, by `rdd.map(Row)`; what `after` does then."""
    return f"""#!/usr/bin/env python
\"\"\"Extract {event_type} events from kafka and write them to hdfs
\"\"\"
import json
from pyspark.sql import SparkSession, Row
from pyspark.sql.functions import udf


@udf('boolean')
def is_{name}(event_as_json):
    event = json.loads(event_as_json)
    if event['event_type'] == '{event_type}':
        return True
    return False


def main():
    spark = SparkSession \\
        .builder \\
        .appName("ExtractEventsJob") \\
{"        .enableHiveSupport() " + chr(92) + chr(10) if hive else ""}        .getOrCreate()

    raw_events = spark \\
        .read \\
        .format("kafka") \\
        .option("kafka.bootstrap.servers", "kafka:29092") \\
        .option("subscribe", "{topic}") \\
        .option("startingOffsets", "earliest") \\
        .option("endingOffsets", "latest") \\
        .load()

    {name}_events = raw_events \\
        .select(raw_events.value.cast('string').alias('raw'),
                raw_events.timestamp.cast('string')) \\
        .filter(is_{name}('raw'))

    extracted_{name}_events = {name}_events \\
        .rdd \\
        .map(lambda r: Row(timestamp=r.timestamp, **json.loads(r.raw))) \\
        .toDF()
    extracted_{name}_events.printSchema()
    extracted_{name}_events.show()

{after or _written(f"extracted_{name}_events", path)}

if __name__ == "__main__":
    main()
"""


def _written(frame: str, path: str) -> str:
    return f"""    {frame} \\
        .write \\
        .mode('overwrite') \\
        .parquet('{path}')
"""


def ctas(name: str, table: str, path: str) -> str:
    """Write the end of a batch job that makes a table from what it extracted."""
    return f"""    extracted_{name}_events.registerTempTable("extracted_{name}_events")

    spark.sql(\"\"\"
        create external table {table}
        stored as parquet
        location '{path}'
        as
        select * from extracted_{name}_events
    \"\"\")
"""


def schema(name: str, fields: Columns) -> str:
    """Write the function that gives an event's schema."""
    types = {"string": "StringType", "integer": "IntegerType"}
    lines = [f'        StructField("{field}", {types[kind]}(), True),' for field, kind in fields]
    return "\n".join([f"def {name}_schema():", "    return StructType([", *lines, "    ])", ""])


TYPES = "from pyspark.sql.types import StructType, StructField, StringType, IntegerType"


def sink(name: str, event_type: str, path: str, seconds: int, *, schema_of: str = "") -> str:
    """Write what a stream job does for one kind of event, with a sink of its own; no path is the console."""
    where = (
        f"""        .format("parquet") \\
        .option("checkpointLocation", "/tmp/checkpoints_for_{path.rpartition("/")[2]}") \\
        .option("path", "{path}") \\
        .trigger(processingTime="{seconds} seconds") \\"""
        if path
        else """        .format("console") \\"""
    )
    return f"""    {name} = raw_events \\
        .filter(is_{name}(raw_events.value.cast('string'))) \\
        .select(raw_events.value.cast('string').alias('raw_event'),
                raw_events.timestamp.cast('string'),
                from_json(raw_events.value.cast('string'),
                          {schema_of or name}_schema()).alias('json')) \\
        .select('raw_event', 'timestamp', 'json.*')

    {name}_sink = {name} \\
        .writeStream \\
{where}
        .start()
"""


def wanted(name: str, event_type: str) -> str:
    """Write the filter of one kind of event."""
    return f"""@udf('boolean')
def is_{name}(event_as_json):
    event = json.loads(event_as_json)
    return event['event_type'] == '{event_type}'
"""


def stream(
    topic: str,
    sinks: Sequence[str],
    functions: Sequence[str],
    *,
    imports: str = TYPES,
    tables: Sequence[str] = (),
    earliest: bool = False,
) -> str:
    """Write a stream job of one or more sinks."""
    middle = '        .option("startingOffsets", "earliest") \\\n' if earliest else ""
    hive = "        .enableHiveSupport() \\\n" if tables else ""
    name = sinks[0].split()[0]
    end = "spark.streams.awaitAnyTermination()" if len(sinks) > 1 else f"{name}_sink.awaitTermination()"
    head = f"""#!/usr/bin/env python
\"\"\"Extract events from kafka as they come
\"\"\"
import json
from pyspark.sql import SparkSession
from pyspark.sql.functions import udf, from_json
{imports}


"""
    body = f"""

def main():
    spark = SparkSession \\
        .builder \\
        .appName("ExtractEventsJob") \\
{hive}        .getOrCreate()

    raw_events = spark \\
        .readStream \\
        .format("kafka") \\
        .option("kafka.bootstrap.servers", "kafka:29092") \\
        .option("subscribe", "{topic}") \\
{middle}        .load()

"""
    made = "".join(f'    spark.sql("""\n{_indented(table)}\n    """)\n\n' for table in tables)
    main = body + "\n".join(sinks) + "\n" + made + f'    {end}\n\n\nif __name__ == "__main__":\n    main()\n'
    return head + "\n\n".join(functions) + main


def _indented(text: str) -> str:
    return "\n".join(f"        {line}" for line in text.split("\n"))


def table(name: str, columns: Columns, location: str) -> str:
    """Write the statement that lays a table over files, without its semicolon."""
    return "\n".join(ddl(name, columns, location))


def streamed(fields: Columns) -> list[tuple[str, str]]:
    """Give the columns of what `sink` writes."""
    return [("raw_event", "string"), ("timestamp", "string"), *fields]
