"""What the jobs share: the events' schemas, reading them from Kafka, extracting them, and their tables.

The JSON Schemas in `schemas/` are the one source of every column: of the Spark types here, and of the DDL.
Settings, from the environment: `KAFKA_BOOTSTRAP_SERVERS` names the brokers, `kafka:29092` by default; `EVENTS_TOPIC`
the topic, `events`; `HDFS_ROOT` the folder in HDFS below which jobs write, `/tmp`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import array, col, from_json, inline
from pyspark.sql.types import DataType, StringType, StructField, StructType

TOPIC = os.environ.get("EVENTS_TOPIC", "events")
ROOT = os.environ.get("HDFS_ROOT", "/tmp")
SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
SPARK_TYPES: dict[str, DataType] = {"string": StringType()}
TIMESTAMP = StructField("timestamp", StringType())
"""Kafka's own time of a message, as text. It is no field of the event, and stands last in a table."""


def event_schema(event_type: str) -> StructType:
    """Give the columns of one type of event, in the order of `schemas/EVENT_TYPE.json`.

    Every column is nullable: from_json gives NULL for what a message lacks.
    """
    properties = json.loads((SCHEMAS / f"{event_type}.json").read_text())["properties"]
    return StructType([StructField(name, SPARK_TYPES[spec["type"]]) for name, spec in properties.items()])


def table_schema(event_type: str) -> StructType:
    """Give the columns of the table of one type of event: the event's own, then `timestamp`."""
    return StructType([*event_schema(event_type), TIMESTAMP])


def kafka_options() -> dict[str, str]:
    """Give the options that a batch and a stream over the topic have in common."""
    servers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "kafka:29092")
    return {"kafka.bootstrap.servers": servers, "subscribe": TOPIC}


def read_events(spark: SparkSession) -> DataFrame:
    """Read every message that the topic holds now."""
    reader = spark.read.format("kafka").options(**kafka_options())
    return reader.options(startingOffsets="earliest", endingOffsets="latest").load()


def read_event_stream(spark: SparkSession) -> DataFrame:
    """Read the messages that arrive from now on, or from the checkpoint on where there is one."""
    return spark.readStream.format("kafka").options(**kafka_options()).load()


def extract(raw: DataFrame, event_type: str) -> DataFrame:
    """Give the events of one type: `raw_event`, `timestamp`, then the event's own columns.

    A message that is not JSON, or has no event_type, becomes NULLs here, which the filter drops: no message can
    stop a job. `inline` makes columns of an array's one event. A filter on a struct would read each message twice,
    once for the filter and once for the columns.
    """
    message = col("value").cast("string")
    return raw.select(
        message.alias("raw_event"),
        col("timestamp").cast("string"),
        inline(array(from_json(message, event_schema(event_type)))),
    ).where(col("event_type") == event_type)


def table_rows(spark: SparkSession, event_type: str) -> DataFrame:
    """Give every event of one type that the topic holds now, with the columns of its table."""
    return extract(read_events(spark), event_type).select(*table_schema(event_type).names)


def create_external_table(spark: SparkSession, table: str, schema: StructType, location: str) -> None:
    """Describe the Parquet files at `location` as a table, in place of an older one of that name.

    DDL, not CREATE TABLE AS SELECT: over a location that has files, Spark 4 refuses that, or appends to them.
    Dropping an external table leaves its files alone. Columns must stand as in the files, since Presto may read
    them by position.
    """
    columns = ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in schema)
    spark.sql(f"drop table if exists `{table}`")
    spark.sql(f"create external table `{table}` ({columns}) stored as parquet location '{location}'")
