"""Dresses of the jobs: nested events, several topics, many sinks, many drivers, a console, tables made anywhere."""

from __future__ import annotations

import json

import programs

from rerun import jobs
from rerun.author import Author, Dress, Sent, headers
from rerun.expected import Aid, Growth, Typing

STRINGS = ("Accept", "Host", "User-Agent", "event_type")
FIELDS = [(name, "string") for name in STRINGS]


def route(path: str, event_type: str, reply: str, topic: str = "events") -> str:
    """Write a route that logs one plain event."""
    name = path.strip("/").replace("/", "_") or "default_response"
    return f"""
@app.route("{path}")
def {name}():
    {name}_event = {{'event_type': '{event_type}'}}
    log_to_kafka('{topic}', {name}_event)
    return "{reply}\\n"
"""


def plain(event_type: str, host: str) -> dict[str, str]:
    return {"event_type": event_type, **headers(host)}


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


def sinks() -> Dress:
    """One job with three sinks under an endless loop; tables typed at the prompt of `hive`; a log that is followed."""
    a = Author(22, "project-3-jvance", prompt="{me}@vm-w205:~/w205/project-3-jvance$ ", more="> ", numbered=True)
    a.heading("Three kinds of events")
    a.prose("One Spark job sorts them into three tables.")
    a.compose()
    a.up()
    kinds = (("buy_sword", "swords", 4), ("buy_shield", "shields", 4), ("join_guild", "guilds", 2))
    replies = {"buy_sword": "Sword!", "buy_shield": "Shield!", "join_guild": "Hello, knight."}
    routes = [route(f"/{kind}", kind, replies[kind], "gamelog") for kind, _, _ in kinds]
    a.hand_in("game_api.py", jobs.app(*routes), shown=True)
    a.host("docker-compose logs -f kafka", stops=True)
    a.topic("gamelog")
    a.flask("game_api.py")
    a.heading("One job, three sinks")
    parts = [jobs.sink(kind, kind, f"/tmp/{table}", 5, schema_of="event") for kind, table, _ in kinds]
    functions = [jobs.schema("event", FIELDS), *(jobs.wanted(kind, kind) for kind, _, _ in kinds)]
    a.hand_in("stream.py", jobs.stream("gamelog", parts, functions), shown=True)
    a.spark("stream.py", stops=True)
    a.heading("The loop")
    a.prose("In another terminal, until I stop it:")
    host = "user1.comcast.com"
    lines, meant = ["while true; do"], []
    for kind, _, count in kinds:
        inner = f'ab -n {count} -H "Host: {host}" http://localhost:5000/{kind}'
        lines.append(f"  docker-compose exec mids {inner}")
        meant.append(Typing("mids", inner, loop="endless", stops=True))
    a.type([*lines, "  sleep 5", "done"], *meant, Typing(None, "sleep 5", loop="endless", stops=True))
    turns = 5
    for _ in range(turns):
        for kind, _, count in kinds:
            a.send(f"GET /{kind} HTTP/1.0", "gamelog", [plain(kind, host)] * count)
        a.world.pass_time(5, 6)
    a.heading("Hive")
    a.do("cloudera", "hive")
    for _, table, _ in kinds:
        statement = jobs.table(table, jobs.streamed(FIELDS), f"/tmp/{table}")
        lines = statement.split("\n")
        typed = [f"hive> {lines[0]}", *(f"    > {line}" for line in lines[1:])]
        a.type([*typed[:-1], typed[-1] + ";"], Typing("cloudera", statement, "hive"), form="hive")
        a.printed(["OK", f"Time taken: 0.{a.rng.randint(100, 999)} seconds"], "hive")
    a.ls("/tmp/swords", turns + 1, streamed=True)
    a.heading("Presto")
    a.at_presto()
    for _, table, count in kinds:
        a.ask(f"select count(*) from {table}", ["_col0"], [[turns * count]], "presto:default> ")
    a.down()
    grow = {table: Growth(0, count) for _, table, count in kinds}
    expected = a.expected(grow, Aid.ZOOKEEPER, Aid.UDF, topics={"gamelog": Growth(0, 2)},
                          equal=(frozenset({"swords", "shields"}),))  # fmt: skip
    return Dress("sinks", a.finished(), expected)


def drivers() -> Dress:
    """Three drivers at once, one a console; a sibling that they import; detached, in the background, by `-T`."""
    a = Author(23, "drivers-kaito", listings=True, lead="mixed")
    a.heading("Three streams")
    a.prose("Each kind of event has a job, and a third job only shows what comes.")
    a.compose()
    a.host("cd ~/w205/drivers-kaito")
    a.host("export GAME=/w205/drivers-kaito")
    a.up()
    a.hand_in("game_api.py", jobs.app(route("/ride", "ride", "Giddy up"), route("/rest", "rest", "Zzz")), shown=True)
    a.topic("events")
    a.flask("game_api.py")
    a.heading("The jobs")
    shared = (
        '#!/usr/bin/env python\n"""What the three jobs share."""\n'
        + jobs.TYPES
        + "\n\n\n"
        + jobs.schema("event", FIELDS)
    )
    a.hand_in("event_schemas.py", shared, shown=True)
    for kind in ("ride", "rest"):
        table = jobs.table(f"{kind}s", jobs.streamed(FIELDS), f"/tmp/{kind}s").replace("if not exists ", "")
        text = jobs.stream(
            "events",
            [jobs.sink(kind, kind, f"/tmp/{kind}s", 5, schema_of="event")],
            [jobs.wanted(kind, kind)],
            imports="from event_schemas import event_schema",
            tables=(f"drop table if exists {kind}s", table),
        )
        a.hand_in(f"{kind}s.py", text, shown=True)
    watch = jobs.stream(
        "events", [jobs.sink("any", "ride", "", 0, schema_of="event")],
        ["@udf('boolean')\ndef is_any(event_as_json):\n    return True\n"],
        imports="from event_schemas import event_schema",
    )  # fmt: skip
    a.hand_in("watch.py", watch)
    line = "docker-compose exec -d spark spark-submit $GAME/rides.py"
    a.type(line, Typing("spark", "spark-submit $GAME/rides.py", background=True, stops=True))
    command = 'bash -c "cd /w205/drivers-kaito && spark-submit rests.py"'
    a.do("spark", command, "-T ", background=True, stops=True)
    console = a.spark("watch.py", stops=True)
    names = [name for name, _ in jobs.streamed(FIELDS)]
    a.printed([*programs.batch_header(0), *programs.spark_show(names, [])], "spark")
    a.heading("Load")
    for kind, count, reply, host in (("ride", 5, "Giddy up", "m1.verizon.net"), ("rest", 3, "Zzz", "nils@home")):
        sent = a.ab(f'-n {count} -H "Host: {host}"', f"/{kind}", f"{reply}\n", "events", plain(kind, host))
        a.prose("And the third terminal shows:")
        number = 1 if kind == "ride" else 2
        rows = [[_value(each, name) for name in names] for each in sent]
        a.printed([*programs.batch_header(number), *programs.spark_show(names, rows)], "spark", console)
    a.ls("/tmp/rides", 2, streamed=True)
    a.heading("Presto")
    for kind, count in (("ride", 5), ("rest", 3)):
        a.execute(f"select count(*) from {kind}s", ["_col0"], [[count]])
    a.down()
    return Dress("drivers", a.finished(), a.expected({"rides": 5, "rests": 3}, Aid.ZOOKEEPER, Aid.UDF))


def _value(sent: Sent, name: str) -> object:
    return {"raw_event": sent.json, "timestamp": sent.timestamp}.get(name, sent.event.get(name))


def pulse() -> Dress:
    """An endless loop in a script in the background; two players of unlike pace; two moments of one stream."""
    a = Author(24, "game-pipeline", report="Project_3.md", cat=True, tilde=True)
    a.heading("The pulse of the game")
    a.prose("A script keeps the game busy while I look.")
    a.compose()
    a.up()
    a.hand_in("app.py", jobs.app(route("/", "default", "Hello, player!"), route("/jump", "jump", "Boing")), shown=True)
    a.topic("player_actions")
    a.flask("app.py")
    a.heading("The stream")
    text = jobs.stream(
        "player_actions",
        [jobs.sink("jump", "jump", "/tmp/jumps", 5)],
        [jobs.schema("jump", FIELDS), jobs.wanted("jump", "jump")],
        tables=("drop table if exists jumps", jobs.table("jumps", jobs.streamed(FIELDS), "/tmp/jumps")),
    )
    a.hand_in("jumps.py", text, shown=True)
    a.spark("jumps.py", stops=True)
    loads = [f'ab -n {n} -H "Host: {host}" http://localhost:5000/jump' for n, host in ((6, "alpha.io"), (2, "beta.io"))]
    script = [
        "#!/bin/bash",
        "while :",
        "do",
        *(f"  docker-compose exec -T mids {load}" for load in loads),
        "  sleep 5",
        "done",
    ]
    a.hand_in("feed.sh", "\n".join([*script, ""]), shown=True, form="bash")
    a.host("bash feed.sh > /dev/null 2>&1", stops=True, background=True)
    a.heading("Presto")
    a.at_presto()
    shown = 0
    for turns in (3, 2):
        for _ in range(turns):
            for count, host in ((6, "alpha.io"), (2, "beta.io")):
                a.send("GET /jump HTTP/1.0", "player_actions", [plain("jump", host)] * count)
            a.world.pass_time(5, 6)
        shown += turns
        rows = [["alpha.io", shown * 6], ["beta.io", shown * 2]]
        a.ask("select host, count(*) as jumps from jumps group by host order by host", ["host", "jumps"], rows,
              "presto:default> ")  # fmt: skip
        if turns == 3:
            a.prose("Some seconds later:")
    a.down()
    expected = a.expected({"jumps": Growth(0, 2)}, Aid.ZOOKEEPER, Aid.UDF, topics={"player_actions": Growth(0, 2)})
    return Dress("pulse", a.finished(), expected)
