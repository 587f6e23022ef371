"""A dress of the events: nested, with JSON in a string, in two topics."""

from __future__ import annotations

import json

import programs

from rerun.author import Author
from rerun.books import Dress
from rerun.expected import Aid

NESTED_APP = """#!/usr/bin/env python
import json
from kafka import KafkaProducer
from flask import Flask, request

app = Flask(__name__)
producer = KafkaProducer(bootstrap_servers='kafka:29092')


def publish(topic, event):
    event['client'] = {'host': request.headers['Host'], 'agent': request.headers['User-Agent']}
    producer.send(topic, json.dumps(event).encode())


@app.route("/buy/<item>")
def buy(item):
    price = int(request.args.get('price', 1))
    note = json.dumps({'gift': request.args.get('gift', 'no')})
    publish('purchases', {'event_type': 'purchase', 'item': {'name': item, 'price': price}, 'note': note})
    return "You own a " + item + "\\n"


@app.route("/guilds/<name>")
def guilds(name):
    publish('guild_log', {'event_type': 'join', 'guild': {'name': name, 'ranks': ['novice', 'squire']}})
    return "Joined " + name + "\\n"
"""

NESTED_JOB = """#!/usr/bin/env python
from pyspark.sql import SparkSession
from pyspark.sql.functions import from_json, get_json_object
from pyspark.sql.types import StructType, StructField, StringType, {types}

schema = StructType([
    StructField("event_type", StringType()),
{fields}
    StructField("client", StructType([
        StructField("host", StringType()),
        StructField("agent", StringType()),
    ])),
])


def main():
    spark = SparkSession.builder.appName("{name}").getOrCreate()
    raw = spark.read.format("kafka") \\
        .option("kafka.bootstrap.servers", "kafka:29092") \\
        .option("subscribe", "{topic}") \\
        .option("startingOffsets", "earliest") \\
        .option("endingOffsets", "latest") \\
        .load()
    events = raw.select(from_json(raw.value.cast("string"), schema).alias("e"))
    flat = events.select({columns})
    flat.show()
    flat.write.parquet("/tmp/{name}", mode="overwrite")


if __name__ == "__main__":
    main()
"""


def nested() -> Dress:
    """Two topics of nested events with JSON in a string; two batches; the tables made by a job of their own."""
    a = Author(21, "w205", mount="/w205", lead="mixed", backslashes=True, info="some")
    a.heading("Purchases and guilds")
    a.prose("Both kinds of events have a topic of their own.")
    a.compose()
    a.up(ps=True)
    a.hand_in("game_api.py", NESTED_APP, shown=True)
    a.flask("game_api.py")
    for topic in ("purchases", "guild_log"):
        a.topic(topic)
    a.do("kafka", "kafka-topics --list --zookeeper zookeeper:32181")
    a.printed(["guild_log", "purchases"], "kafka_topics")
    a.heading("Load")
    host = "delta.game.io"
    client = {"host": host, "agent": "ApacheBench/2.3"}

    def bought(item: str, price: int, gift: str) -> dict[str, object]:
        note = json.dumps({"gift": gift})
        return {"event_type": "purchase", "item": {"name": item, "price": price}, "note": note, "client": client}

    for item, price, gift, count in (("axe", 7, "yes", 4), ("bow", 5, "no", 6)):
        path = f"/buy/{item}?price={price}&gift={gift}"
        a.ab(f'-n {count} -H "Host: {host}"', path, f"You own a {item}\n", "purchases", bought(item, price, gift))
    guild = {"event_type": "join", "guild": {"name": "ravens", "ranks": ["novice", "squire"]}, "client": client}
    a.ab(f'-n 3 -H "Host: {host}"', "/guilds/ravens", "Joined ravens\n", "guild_log", guild)
    a.kafkacat("purchases")
    a.kafkacat("guild_log")
    a.heading("Spark")
    item = """    StructField("item", StructType([
        StructField("name", StringType()),
        StructField("price", IntegerType()),
    ])),
    StructField("note", StringType()),"""
    columns = (
        '"e.item.name", "e.item.price", get_json_object("e.note", "$.gift").alias("gift"), "e.client", "e.client.host"'
    )
    a.hand_in("purchases.py", NESTED_JOB.format(
        types="IntegerType", fields=item, name="purchases", topic="purchases", columns=columns))  # fmt: skip
    ranks = """    StructField("guild", StructType([
        StructField("name", StringType()),
        StructField("ranks", ArrayType(StringType())),
    ])),"""
    columns = '"e.guild.name", "e.guild.ranks", "e.client.host"'
    a.hand_in("guild_joins.py", NESTED_JOB.format(
        types="ArrayType", fields=ranks, name="guild_joins", topic="guild_log", columns=columns))  # fmt: skip
    agent = "{" + f"{host}, ApacheBench/2.3" + "}"
    a.spark("purchases.py")
    rows = [["axe", 7, "yes", agent, host]] * 4 + [["bow", 5, "no", agent, host]] * 6
    a.printed(programs.spark_show(["name", "price", "gift", "client", "host"], rows), "spark")
    a.spark("guild_joins.py")
    a.printed(programs.spark_show(["name", "ranks", "host"], [["ravens", "[novice, squire]", host]] * 3), "spark")
    a.heading("Tables")
    a.hand_in(
        "make_tables.py",
        """#!/usr/bin/env python
from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("tables").enableHiveSupport().getOrCreate()
spark.sql("drop table if exists purchases")
spark.sql(\"\"\"
    create external table purchases (
        name string,
        price int,
        gift string,
        client struct<host:string, agent:string>,
        host string
    )
    stored as parquet
    location '/tmp/purchases'
\"\"\")
spark.sql(\"\"\"
    create external table if not exists guild_joins (
        name string,
        ranks array<string>,
        host string
    )
    stored as parquet
    location '/tmp/guild_joins'
\"\"\")
""",
        shown=True,
    )
    a.spark("make_tables.py")
    a.heading("Questions")
    a.at_presto()
    a.ask("show tables", ["Table"], [["guild_joins"], ["purchases"]])
    a.ask("select name, sum(price) as coins, count(*) as n from purchases group by name order by name",
          ["name", "coins", "n"], [["axe", 28, 4], ["bow", 30, 6]])  # fmt: skip
    a.ask("select client.host as who, count(*) as n from purchases group by client.host", ["who", "n"], [[host, 10]])
    a.ask("select ranks[1] as first, count(*) as n from guild_joins group by ranks[1]", ["first", "n"], [["novice", 3]])
    a.ask("select count(*) from guild_joins", ["_col0"], [[3]])
    a.down()
    return Dress("nested", a.finished(), a.expected({"purchases": 10, "guild_joins": 3}, Aid.ZOOKEEPER))
