"""The files that the made-up author hands in: the web API, the jobs, the load, the compose file."""

from __future__ import annotations

from collections.abc import Sequence

from game import Route
from world import Call, World

KAFKA = "kafka:29092"


def app(world: World) -> str:
    """Write the web API, in one of several hands."""
    rng = world.rng
    style = rng.choice(["helper", "helper", "direct", "constant"])
    short = rng.random() < 0.3
    quote = rng.choice(["'", '"'])
    topic = "TOPIC" if style == "constant" else f"{quote}{world.topic}{quote}"
    lines = ["#!/usr/bin/env python"] if rng.random() < 0.7 else []
    lines += ["import json", "from kafka import KafkaProducer", "from flask import Flask, request", ""]
    lines += ["app = Flask(__name__)", f"producer = KafkaProducer(bootstrap_servers={quote}{KAFKA}{quote})"]
    if style == "constant":
        lines.append(f"TOPIC = {quote}{world.topic}{quote}")
    if style != "direct":
        lines += ["", "", "def log_to_kafka(topic, event):" if style == "helper" else "def send(topic, event):"]
        lines += ["    event.update(request.headers)", "    producer.send(topic, json.dumps(event).encode())"]
    for route in world.routes:
        lines += ["", "", *_view(route, style, topic, quote, short=short, comments=rng.random() < 0.3)]
    return "\n".join(lines) + "\n"


def _view(route: Route, style: str, topic: str, quote: str, *, short: bool, comments: bool) -> list[str]:
    q = quote
    decorator = f"@app.route({q}{route.rule}{q})"
    if short:
        decorator = f"@app.{route.verb.lower()}({q}{route.rule}{q})"
    elif route.verb != "GET":
        decorator = f"@app.route({q}{route.rule}{q}, methods=[{q}{route.verb}{q}])"
    extra = route.parameter
    argument = extra.name if extra and extra.source == "path" else ""
    lines = [decorator, f"def {route.name}({argument}):"]
    if comments:
        lines.append(f"    # one event of type {route.event_type} for each call")
    if extra and extra.source == "query":
        lines.append(f"    {extra.name} = request.args.get({q}{extra.name}{q})")
    pairs = [f"{q}event_type{q}: {q}{route.event_type}{q}"]
    for field in route.extras:
        value = field.name if field.source != "constant" else repr(field.values[0])
        pairs.append(f"{q}{field.name}{q}: {value}")
    variable = f"{route.thing}_event"
    lines.append(f"    {variable} = {{{', '.join(pairs)}}}")
    if style == "direct":
        lines.append(f"    {variable}.update(request.headers)")
        lines.append(f"    producer.send({topic}, json.dumps({variable}).encode())")
    else:
        lines.append(f"    {'log_to_kafka' if style == 'helper' else 'send'}({topic}, {variable})")
    body = route.body.replace("\n", "\\n")
    if "{}" not in body:
        lines.append(f"    return {q}{body}{q}")
    else:
        before, after = body.split("{}")
        name = extra.name if extra else ""
        parts = [f"{q}{before}{q}"] * bool(before) + [name, f"{q}{after}{q}"]
        lines.append("    return " + " + ".join(parts))
    return lines


def batch_job(world: World, *, table: bool) -> str:
    """Write the batch job: the main events of the whole topic to Parquet, and the table over it where asked."""
    route, path = world.main, f"/tmp/{world.table}"
    lines = [
        "#!/usr/bin/env python",
        f'"""Take the {route.event_type} events out of kafka and write them to hdfs."""',
        "import json",
        "from pyspark.sql import SparkSession, Row",
        "from pyspark.sql.functions import udf",
        "",
        "",
        "@udf('boolean')",
        f"def wanted_{route.thing}(event_as_json):",
        "    event = json.loads(event_as_json)",
        f"    return event['event_type'] == '{route.event_type}'",
        "",
        "",
        "def main():",
        *_session(f"{route.thing}Batch", hive=table),
        "    raw_events = spark \\",
        *_source(world, "read", ['.option("startingOffsets", "earliest")', '.option("endingOffsets", "latest")']),
        "",
        f"    {route.thing}_events = raw_events \\",
        "        .select(raw_events.value.cast('string').alias('raw'), raw_events.timestamp.cast('string')) \\",
        f"        .filter(wanted_{route.thing}('raw'))",
        "",
        f"    extracted = {route.thing}_events \\",
        "        .rdd \\",
        "        .map(lambda r: Row(timestamp=r.timestamp, **json.loads(r.raw))) \\",
        "        .toDF()",
        "    extracted.printSchema()",
        "    extracted.show()",
        "",
        f'    extracted.write.mode("overwrite").parquet("{path}")',
    ]
    if table:
        columns = world.columns(route)
        lines += ["", *_ddl_in_python(world.table, columns, path)]
    return "\n".join([*lines, *_MAIN])


def stream_columns(world: World) -> list[tuple[str, str]]:
    """Give the columns that the stream job writes: the message, its time, then what its schema names."""
    return [("raw_event", "string"), ("timestamp", "string"), *schema_columns(world)]


def schema_columns(world: World) -> list[tuple[str, str]]:
    """Give the explicit schema of the main event."""
    extras = [(extra.name, extra.spark_type) for extra in world.main.extras]
    return [*((name, "string") for name in ("Accept", "Host", "User-Agent", "event_type")), *extras]


def stream_job(world: World, sink: str, *, table: bool, earliest: bool, seconds: int) -> str:
    """Write the stream job: the main events as they arrive, to the console or to Parquet."""
    route, path = world.main, f"/tmp/{world.stream_table}"
    types = {"string": "StringType", "integer": "IntegerType"}
    columns = schema_columns(world)
    used = sorted({types[kind] for _, kind in columns})
    fields = [f'        StructField("{name}", {types[kind]}(), True),' for name, kind in columns]
    options = ['.option("startingOffsets", "earliest")'] if earliest else []
    lines = [
        "#!/usr/bin/env python",
        f'"""Follow the {route.event_type} events of the topic."""',
        "from pyspark.sql import SparkSession",
        "from pyspark.sql.functions import col, from_json",
        f"from pyspark.sql.types import StructType, StructField, {', '.join(used)}",
        "",
        "",
        f"def {route.thing}_schema():",
        "    return StructType([",
        *fields,
        "    ])",
        "",
        "",
        "def main():",
        *_session(f"{route.thing}Stream", hive=table),
        "    raw_events = spark \\",
        *_source(world, "readStream", options),
        "",
        "    rows = raw_events \\",
        '        .select(col("value").cast("string").alias("raw_event"),',
        '                col("timestamp").cast("string"),',
        f'                from_json(col("value").cast("string"), {route.thing}_schema()).alias("json")) \\',
        f"        .filter(col(\"json.event_type\") == '{route.event_type}') \\",
        '        .select("raw_event", "timestamp", "json.*")',
        "",
    ]
    if table:
        lines += [*_ddl_in_python(world.stream_table, stream_columns(world), path), ""]
    if sink == "console":
        lines += ["    query = rows \\", "        .writeStream \\", '        .format("console") \\', "        .start()"]
    else:
        lines += [
            "    query = rows \\",
            "        .writeStream \\",
            '        .format("parquet") \\',
            f'        .option("checkpointLocation", "/tmp/checkpoints_for_{world.stream_table}") \\',
            f'        .option("path", "{path}") \\',
            f'        .trigger(processingTime="{seconds} seconds") \\',
            "        .start()",
        ]
    return "\n".join([*lines, "", "    query.awaitTermination()", *_MAIN])


_MAIN = ["", "", 'if __name__ == "__main__":', "    main()", ""]


def _session(name: str, *, hive: bool) -> list[str]:
    middle = ["        .enableHiveSupport() \\"] if hive else []
    start = ["    spark = SparkSession \\", "        .builder \\", f'        .appName("{name}") \\']
    return [*start, *middle, "        .getOrCreate()", ""]


def _source(world: World, reader: str, options: Sequence[str]) -> list[str]:
    lines = [
        f"        .{reader} \\",
        '        .format("kafka") \\',
        f'        .option("kafka.bootstrap.servers", "{KAFKA}") \\',
        f'        .option("subscribe", "{world.topic}") \\',
    ]
    return [*lines, *(f"        {option} \\" for option in options), "        .load()"]


def ddl(name: str, columns: Sequence[tuple[str, str]], location: str) -> list[str]:
    """Write the statement that lays a table over Parquet files."""
    types = {"string": "string", "integer": "int", "long": "bigint"}
    rows = [f"    {_quoted(column)} {types[kind]}" for column, kind in columns]
    head = f"create external table if not exists {name} ("
    return [head, *(row + "," for row in rows[:-1]), rows[-1], ")", "stored as parquet", f"location '{location}'"]


def _quoted(column: str) -> str:
    return f"`{column}`" if "-" in column or column == "timestamp" else column


def _ddl_in_python(name: str, columns: Sequence[tuple[str, str]], location: str) -> list[str]:
    inside = [f"        {line}" for line in ddl(name, columns, location)]
    return [f'    spark.sql("drop table if exists {name}")', '    spark.sql("""', *inside, '    """)']


def ab_command(call: Call) -> str:
    """Give the command of one load, as it is typed inside the container."""
    load = call.load
    verb = "" if load.verb == "GET" else f"-m {load.verb} "
    verb += "" if load.concurrency == 1 else f"-c {load.concurrency} "
    path = f'"http://localhost:5000{load.path}"' if "?" in load.path else f"http://localhost:5000{load.path}"
    return f'ab -n {load.requests} {verb}-H "Host: {load.host}" {path}'


def loop_script(world: World, style: str, pause: int) -> list[str]:
    """Write the loop that feeds the stream: as often as the world says, or without an end."""
    body = [f"  docker-compose exec mids {ab_command(call)}" for call in world.loop] + [f"  sleep {pause}"]
    n = world.rounds
    heads = {
        "true": ["while true; do"],
        "colon": ["while :", "do"],
        "list": [f"for i in {' '.join(map(str, range(1, n + 1)))}; do"],
        "braces": [f"for i in {{1..{n}}}; do"],
        "seq": [f"for run in $(seq {n})", "do"],
        "c": [f"for ((i=0; i<{n}; i++)); do"],
        "counter": ["i=1", f"while [ $i -le {n} ]; do"],
    }
    tail = ["  i=$((i+1))"] if style == "counter" else []
    return [*heads[style], *body, *tail, "done"]
