"""Dresses of the hand: scripts, shells inside of containers, here-documents, notebooks, a console that is watched."""

from __future__ import annotations

import json
from dataclasses import replace

import programs
import student_code
from game import Extra, Route
from world import Call

from rerun import jobs
from rerun.author import Author
from rerun.books import Dress, row
from rerun.dress_jobs import FIELDS, plain, route
from rerun.expected import Aid, Typing


def scripts() -> Dress:
    """All by scripts: set-up, a load with a loop that writes beside itself; events straight into Kafka; CTAS."""
    a = Author(31, "w205-final", heading="setext", info="all", trailing=True)
    a.heading("Final project")
    a.prose("Three scripts do the work; the scores of the old game come from a file.")
    a.compose()
    topic = "kafka-topics --create --topic scores --partitions 1 --replication-factor 1 --if-not-exists"
    up = ["#!/bin/bash", "docker-compose up -d", f"docker-compose exec -T kafka {topic} --zookeeper zookeeper:32181"]
    a.hand_in("setup.sh", "\n".join([*up, ""]), shown=True, form="bash")
    a.host("bash setup.sh")
    a.hand_in("game_api.py", jobs.app(route("/score", "score", "Well done", "scores")), shown=True)
    a.flask("game_api.py")
    a.heading("Load")
    inner = 'ab -n 2 -H "Host: player_two" http://localhost:5000/score'
    load = ["#!/bin/bash", "rounds=${1:-1}", "for i in $(seq $rounds)", "do", f"  docker-compose exec -T mids {inner}",
            "  sleep 1", "done >> ab.log"]  # fmt: skip
    a.hand_in("load.sh", "\n".join([*load, ""]), shown=True, form="bash")
    a.host("chmod +x load.sh")
    a.host("./load.sh 3")
    for _ in range(3):
        a.send("GET /score HTTP/1.0", "scores", [plain("score", "player_two")] * 2)
    a.host('grep -c "Complete requests" ab.log')
    a.printed(["3"], "")
    a.heading("The old game")
    old = {"Accept": "*/*", "Host": "old.game.io", "User-Agent": "none", "event_type": "score"}
    a.hand_in("old.txt", f"{json.dumps(old)}\n" * 2)
    produce = "kafkacat -P -b kafka:29092 -t scores"
    a.type(f"cat old.txt | docker-compose exec -T mids {produce}", Typing("mids", produce))
    other = {**old, "Host": "older.game.io"}
    lines = [f"{produce} <<EOF", json.dumps(other), json.dumps(other), json.dumps(other), "EOF"]
    a.type([f"docker-compose exec -T mids {lines[0]}", *lines[1:]], Typing("mids", "\n".join(lines)))
    a.extra["scores"] = 5
    counted = 'bash -c "kafkacat -C -b kafka:29092 -t scores -o beginning -e -q | wc -l"'
    a.do("mids", counted)
    a.printed(["11"], "")
    a.heading("Spark")
    after = jobs.ctas("score", "scores", "/tmp/scores")
    a.hand_in("write_hive_table.py", jobs.batch("score", "scores", "score", "", after, hive=True), shown=True)
    a.host(
        "cat > run_job.sh <<'EOF'\ndocker-compose exec -T spark spark-submit /w205/w205-final/write_hive_table.py\nEOF"
    )
    a.parts[-1] = a.parts[-1].with_lines(a.parts[-1].lines[0].split("\n"))
    a.host("bash run_job.sh")
    a.ls("/tmp/scores", 1)
    a.heading("Presto")
    a.at_presto()
    a.ask("select host, count(*) as n from scores group by host order by host", ["host", "n"],
          [["old.game.io", 2], ["older.game.io", 3], ["player_two", 6]])  # fmt: skip
    a.ask("select count(*) from scores", ["_col0"], [[11]])
    a.down()
    return Dress("scripts", a.finished(), a.expected({"scores": 11}, Aid.ZOOKEEPER, Aid.UDF, Aid.ROWS))


def shells() -> Dress:
    """Everything typed inside of the containers, at their own prompts."""
    a = Author(32, "project-3-rsolberg", prompt="{me}@w205:~$ ", more="> ")
    a.heading("Inside the containers")
    a.prose("I like to be where things run.")
    a.compose()
    a.up()
    a.hand_in(
        "server.py", jobs.app(route("/feed", "feed_horse", "Munch"), route("/sell", "sell_horse", "Sold!")), shown=True
    )
    a.topic("events")
    a.flask("server.py")
    a.heading("The container mids")
    a.do("mids", "bash")
    root = "root@4be9d1c0a55e:/w205# "
    for path, kind, count, reply in (("/feed", "feed_horse", 4, "Munch\n"), ("/sell", "sell_horse", 2, "Sold!\n")):
        inner = f'ab -n {count} -H "Host: brutus.example.net" http://localhost:5000{path}'
        a.type(root + inner, Typing("mids", inner), form="container")
        a.ab(f"-n {count}", path, reply, "events", plain(kind, "brutus.example.net"), type_it=False)
        load = programs.Load(path, "brutus.example.net", count, len(reply))
        a.printed(programs.ab(load, a.rng, a.world.werkzeug, a.world.revision, quick=True), "ab")
    inner = "kafkacat -C -b kafka:29092 -t events -o beginning -e"
    a.type(root + inner, Typing("mids", inner), form="container")
    a.printed([each.json for each in a.sent], "json_lines")
    inner = inner + " | wc -l"
    a.type(root + inner, Typing("mids", inner), form="container")
    a.printed(["6"], "")
    a.type(root + "exit", Typing("mids", "exit"), form="container")
    a.heading("The container spark")
    a.hand_in("filtered_writes.py", jobs.batch("feed", "events", "feed_horse", "/tmp/feeds"), shown=True)
    a.type("docker exec -it project3rsolberg_spark_1 bash", Typing("spark", "bash"))
    job = "spark-submit /w205/project-3-rsolberg/filtered_writes.py"
    a.type("root@9c77a2d3e1f0:/# " + job, Typing("spark", job), form="container")
    columns = sorted(["timestamp", *a.sent[0].event])
    a.shown(columns, a.sent[:4])
    a.heading("The container cloudera")
    a.do("cloudera", "bash")
    ls = "hadoop fs -ls /tmp/feeds"
    a.type("root@cloudera:/# " + ls, Typing("cloudera", ls), form="container")
    when = a.world.pass_time(9, 20)
    files = [("/tmp/feeds/_SUCCESS", 0, when), ("/tmp/feeds/part-00000-12ab.snappy.parquet", 1990, when)]
    a.printed(programs.hdfs_ls(files), "hdfs_ls")
    statement = " ".join(jobs.table("feeds", [(name, "string") for name in columns], "/tmp/feeds").split())
    inner = f"hive -e '{statement}'".replace("'/tmp/feeds'", '"/tmp/feeds"')
    a.type("root@cloudera:/# " + inner, Typing("cloudera", inner), form="container")
    a.heading("Presto")
    a.at_presto()
    a.ask("select count(*) from feeds", ["_col0"], [[4]], "presto:default> ")
    lower = [name.lower() for name in columns]
    rows = [row(each, columns) for each in a.sent[:4]]
    a.ask("select * from feeds", lower, rows, "presto:default> ")
    a.down()
    expected = a.expected({"feeds": 4}, Aid.ZOOKEEPER, Aid.UDF, Aid.ROWS, left_out=frozenset({"exit"}))
    return Dress("shells", a.finished(), expected)


def gets() -> Dress:
    """Query and path parameters; a console stream that is watched; a batch; all of it as the first corpus writes it."""
    a = Author(33, "assignment-11-mira", backslashes=True, lead="mixed", heading="###")
    horse = Route("/buy_horse/<kind>", "buy_horse", "buy_horse", "A {} is yours\n", (Extra("kind", "path", ["mare"]),),
                  "GET", "horse", "horses")  # fmt: skip
    bow = Route(
        "/buy_bow", "buy_bow", "buy_bow", "Twang\n", (Extra("colour", "query", ["black"]),), "GET", "bow", "bows"
    )
    keys = ["Host", "Accept", "User-Agent", "event_type", "kind", "colour"]
    world = replace(a.world, module="game_api", routes=[horse, bow], main=horse, topic="events", key_order=keys,
                    table="horses", stream_table="horse_stream", events=[])  # fmt: skip
    a.world = world
    a.heading("Horses and bows")
    a.prose("The routes take a word in the path or in the query.")
    a.compose()
    a.up(ps=True)
    a.hand_in("game_api.py", student_code.app(world), shown=True)
    a.topic("events")
    a.flask("game_api.py")
    a.prose("To watch what arrives, this stays open:")
    a.do("mids", "kafkacat -C -b kafka:29092 -t events -o beginning", stops=True)
    a.heading("The stream on the console")
    a.hand_in(
        "filter_stream.py",
        student_code.stream_job(world, "console", table=False, earliest=False, seconds=0),
        shown=True,
    )
    console = a.spark("filter_stream.py", stops=True)
    columns = [name for name, _ in student_code.stream_columns(world)]
    a.printed([*programs.batch_header(0), *programs.spark_show(columns, [])], "spark")
    a.heading("Load")
    calls = [Call(horse, "ada.example.org", 3, "mare"), Call(bow, "ada.example.org", 4, "black"),
             Call(horse, "cleo.example.com", 2, "pony")]  # fmt: skip
    batch = 0
    for call in calls:
        a.do("mids", student_code.ab_command(call))
        a.printed(programs.ab(call.load, a.rng, world.werkzeug, world.revision, quick=True), "ab")
        events = world.send([call])
        sent = a.send(events[0].request, "events", [event.body for event in events])
        if call.route is horse:
            batch += 1
            a.prose("The console shows:")
            rows = [row(each, columns) for each in sent]
            a.printed([*programs.batch_header(batch), *programs.spark_show(columns, rows)], "spark", console)
    a.log(a.sent)
    a.heading("Batch")
    a.hand_in("batch_job.py", student_code.batch_job(world, table=True), shown=True)
    a.spark("batch_job.py")
    horses = [each for each in a.sent if each.event["event_type"] == "buy_horse"]
    names = [name for name, _ in world.columns(horse)]
    a.shown(names, horses)
    a.heading("Presto")
    a.at_presto()
    a.ask("select kind, count(*) as n from horses group by kind order by kind", ["kind", "n"],
          [["mare", 3], ["pony", 2]], "presto:default> ")  # fmt: skip
    a.ask("select count(*) from horses", ["_col0"], [[5]], "presto:default> ")
    a.down()
    return Dress("gets", a.finished(), a.expected({"horses": 5}, Aid.ZOOKEEPER, Aid.UDF, Aid.ROWS))


def notebook() -> Dress:
    """A notebook that is the pipeline: its cells type the commands, its Python is the job."""
    a = Author(34, "full-stack-lena_h", report="report.ipynb", form="executed")
    a.heading("Guilds, in one notebook")
    a.prose("Every cell was run from the top.")
    a.compose()
    a.heading("Cluster")
    a.type("docker-compose up -d", Typing(None, "docker-compose up -d"))
    services = [f"Creating fullstacklenah_{name}_1 ... done" for name in ("zookeeper", "kafka", "mids")]
    a.printed(services, "compose")
    a.hand_in(
        "game_api.py",
        jobs.app(route("/join", "join_guild", "Joined", "guilds"), route("/leave", "leave_guild", "Bye", "guilds")),
        shown=True,
    )
    a.topic("guilds")
    line = "docker-compose exec -d mids env FLASK_APP=/w205/full-stack-lena_h/game_api.py flask run --host 0.0.0.0"
    a.type(line, Typing("mids", line.split("mids ", 1)[1], background=True, stops=True), form="shell")
    a.parts[-1] = replace(a.parts[-1], tags=("cell",))
    a.heading("Load")
    for kind, count, reply in (("join", 6, "Joined\n"), ("leave", 2, "Bye\n")):
        a.ab(f'-n {count} -H "Host: olga@work"', f"/{kind}", reply, "guilds", plain(f"{kind}_guild", "olga@work"))
    a.kafkacat("guilds")
    a.heading("Spark")
    _cell(a, ["from pyspark.sql import SparkSession", "from pyspark.sql.functions import from_json",
              "from pyspark.sql.types import StructType, StructField, StringType",
              'spark = SparkSession.builder.appName("notebook").enableHiveSupport().getOrCreate()'], [])  # fmt: skip
    options = [
        'raw = spark.read.format("kafka").option("kafka.bootstrap.servers", "kafka:29092") \\',
        '    .option("subscribe", "guilds").option("startingOffsets", "earliest") \\',
        '    .option("endingOffsets", "latest").load()',
        "raw.count()",
    ]
    _cell(a, options, ["8"])
    names = [name for name, _ in FIELDS]
    _cell(a, [*jobs.schema("event", FIELDS).rstrip().split("\n"), "",
              'joins = raw.select(from_json(raw.value.cast("string"), event_schema()).alias("e")).select("e.*") \\',
              "    .filter(\"event_type = 'join_guild'\")", "joins.show()"],
          programs.spark_show(names, [row(each, names) for each in a.sent[:6]]))  # fmt: skip
    _cell(a, ['joins.write.mode("overwrite").parquet("/tmp/joins")'], [])
    a.ls("/tmp/joins", 1)
    a.heading("Table and queries")
    columns = [(name.replace("-", "_"), kind) for name, kind in FIELDS]
    statement = " ".join(jobs.table("joins", columns, "/tmp/joins").split())
    a.do("cloudera", f'hive -e "{statement}"')
    a.printed(["OK", "Time taken: 0.412 seconds"], "hive")
    a.execute("select host, count(*) as n from joins group by host", ["host", "n"], [["olga@work", 6]])
    a.execute("select count(*) from joins", ["_col0"], [[6]])
    a.heading("The end")
    a.type("docker-compose down", Typing(None, "docker-compose down"))
    a.printed(["Removing network fullstacklenah_default"], "compose")
    return Dress("notebook", a.finished(), a.expected({"joins": 6}, Aid.ZOOKEEPER))


def _cell(a: Author, lines: list[str], printed: list[str]) -> None:
    """Type a cell of Python."""
    a.type(lines, Typing(None, "\n".join(lines), "python"), form="python")
    if printed:
        a.printed(printed, "spark" if printed[0].startswith("+") else "python")
