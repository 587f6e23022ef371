"""Events of several topics, and what is sent by hand: a reading is held against the loads of its own topic."""

from __future__ import annotations

import ast

import pytest
from graded import COMPOSE, SWORD, fences, run, said
from test_grade_query_results import BATCH, JOB, spark
from test_grade_sent import GUILD, event

from harness.grade.checks import access_log, events, rows
from harness.grade.code.routes import read_api
from harness.grade.code.sources import Source
from harness.grade.code.topics import topics_of

APP = """from flask import Flask, request
from kafka import KafkaProducer

app = Flask(__name__)
producer = KafkaProducer(bootstrap_servers="kafka:29092")
GUILDS = "guilds"


def publish(topic, event):
    producer.send(topic, event)


@app.route("/buy_sword")
def buy_sword():
    publish("buys", {"event_type": "buy"})
    return "A sword"


@app.route("/join_guild")
def join_guild():
    publish(GUILDS, {"event_type": "join"})
    return "Welcome"
"""
BUYS, JOINS = event("buy", "ann.example.org", 10), event("join", "bob.example.org", 5)


def reading(topic: str) -> str:
    return f"{COMPOSE} kafkacat -C -b kafka:29092 -t {topic} -o beginning -e"


def sent(*parts: str, app: str = APP) -> list[tuple[str, str]]:
    """Say what is made of the numbers of events."""
    found = run(events.check, fences(*parts), api__py=app)
    return [(check, verdict) for check, verdict in sorted(said(found)) if check == "events-sent"]


def test_events_of_two_topics_are_counted_apart() -> None:
    both = (SWORD, GUILD, reading("buys"), BUYS, reading("guilds"), JOINS)
    assert sent(*both) == [("events-sent", "agrees")]
    fewer = (SWORD, GUILD, reading("buys"), event("buy", "ann.example.org", 9))
    assert sent(*fewer) == [("events-sent", "warning")]
    swapped = (SWORD, GUILD, reading("guilds"), BUYS)
    assert sent(*swapped) == [("events-sent", "warning")]


def test_one_topic_has_the_events_of_all_routes() -> None:
    app = APP.replace('"buys"', "GUILDS")
    assert sent(SWORD, GUILD, reading("guilds"), f"{BUYS}\n{JOINS}", app=app) == [("events-sent", "agrees")]
    assert sent(SWORD, GUILD, reading("guilds"), BUYS, app=app) == [("events-sent", "warning")]


def test_where_a_route_sends_to_nobody_knows_what_nothing_is_said() -> None:
    app = APP.replace("publish(GUILDS", "publish(request.args['topic']").replace('A sword"', 'A sword"' + HORSE)
    assert sent(SWORD, GUILD, reading("buys"), event("buy", "ann.example.org", 9), app=app) == [
        ("events-sent", "not checked")
    ]


HORSE = """


@app.route("/buy_horse")
def buy_horse():
    publish("horses", {"event_type": "horse"})
    return "A horse"
"""


def test_the_table_of_a_topic_has_the_events_of_that_topic() -> None:
    job = JOB.replace('"events"', '"buys"')
    plain = spark("ann.example.org", 12).replace("|     event_type", "|       quantity")
    horse, join = (
        f'{COMPOSE} ab -n {number} -H "Host: ann.example.org" http://localhost:5000/{path}'
        for number, path in ((2, "buy_horse"), (3, "join_guild"))
    )
    text = fences(SWORD, horse, join, BATCH, plain.replace("buy_sword", "        3"))
    app = APP + HORSE.replace("horses", "buys")
    assert said(run(rows.check, text, batch__py=job, api__py=app)) == {("rows-topic", "agrees")}


@pytest.mark.parametrize(
    "command",
    [
        "cat old.txt | docker-compose exec -T mids kafkacat -P -b kafka:29092 -t events",
        f'{COMPOSE} bash -c "cat old.txt | kcat -P -b kafka:29092 -tevents"',
        "docker-compose exec -T kafka kafka-console-producer --broker-list kafka:29092 --topic=events < old.txt",
    ],
)
def test_what_is_sent_by_hand_is_of_unknown_number(command: str) -> None:
    more = BUYS + "\n" + event("buy", "old.example.org", 2)
    assert sent(SWORD, command, reading("events"), more, app="") == [("events-sent", "not checked")]
    assert sent(SWORD, command.replace("events", "scores"), reading("events"), more, app="") == [
        ("events-sent", "warning")
    ]
    log = '127.0.0.1 - - [17/Dec/2018 10:32:42] "GET /buy_sword HTTP/1.0" 200 -'
    flask = f"{COMPOSE} env FLASK_APP=/w205/p/api.py flask run --host 0.0.0.0"
    found = run(access_log.check, fences(flask, SWORD, command, "\n".join([log] * 10)))
    assert ("log-requests", "agrees") in said(found)


@pytest.mark.parametrize(
    ("body", "topics"),
    [
        ('producer.send("a", b"")', {"a"}),
        ('producer.send(topic="a", value=b"")\n    producer.produce("b", b"")', {"a", "b"}),
        ('helper(b"", "a")', {"a"}),
        ('helper(b"", to="b")', {"b"}),
        ("helper(b'', NAME)", {"constant"}),
        ("helper(b'', request.path)", None),
        ("again()", None),
        ("print('nothing')", None),
    ],
)
def test_the_topics_of_a_route_are_followed_through_its_helpers(body: str, topics: set[str] | None) -> None:
    text = (
        'NAME = "constant"\n\ndef helper(event, to):\n    producer.send(to, event)\n\ndef again():\n    again()\n\n'
        f'@app.route("/")\ndef home():\n    {body}\n    return ""\n'
    )
    (route,) = read_api([Source("api.py", text, text.split("\n"), ast.parse(text))]).routes
    assert topics_of(route) == topics
