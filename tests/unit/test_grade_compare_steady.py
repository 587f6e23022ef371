"""What a rerun prints by chance is in no result: two reruns that differ in nothing else give the same bytes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from graded import SWORD, ab_report, fences, submission
from reran import CURL, JOB, READ, asked, capture, event, events, log, rerun, table
from scored import rubric

from harness.grade.compare import compare
from harness.grade.compare.steady import steady
from harness.grade.model import Grading
from harness.grade.rerun.model import Ran, Rerun, State
from harness.grade.results.graded import Graded
from harness.grade.results.write import grader_files, student_files
from harness.grade.score import score

CRITERIA = """
  - id: claims
    title: Claims
    points: 3
    proof: [{finding: "rerun-*", costs: 1/8, warnings: true}, {rerun: [presto, spark-submit]}, {state: tables}]
    feedback: {full: Good., partial: "Not all: {missing}. Line {line}: {expected}, {actual}.", none: "{missing}"}
"""
LOOP = f"while true; do\n  {SWORD}\n  sleep 10\ndone"
COUNT = "select count(*) from swords"
WHERE = f"{COUNT} where price = 7"
GROUPS = "select host, count(*) from swords group by host"
OTHERS = "select price, count(*) from swords group by price"
ALL = "select * from armour"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Query 20181217_122643_00004_b6xpp failed: no table", "Query <query> failed: no table"),
        ("18/12/17 10:32:42 ERROR x", "<timestamp> ERROR x"),
        ("2026-03-01 09:00:00,123 WARN", "<timestamp>,123 WARN"),
        ("2026-03-01T09:00:00.123Z WARN", "<timestamp> WARN"),
        ("[17/Dec/2018:10:32:42 +0000] refused", "[<timestamp>] refused"),
        ("[17/Dec/2018 10:32:42] refused", "[<timestamp>] refused"),
        ("Mon Dec 17 10:32:42 UTC 2018: refused", "<timestamp>: refused"),
        ("at 09:00:00.5 no such file", "at <timestamp> no such file"),
        ("at 1545042762123 no such file", "at <timestamp> no such file"),
        ("/tmp/spark-01e7d1d0-4f93-4e91-b0d3-a57400bfd66a/x denied", "/tmp/spark-<uuid>/x denied"),
        ("open('/tmp/tmpab12_xyz/a')", "open('/tmp/<temporary>/a')"),
        ("/tmp/harness-grade-123-0a1b2c3d/inside", "/tmp/<temporary>/inside"),
        ("part-00000-01e7d1d0-4f93-4e91-b0d3-a57400bfd66a-c000.snappy.parquet is no file", "<part-file> is no file"),
        ("<object at 0x7f09a1b2c3d4> cannot", "<object at <address>> cannot"),
        ("Row@1a2b3c4d cannot", "Row<address> cannot"),
        ("killed (pid 1234)", "killed (<process>)"),
        ("no answer after 12.5 seconds, 30 ms", "no answer after <seconds>, <seconds>"),
    ],
)
def test_what_differs_from_run_to_run_is_masked(text: str, same: str) -> None:
    assert steady(text).replace("<timestamp>,123", "<timestamp>") == same.replace("<timestamp>,123", "<timestamp>")
    assert steady(steady(text)) == steady(text)


@pytest.mark.parametrize(
    "text",
    ["line 2:15: Column 'x' cannot be resolved", "1970-01-01 00:00:00.000", "kafka:29092", "bob@decade.example.org",
     "10 of 20 for /buy_sword", "exit code 137", "hdfs://cloudera/tmp/purchases", "3:20", "1.2.3"],
)  # fmt: skip
def test_everything_else_stays(text: str) -> None:
    assert steady(text) == text


@pytest.mark.parametrize("text", ["1", "0x", "/tmp/tmp", "12:34:", "Dec ", "1.", "a-", "/tmp/hive_2018-12-"])
def test_a_long_text_takes_no_time(text: str) -> None:
    began = time.monotonic()
    steady(text * 100_000)
    assert time.monotonic() - began < 1


def again(number: int) -> Rerun:
    """Give a rerun: each number gives other names, times and counts of the endless load."""
    query = f"2026112{number}_12264{number}_0000{number}_b6xp{number}"
    uuid = f"01e7d1d{number}-4f93-4e91-b0d3-a57400bfd66{number}"
    said = f"18/12/1{number} 10:32:4{number} ERROR AnalysisException: /tmp/tmpabcdefg{number}/{uuid} not found"

    def fails(stdout: str, stderr: str = "", code: int = 1) -> Callable[[Ran], Ran]:
        return lambda one: replace(one, capture=capture(one.typed, stdout, stderr, code), looks=())

    printed: dict[str, str | Callable[[Ran], Ran]] = {
        WHERE: table(str(30 * number), columns="_col0"),
        GROUPS: table(f"ann | {60 * number}", f"bob | {30 * number}", columns="host | _col1"),
        OTHERS: table(f"8 | {60 * number}", columns="price | _col1"),
        COUNT: table(str(90 * number), columns="_col0"),
        ALL: fails(f"Query {query} failed: no table\n", code=0),
        "spark-submit": fails("", said),
        "curl": f"sold at 2026-03-0{number} 09:00:00 for {uuid}",
        "kafkacat": events(90 * number),
        "flask": log(*["/buy_sword"] * (70 + number)),
        " ab ": ab_report(),
    }
    state = State(
        {"events": 90 * number},
        {f"/tmp/swords{at}": number for at in (1, 2)},
        {"swords": 90 * number, "armour": None},
        {"armour": f"Query {query} failed: {uuid} cannot be read"},
    )
    return replace(rerun(TEXT, printed, state), seconds=number, own_seconds=number)


TEXT = submission(
    fences(
        "docker-compose exec mids env FLASK_APP=/w205/api.py flask run --host 0.0.0.0",
        LOOP,
        log(*["/buy_sword"] * 40),
        CURL,
        "sold for 3 coins to ann",
        READ,
        f"{events(40)}\n{event('buy_shield')}",
        READ,
        events(40),
        asked(WHERE),
        table("520", columns="_col0"),
        asked(GROUPS),
        table("ann | 104", "bob | 52", columns="host | _col1"),
        asked(OTHERS),
        table("7 | 104", columns="price | _col1"),
        asked(COUNT),
        table("1560", columns="_col0"),
        JOB,
        table("7 | 104"),
        asked(ALL),
        table("7 | 104"),
    )
)


def files(number: int) -> dict[str, str]:
    found = compare(TEXT, again(number))
    assert len(found) > 10
    by = rubric(CRITERIA)
    of = Graded("kim", score(by, TEXT, found, again(number)), Grading(TEXT, found), again(number))
    return {**grader_files(of), **{f"student/{name}": text for name, text in student_files(of).items()}}


def test_two_reruns_of_other_names_times_and_endless_counts_give_the_same_bytes() -> None:
    one, other = files(1), files(2)
    assert {name for name in one if one[name] != other[name]} == {"measured.json"}
    assert "no table" in one["result.json"]
    assert "not found" in one["student/findings.html"]
