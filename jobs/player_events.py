"""What the jobs of the options share: the events of players, read from Kafka once each, and their fold.

The JSON Schemas in `schemas/options/` are the one source of every column: of the Spark types here, and of the DDL;
and of what a message must be. One that breaks them is no event, and stops no job; one that was sent twice counts once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import event_checks
import game_events
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import ArrayType, DataType, LongType, StructField, StructType

TOPIC = os.environ.get("GAME_TOPIC", "game-events")
SCHEMAS = Path(__file__).resolve().parents[1] / "schemas" / "options"

GUILD_EVENTS = ("join_guild", "leave_guild")
ITEM_EVENTS = ("purchase_item", "sell_item", "use_item")
CART_EVENTS = ("cart_item_added", "cart_item_removed")
ORDER_EVENTS = ("order_completed",)
EVENT_TYPES = (*GUILD_EVENTS, *ITEM_EVENTS, *CART_EVENTS, *ORDER_EVENTS)
FAMILIES: Mapping[str, Sequence[str]] = {
    "guild_events": GUILD_EVENTS,
    "item_events": ITEM_EVENTS,
    "cart_events": CART_EVENTS,
    "order_lines": ORDER_EVENTS,
}
"""The families of events, by the names of their tables."""

_SPARK_TYPES: Mapping[str, DataType] = {**game_events.SPARK_TYPES, "integer": LongType()}


def data_schema(event_types: Sequence[str] = EVENT_TYPES) -> StructType:
    """Give the fields of the data of some types of event, each once, in the order of their schemas."""
    fields: dict[str, StructField] = {}
    for event_type in event_types:
        for field in _spark_type(_load(f"{event_type}.json")):
            fields.setdefault(field.name, field)
    return StructType(list(fields.values()))


def event_schema(event_types: Sequence[str] = EVENT_TYPES) -> StructType:
    """Give the columns of an event: the envelope's, with the data of some types. Every column is nullable."""
    envelope = _spark_type(_load("envelope.json"))
    data = data_schema(event_types)
    return StructType([StructField(each.name, data if each.name == "data" else each.dataType) for each in envelope])


def kafka_options() -> dict[str, str]:
    """Give the options that a batch and a stream over the topic have in common."""
    return {**game_events.kafka_options(), "subscribe": TOPIC, "startingOffsets": "earliest"}


def read_events(spark: SparkSession, event_types: Sequence[str] = EVENT_TYPES) -> DataFrame:
    """Read every event of some types that the topic holds now, each once."""
    raw = spark.read.format("kafka").options(**kafka_options(), endingOffsets="latest").load()
    return parsed(raw, event_types).dropDuplicates(["event_id"])


def parsed(raw: DataFrame, event_types: Sequence[str] = EVENT_TYPES) -> DataFrame:
    """Give the events of some types among Kafka's messages."""
    event = checked(raw).where("reason is null").select("event.*")
    return event.where(f.col("event_type").isin(*event_types))


def checked(raw: DataFrame) -> DataFrame:
    """Give every message of Kafka's, with its `event`, or with the `reason` why it is none, and its `shape`.

    The shape has the names and types of all its members; there is none where a name stands twice in one object.
    """
    value, event = f.col("value"), f.col("event")
    shape = f.schema_of_variant(f.try_parse_json(value.cast("string")))
    wrong = [f.when(~event.event_type.isin(*EVENT_TYPES), "its event_type is none of those that there are")]
    for event_type in EVENT_TYPES:
        of_type = event.event_type == event_type
        expected = f"^{event_checks.shape(whole_schema(event_type), _schema_of)}$"
        unlike = of_type & ~f.coalesce(f.col("shape").rlike(expected), f.lit(False))
        wrong.append(f.when(unlike, f"its members are not those of {event_type}.json"))
        data = event_checks.broken(event.data, _load(f"{event_type}.json"), _schema_of, "data")
        wrong.append(f.when(of_type, f.coalesce(*data)))
    envelope = {**_load("envelope.json"), "properties": _members_of_envelope()}
    wrong += event_checks.broken(event, envelope, _schema_of, "")
    reason = f.coalesce(event_checks.no_json(value), f.when(event.event_type.isNull(), "no event_type"), *wrong)
    # Columns that are used many times below are made once, by a step of their own.
    return (
        raw.withColumn("event", f.from_json(value.cast("string"), event_schema()))
        .withColumn("shape", shape)
        .withColumn("reason", reason)
        .withColumn("event", f.when(f.col("reason").isNull(), event))
    )


def whole_schema(event_type: str) -> Mapping[str, Any]:
    """Give the schema of an event of one type: the envelope's, with that of its data."""
    envelope = _load("envelope.json")
    return {**envelope, "properties": {**envelope["properties"], "data": _load(f"{event_type}.json")}}


def _members_of_envelope() -> Mapping[str, Any]:
    return {name: each for name, each in _load("envelope.json")["properties"].items() if name != "data"}


def moves(events: DataFrame) -> DataFrame:
    """Give what each event adds to or takes from a player: rows of player_id, part, name, delta and guild.

    `part` is balance, inventory, cart or guild; `name` the item that is meant. Sums of `delta` do not depend on the
    order of events. A guild is not summed: it is the one of the highest `sequence`, so each move of it carries both.
    """
    data = f.col("data")
    # An order has lines; any other event of an item is a line itself.
    line = f.struct(data.item_id.alias("item_id"), data.quantity.alias("quantity"), data.unit_price.alias("unit_price"))
    one_line = f.when(data.item_id.isNotNull(), f.array(line)).otherwise(f.array())
    lines = f.when(
        data.lines.isNotNull(),
        f.transform(data.lines, lambda each: f.struct(each.item_id, each.quantity, each.unit_price)),
    ).otherwise(one_line)
    by_line = events.select("player_id", "sequence", "event_type", f.explode(lines).alias("line"))
    kind = f.col("event_type")
    owned = _sign(kind, plus=("purchase_item", "order_completed"), minus=("sell_item", "use_item"))
    put = _sign(kind, plus=("cart_item_added",), minus=("cart_item_removed", "order_completed"))
    paid = _sign(kind, plus=("sell_item",), minus=("purchase_item", "order_completed"))
    quantity, price = f.col("line.quantity"), f.coalesce(f.col("line.unit_price"), f.lit(0))
    parts = f.array(
        _move("inventory", f.col("line.item_id"), owned * quantity),
        _move("cart", f.col("line.item_id"), put * quantity),
        _move("balance", f.lit(""), paid * quantity * price),
    )
    no_guild = f.lit(None).cast("struct<sequence:bigint,name:string>")
    summed = by_line.select("player_id", f.explode(parts).alias("move")).select(
        "player_id", "move.*", no_guild.alias("guild")
    )
    joined = f.when(kind == "join_guild", data.guild_name).otherwise(f.lit(""))
    guilds = events.where(kind.isin(*GUILD_EVENTS)).select(
        "player_id",
        f.lit("guild").alias("part"),
        f.lit("").alias("name"),
        f.lit(0).cast("bigint").alias("delta"),
        f.struct(f.col("sequence"), joined.alias("name")).alias("guild"),
    )
    return summed.unionByName(guilds)


def fold(moved: DataFrame) -> DataFrame:
    """Sum moves up: a row for each player, part and name. The same for a batch and, in complete mode, for a stream."""
    return moved.groupBy("player_id", "part", "name").agg(
        f.sum("delta").alias("quantity"), f.max("guild").getField("name").alias("guild")
    )


def states(folded: DataFrame) -> DataFrame:
    """Give a row for each player from what `fold` gave: player_id, balance, guild, inventory, cart.

    The last two are text, as in `healing-potion:3 iron-sword:1`, in alphabetical order.
    """
    part, quantity = f.col("part"), f.col("quantity")

    def listed(name: str) -> Column:
        held = f.collect_list(f.when((part == name) & (quantity != 0), f.struct("name", "quantity")))
        texts = f.transform(
            f.sort_array(held), lambda each: f.concat_ws(":", each["name"], each["quantity"].cast("string"))
        )
        return f.concat_ws(" ", texts)

    return folded.groupBy("player_id").agg(
        (f.lit(_load("rules.json")["start_balance"]) + f.sum(f.when(part == "balance", quantity).otherwise(0))).alias(
            "balance"
        ),
        f.coalesce(f.max(f.when(part == "guild", f.col("guild"))), f.lit("")).alias("guild"),
        listed("inventory").alias("inventory"),
        listed("cart").alias("cart"),
    )


def rows_of(events: DataFrame, event_types: Sequence[str]) -> DataFrame:
    """Give the events of one family as the rows of its table: the envelope's own columns, then those of the data.

    An order's lines become a row each.
    """
    data = data_schema(event_types)
    family = events.where(f.col("event_type").isin(*event_types))
    columns = ["event_id", "event_type", "event_time", "player_id", "sequence", "session_id"]
    if "lines" not in data.names:
        return family.select(*columns, *(f.col(f"data.{name}") for name in data.names))
    rest = [f.col(f"data.{name}") for name in data.names if name != "lines"]
    return family.select(*columns, *rest, f.explode("data.lines").alias("line")).select("*", "line.*").drop("line")


def catalogue(spark: SparkSession) -> DataFrame:
    """Give what there is to buy: item_id, item_type, unit_price and resale_price.

    Read by Spark itself: `createDataFrame` would need this Python on every worker.
    """
    items = _load("items.json")
    text = f.lit(json.dumps(items))
    return spark.range(1).select(f.inline(f.from_json(text, f.schema_of_json(text)))).select(*items[0])


def _sign(kind: Column, *, plus: Sequence[str], minus: Sequence[str]) -> Column:
    return f.when(kind.isin(*plus), 1).when(kind.isin(*minus), -1).otherwise(0)


def _move(part: str, name: Column, delta: Column) -> Column:
    return f.struct(f.lit(part).alias("part"), name.alias("name"), delta.cast("bigint").alias("delta"))


def _schema_of(reference: str) -> Any:
    return _load("definitions.json")["$defs"][reference.rpartition("/")[2]]


def _spark_type(schema: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        return _spark_type(_schema_of(schema["$ref"]))
    if schema["type"] == "array":
        return ArrayType(_spark_type(schema["items"]))
    if schema["type"] == "object":
        properties = schema.get("properties", {})
        return StructType([StructField(name, _spark_type(each)) for name, each in properties.items()])
    return _SPARK_TYPES[schema["type"]]


@cache
def _load(name: str) -> Any:
    return json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
