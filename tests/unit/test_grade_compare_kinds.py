"""Each kind of output against a rerun: what is the same agrees, what must be the same goes red, what may differ not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from graded import SWORD, ab_report, fences, submission
from reran import API, BATCH, CURL, JOB, LIST, LS, READ, TOPIC, asked, events, listing, log, rerun, shown, table

from harness.grade.compare import compare
from harness.grade.model import Finding


@dataclass(frozen=True)
class Case:
    """What a report shows, what the rerun printed by words of its commands, and what is to be said of one check."""

    parts: Sequence[str]
    printed: Mapping[str, str]
    check: str
    says: set[str]
    files: Mapping[str, str] = field(default_factory=dict)


def verdict(finding: Finding) -> str:
    return "error" if finding.is_error else "warning" if finding.is_warning else str(finding.verdict)


LOADED = [SWORD, ab_report()]
QUERY = "select host, price from swords"
DESCRIBED = table("host | varchar", "price | bigint", columns="Column | Type")
COUNT = "select count(*) from swords"
FILLED = {"job__py": BATCH}

WELL, MAY = {"agrees", "volatile"}, {"tolerated"}
PS = "docker-compose ps"
SERVICES = ("rerun-services",)
HIVE = "docker-compose exec cloudera hive -e 'select host, price from swords'"
START = ' * Serving Flask app "api"\n * Running on http://0.0.0.0:5000/ (Press CTRL+C to quit)'
DESCRIBE = "docker-compose exec kafka kafka-topics --describe --topic events --zookeeper zookeeper:32181"


def running(*services: str, state: str = "Up") -> str:
    lines = [f"game_{service}_1   run.sh   {state}   9092/tcp" for service in services]
    return "\n".join(["   Name     Command   State   Ports  ", "-" * 40, *lines])


def partitions(number: int) -> str:
    return f"Topic:events\tPartitionCount:{number}\tReplicationFactor:{number}\tConfigs:"


CASES = {
    "ab: the same": Case(LOADED, {" ab ": ab_report(seconds=1.5)}, "rerun-ab", {"agrees", "volatile"}),
    "ab: another path": Case(LOADED, {" ab ": ab_report("/sword")}, "rerun-ab", {"error", "volatile"}),
    "ab: another length": Case(LOADED, {" ab ": ab_report(length=30)}, "rerun-ab", {"error", "volatile"}),
    "ab: fewer requests": Case(LOADED, {" ab ": ab_report(complete=9)}, "rerun-ab", {"error", "volatile"}),
    "ab: failed requests": Case(LOADED, {" ab ": ab_report(Failed_requests="3")}, "rerun-ab", {"error", "volatile"}),
    "ab: failed in the report": Case(
        [SWORD, ab_report(Failed_requests="3")], {" ab ": ab_report()}, "rerun-ab", {"warning", "volatile"}
    ),
    "ab: two reports, by their paths": Case(
        [f"{SWORD}\n{SWORD}2", ab_report(), ab_report("/buy_sword2", length=9)],
        {"sword": ab_report(), "sword2": ab_report("/buy_sword2", length=9)},
        "rerun-ab",
        {"agrees", "volatile"},
    ),
    "ab: nothing printed": Case(LOADED, {}, "rerun-ab", {"not checked"}),
    "log: the same": Case(
        [API, *LOADED, log(*["/buy_sword"] * 10)],
        {"flask": log(*["/buy_sword"] * 10, day=3), " ab ": ab_report()},
        "rerun-log",
        {"agrees", "volatile"},
    ),
    "log: refused in the rerun": Case(
        [API, *LOADED, log(*["/buy_sword"] * 10)],
        {"flask": log(*["/buy_sword"] * 10, status=404)},
        "rerun-log",
        {"error", "volatile"},
    ),
    "log: fewer, not in a row": Case(
        [API, *LOADED, log(*["/a"] * 4, *["/b"] * 4)],
        {"flask": log(*["/a"] * 2, *["/b"] * 2, *["/a"] * 3)},
        "rerun-log",
        {"warning", "volatile"},
    ),
    "log: the last lines": Case(
        [API, *LOADED, log(*["/buy_sword"] * 4)],
        {"flask": log("/", *["/buy_sword"] * 10)},
        "rerun-log",
        {"tolerated", "volatile"},
    ),
    "events: the same": Case([*LOADED, READ, events(10)], {"kafkacat": events(10)}, "rerun-events", {"agrees"}),
    "events: keys in another order": Case(
        [*LOADED, READ, events(10)],
        {"kafkacat": "\n".join(['{"event_type": "buy_sword", "Host": "ann.example.org", "Accept": "*/*"}'] * 10)},
        "rerun-events",
        {"agrees", "volatile"},
    ),
    "events: a client's own key": Case(
        [*LOADED, READ, events(10)],
        {"kafkacat": events(10).replace('"Accept": "*/*"', '"Content-Length": ""')},
        "rerun-events",
        {"agrees", "volatile"},
    ),
    "events: another key": Case(
        [*LOADED, READ, events(10, colour="red")], {"kafkacat": events(10)}, "rerun-events", {"error", "volatile"}
    ),
    "events: another type": Case(
        [*LOADED, READ, events(10, "sell_sword")], {"kafkacat": events(10)}, "rerun-events", {"error"}
    ),
    "events: another host": Case(
        [*LOADED, READ, events(10, host="bob.example.org")], {"kafkacat": events(10)}, "rerun-events", {"warning"}
    ),
    "events: more than came": Case([*LOADED, READ, events(12)], {"kafkacat": events(10)}, "rerun-events", {"warning"}),
    "events: a part": Case([*LOADED, READ, events(4)], {"kafkacat": events(10)}, "rerun-events", {"tolerated"}),
    "events: none read": Case([*LOADED, READ, events(4)], {}, "rerun-events", {"not checked"}),
    "spark: the same": Case(
        [*LOADED, JOB, shown(10)], {"spark-submit": shown(10, day="2026-01-01")}, "rerun-rows", {"agrees", "volatile"}
    ),
    "spark: other rows": Case(
        [*LOADED, JOB, shown(10)], {"spark-submit": shown(8)}, "rerun-rows", {"error", "volatile"}
    ),
    "spark: other cells": Case(
        [*LOADED, JOB, shown(10)], {"spark-submit": shown(10, cell="8")}, "rerun-rows", {"warning", "volatile"}
    ),
    "spark: other columns": Case(
        [*LOADED, JOB, shown(10)], {"spark-submit": shown(10, column="cost")}, "rerun-columns", {"error"}
    ),
    "spark: the same columns": Case(
        [*LOADED, JOB, shown(10)], {"spark-submit": shown(10)}, "rerun-columns", {"agrees"}
    ),
    "spark: the same schema": Case(
        [JOB, "root\n |-- Host: string (nullable = true)\n"],
        {"spark-submit": "root\n |-- Host: string (nullable = false)\n"},
        "rerun-columns",
        {"agrees"},
    ),
    "spark: another type": Case(
        [JOB, "root\n |-- Host: string (nullable = true)\n"],
        {"spark-submit": "root\n |-- Host: integer (nullable = true)\n"},
        "rerun-columns",
        {"error"},
    ),
    "presto: the same rows in another order": Case(
        [*LOADED, asked(QUERY), table("ann | 7", "bob | 8")],
        {QUERY: table("bob | 8", "ann | 7")},
        "rerun-rows",
        {"agrees"},
    ),
    "presto: other rows of a stream": Case(
        [*LOADED, asked(QUERY), table("ann | 7")], {QUERY: table("ann | 8")}, "rerun-rows", {"warning"}
    ),
    "presto: other rows of a batch": Case(
        [*LOADED, asked(COUNT), table("8", columns="_col0")],
        {COUNT: table("10", columns="_col0")},
        "rerun-rows",
        {"error"},
        FILLED,
    ),
    "presto: a limit takes other rows": Case(
        [*LOADED, asked(f"{QUERY} limit 1"), table("ann | 7")],
        {QUERY: table("bob | 8")},
        "rerun-rows",
        {"agrees"},
        FILLED,
    ),
    "presto: times are not compared": Case(
        [*LOADED, asked(QUERY), table("2018-12-17 10:40:21.202 | 7", columns="timestamp | price")],
        {QUERY: table("2026-12-17 10:40:21.202 | 7", columns="timestamp | price")},
        "rerun-rows",
        {"agrees", "volatile"},
    ),
    "presto: a table of Markdown": Case(
        ["#ask", asked(QUERY), "| host | price |\n|------|-------|\n| ann  | 7     |\n(1 row)"],
        {QUERY: table("ann | 7")},
        "rerun-rows",
        {"agrees"},
    ),
    "presto: other columns of all": Case(
        [asked("select * from swords"), table("ann | 7")],
        {"select": table("ann | 7", columns="host | colour")},
        "rerun-columns",
        {"error"},
    ),
    "presto: columns in another order": Case(
        [asked("select * from swords"), table("ann | 7")],
        {"select": table("7 | ann", columns="price | host")},
        "rerun-columns",
        {"warning"},
    ),
    "presto: a header that is cut": Case(
        [asked("select * from swords"), table("ann", columns="host")],
        {"select": table("ann | 7", columns="host | price")},
        "rerun-columns",
        {"tolerated"},
    ),
    "describe: the same": Case(
        [asked("describe swords"), DESCRIBED],
        {"describe": table("host | varchar | |", "price | bigint | |", columns="Column | Type | Extra | Comment")},
        "rerun-columns",
        {"agrees"},
    ),
    "describe: another type": Case(
        [asked("describe swords"), DESCRIBED],
        {"describe": DESCRIBED.replace("bigint ", "varchar")},
        "rerun-columns",
        {"error"},
    ),
    "describe: a column less": Case(
        [asked("describe swords"), DESCRIBED],
        {"describe": table("host | varchar", columns="Column | Type")},
        "rerun-columns",
        {"error"},
    ),
    "tables: the same": Case(
        [asked("show tables"), table("swords", columns="Table")],
        {"show": table("swords", columns="Table")},
        "rerun-columns",
        {"agrees"},
    ),
    "tables: one is missing": Case(
        [JOB, asked("show tables"), table("shields", "swords", columns="Table")],
        {"show": table("swords", columns="Table")},
        "rerun-columns",
        {"error"},
        {"job__py": "shields = 1"},
    ),
    "tables: one of an earlier session is missing": Case(
        [JOB, asked("show tables"), table("shields", "swords", columns="Table")],
        {"show": table("swords", columns="Table")},
        "rerun-columns",
        {"warning"},
    ),
    "listing: the same": Case(
        [LS, listing("/tmp/hive", "/tmp/swords")],
        {"-ls": listing("/tmp/swords")},
        "rerun-listing",
        {"agrees", "volatile"},
    ),
    "listing: what the code writes is missing": Case(
        [LS, listing("/tmp/swords")], {"-ls": listing("/tmp/shields")}, "rerun-listing", {"error", "volatile"}, FILLED
    ),
    "listing: what nobody writes is missing": Case(
        [LS, listing("/tmp/bows")], {"-ls": listing("/tmp/shields")}, "rerun-listing", {"warning", "volatile"}, FILLED
    ),
    "listing: more in the rerun": Case(
        [LS, listing("/tmp/swords")],
        {"-ls": listing("/tmp/shields", "/tmp/swords")},
        "rerun-listing",
        {"warning", "volatile"},
    ),
    "listing: as many part files": Case(
        [LS, listing("/tmp/swords/part-00000-aa")],
        {"-ls": listing("/tmp/swords/part-00000-bb")},
        "rerun-listing",
        {"agrees", "volatile"},
    ),
    "listing: no part file": Case(
        [LS, listing("/tmp/swords/part-00000-aa")],
        {"-ls": listing("/tmp/swords")},
        "rerun-listing",
        {"warning", "volatile"},
    ),
    "listing: other part files": Case(
        [LS, listing("/tmp/swords/part-00000-aa", "/tmp/swords/part-00000-ab")],
        {"-ls": listing("/tmp/swords/part-00000-bb")},
        "rerun-listing",
        {"tolerated", "volatile"},
    ),
    "topics: made": Case(
        [TOPIC, "Created topic events."], {"--create": 'Created topic "events".'}, "rerun-topics", {"agrees"}
    ),
    "topics: another one made": Case(
        [TOPIC, "Created topic events."], {"--create": "Created topic other."}, "rerun-topics", {"error"}
    ),
    "topics: listed": Case(
        [LIST, "events\nother"], {"--list": "__consumer_offsets\nevents\nother"}, "rerun-topics", {"agrees"}
    ),
    "topics: one is missing": Case([LIST, "events\nother"], {"--list": "events"}, "rerun-topics", {"warning"}),
    "curl: the same": Case([CURL, "Sword Purchased!"], {"curl": "Sword Purchased!\n"}, "rerun-answer", {"agrees"}),
    "curl: other numbers": Case(
        [CURL, "You have 3 swords."], {"curl": "You have 4 swords."}, "rerun-answer", {"tolerated"}
    ),
    "curl: a number in a longer one": Case([CURL, "Sum 1"], {"curl": "Sum 10"}, "rerun-answer", MAY),
    "curl: a prompt besides": Case(
        [CURL, "Sword Purchased! $"], {"curl": "Sword Purchased!"}, "rerun-answer", {"agrees"}
    ),
    "curl: another text": Case([CURL, "Sword Purchased!"], {"curl": "Sold out."}, "rerun-answer", {"warning"}),
    "services: the same": Case(
        [PS, running("kafka", "spark")], {"ps": running("kafka", "spark")}, *SERVICES, {"agrees"}
    ),
    "services: one is missing": Case([PS, running("kafka", "spark")], {"ps": running("kafka")}, *SERVICES, {"warning"}),
    "services: one is down": Case(
        [PS, running("kafka", "spark")], {"ps": running("kafka", "spark", state="Exit")}, *SERVICES, {"warning"}
    ),
    "hive: the same": Case([HIVE, "ann\t7\nbob\t8"], {"hive": "bob\t8\nann\t7\n"}, "rerun-rows", {"agrees"}),
    "hive: another row": Case([HIVE, "ann\t7\nbob\t8"], {"hive": "bob\t8\nann\t9\n"}, "rerun-rows", {"warning"}),
    "flask: it starts": Case([API, START], {"flask": START}, "rerun-server", {"agrees"}),
    "flask: it says nothing": Case([API, START], {"flask": ""}, "rerun-server", {"not checked"}),
    "topics: other partitions": Case(
        [DESCRIBE, partitions(1)], {"--describe": partitions(3)}, "rerun-topics", {"error"}
    ),
    "topics: the same partitions": Case(
        [DESCRIBE, partitions(3)], {"--describe": partitions(3)}, "rerun-topics", {"agrees"}
    ),
    "file: the same": Case(
        ["cat job.py", "import json\nprint(json)"], {"cat": "import json\nprint(json)   \n"}, "rerun-file", {"agrees"}
    ),
    "file: another line": Case(
        ["cat job.py", "import json\nprint(json)"], {"cat": "import json\nprint(1)\n"}, "rerun-file", {"warning"}
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_kind_of_output_is_compared_by_what_must_come_again(name: str) -> None:
    case = CASES[name]
    given = submission(fences(*case.parts), **case.files)
    found = [each for each in compare(given, rerun(given, case.printed)) if each.check == case.check]
    assert {verdict(each) for each in found} == case.says, found


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].says & {"error", "warning"}])
def test_a_disagreement_has_both_values_its_place_and_the_reruns_line(name: str) -> None:
    case = CASES[name]
    text = fences(*case.parts)
    given = submission(text, **case.files)
    for each in compare(given, rerun(given, case.printed)):
        if each.is_error or each.is_warning:
            assert each.expected is not None, each
            assert each.actual is not None, each
            assert each.message.endswith("."), each
            assert [one.file for one in each.evidence] == ["rerun"], each
            assert text.split("\n")[each.evidence[0].line - 1].strip(), each
            inside = next(block for block in given.blocks if block.fence == each.block and block.answers)
            assert inside.first_line < each.line <= inside.last_line, each
