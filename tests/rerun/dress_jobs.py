"""Dresses of the jobs: nested events, several topics, many sinks, many drivers, a console, tables made anywhere."""

from __future__ import annotations

import programs

from rerun import jobs
from rerun.author import Author
from rerun.books import Dress, Sent, headers
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
    topic = "player_actions"
    routes = (route("/", "default", "Hello, player!", topic), route("/jump", "jump", "Boing", topic))
    a.hand_in("app.py", jobs.app(*routes), shown=True)
    a.topic(topic)
    a.flask("app.py")
    a.heading("The stream")
    text = jobs.stream(
        topic,
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
                a.send("GET /jump HTTP/1.0", topic, [plain("jump", host)] * count)
            a.world.pass_time(5, 6)
        shown += turns
        rows = [["alpha.io", shown * 6], ["beta.io", shown * 2]]
        a.ask("select host, count(*) as jumps from jumps group by host order by host", ["host", "jumps"], rows,
              "presto:default> ")  # fmt: skip
        if turns == 3:
            a.prose("Some seconds later:")
    a.down()
    expected = a.expected({"jumps": Growth(0, 2)}, Aid.ZOOKEEPER, Aid.UDF, topics={topic: Growth(0, 2)})
    return Dress("pulse", a.finished(), expected)
