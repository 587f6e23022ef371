"""Claims of invented reports, right and wrong, and numbers that claim nothing."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from work import calls

from harness.grade.checks.prose import check_prose
from harness.grade.model import Finding, Submission
from harness.readme import read

AMBER, BASIL = "amber.example.org", "basil.example.org"
HEAD = "# Farm game\n\nThe pipeline of the farm game is described here step by step.\n\n"


def fence(text: str) -> str:
    return f"```\n{text}\n```\n\n"


def bench(count: int, path: str = "plant_seed", host: str = AMBER) -> str:
    return f'docker-compose exec mids ab -n {count} -H "Host: {host}" http://localhost:5000/{path}'


def log(count: int, path: str = "plant_seed", minute: int = 10) -> str:
    return "\n".join(
        f'127.0.0.1 - - [03/Mar/2020 09:{minute}:{at % 60:02}] "GET /{path} HTTP/1.0" 200 -' for at in range(count)
    )


def events(count: int, kind: str = "plant_seed", host: str = AMBER) -> str:
    line = f'{{"Host": "{host}", "event_type": "{kind}", "Accept": "*/*", "User-Agent": "ApacheBench/2.3"}}'
    return "\n".join([line] * count)


def table(count: int, kind: str = "plant_seed", host: str = AMBER, end: str = "") -> str:
    rule = "+-----------------+------------+"
    rows = [f"|{host}|{kind:>12}|" for _ in range(count)]
    return "\n".join([rule, "|             Host|  event_type|", rule, *rows, rule, *([end] if end else [])])


def presto(columns: list[str], rows: list[list[str]]) -> str:
    width = 20
    lines = [" | ".join(f"{cell:<{width}}" for cell in row) for row in (columns, *rows)]
    rule = "-+-".join("-" * width for _ in columns)
    noun = "row" if len(rows) == 1 else "rows"
    return "\n".join([f" {lines[0]}", f"-{rule}-", *(f" {line}" for line in lines[1:]), f"({len(rows)} {noun})"])


def listing(count: int) -> str:
    lines = [
        f"-rw-r--r--   1 root supergroup 2{at} 2020-03-03 09:1{at} /tmp/crops/part-0000{at}" for at in range(count)
    ]
    return "\n".join([f"Found {count} items", *lines])


def grade(text: str, **files: str) -> list[Finding]:
    return list(check_prose(Submission(PurePosixPath("README.md"), read(HEAD + text), {"README.md": text, **files})))


def seen(text: str, **files: str) -> list[tuple[str, object, str]]:
    """Each finding as its kind, the number claimed, and the verdict; a warning says so."""
    return [
        (found.check.removeprefix("prose-"), found.actual, "warning" if found.is_warning else found.verdict.value)
        for found in grade(text, **files)
    ]


TALLY = fence(bench(12)) + fence(log(12))
TWO_KINDS = fence(bench(8) + "\n" + bench(5, "harvest_crop", BASIL))
BOTH_SHOWN = fence(events(8) + "\n" + events(5, "harvest_crop", BASIL))
SCHEMA = presto(["Column", "Type"], [["host", "varchar"], ["event_type", "varchar"], ["acres", "varchar"]])
TABLES = presto(["Table"], [["crops"], ["seeds"]])
TOPIC = "docker-compose exec kafka kafka-topics --create --topic farm --partitions {} --zookeeper zookeeper:32181"
COUNT = presto(["_col0"], [["416"]])

RIGHT = {
    "a command below": ("I send 12 requests with:\n\n" + fence(bench(12)), [12]),
    "a number word": ("I send twelve requests with:\n\n" + fence(bench(12)), [12]),
    "a dozen": ("This sends a dozen requests:\n\n" + fence(bench(12)), [12]),
    "a hyphened number": ("I create twenty-four events with:\n\n" + fence(bench(24)), [24]),
    "hundreds": ("I create two hundred events with:\n\n" + fence(bench(200)), [200]),
    "a thousands separator": ("I create 1,500 events with:\n\n" + fence(bench(1500)), [1500]),
    "the log above": (TALLY + "Which shows the 12 API calls.\n", [12]),
    "the log below": (fence(bench(12)) + "Flask prints the following 12 calls:\n\n" + fence(log(12)), [12]),
    "events of one type": ("I see the following 8 plant seed events:\n\n" + fence(events(8)), [8]),
    "a type in code": ("I see the following 8 `plant_seed` events:\n\n" + fence(events(8)), [8]),
    "words in another order": ("I see 8 seed planting events:\n\n" + fence(events(8)), [8]),
    "a shared noun": ("There are 8 plant seed and 5 harvest crop events:\n\n" + BOTH_SHOWN, [8, 5]),
    "hosts after the number": (
        f"There are 13 events, 8 from {AMBER} and 5 from {BASIL}:\n\n" + BOTH_SHOWN, [13, 8, 5]
    ),
    "hosts by their first names": ("We see 8 events by amber and 5 events by basil:\n\n" + BOTH_SHOWN, [8, 5]),
    "a total of two commands": ("I create 13 events with the following 2 commands:\n\n" + TWO_KINDS, [13, 2]),
    "a running total": (fence(bench(8)) + "Next:\n\n" + fence(bench(5)) + "So far I made 13 requests.\n", [13]),
    "a loop": ("This creates 50 events:\n\n" + fence(f"for i in {{1..10}}; do {bench(5)}; done"), [50]),
    "a pass of an endless loop": (
        "Which makes 5 requests:\n\n" + fence(f"while true; do {bench(5)}; sleep 9; done"), [5]
    ),
    "loops counted": ("The loop runs 11 times:\n\n" + fence(f"for i in $(seq 0 10); do {bench(5)}; done"), [11]),
    "rows of a table": ("I see 8 rows:\n\n" + fence(table(8)), [8]),
    "a table above": (fence(table(8)) + "We see that the table has 2 columns.\n", [2]),
    "columns described": (fence(SCHEMA) + "The table consists of 3 columns.\n", [3]),
    "tables": ("We see two tables:\n\n" + fence("presto:default> show tables;") + fence(TABLES), [2]),
    "items": ("It lists 4 items:\n\n" + fence(listing(4)), [4]),
    "files": ("There are 4 parquet files:\n\n" + fence(listing(4)), [4]),
    "users": ("These are from both users:\n\n" + BOTH_SHOWN, [2]),
    "keys": ("Each event has 4 keys:\n\n" + fence(events(3)), [4]),
    "a result": ("There are 416 events in the table:\n\n" + fence(COUNT), [416]),
    "a heading": ("## 416 events were stored\n\n" + fence(COUNT), [416]),
    "nothing": ("The first batch is empty:\n\n" + fence(table(0)), [0]),
    "no events": ("The table contains no events yet:\n\n" + fence(table(0)), [0]),
    "partitions": (
        "The topic has 3 partitions:\n\n"
        + fence(TOPIC.format(3)),
        [3],
    ),
    "batches of a stream": ("The 13 plant seed events arrive:\n\n" + fence(table(8)) + fence(table(5)), [13]),
    "a list": ("- I send 12 requests\n- then I look\n\n" + fence(bench(12)), [12]),
    "bold numbers": ("I send **12 requests** with:\n\n" + fence(bench(12)), [12]),
    "a plural in brackets": ("I send 12 request(s) with:\n\n" + fence(bench(12)), [12]),
    "a product": ("That makes 12 × 4 = 48, as it should.\n", [48]),
    "a product of nouns": ("It is 52 loops x 10 requests = 520 requests.\n", [520]),
}  # fmt: skip

WRONG = {
    "requests of a command": ("I send 10 requests with:\n\n" + fence(bench(2)), 10, 2),
    "a word for a number": ("I send ten requests with:\n\n" + fence(bench(2)), 10, 2),
    "events of a typed command": ("I generate 10 plant seed events using:\n\n" + fence(bench(12)), 10, 12),
    "log lines below": (fence(bench(12)) + "I see the following 14 API calls:\n\n" + fence(log(12)), 14, 12),
    "log lines above": (TALLY + "Which shows the 11 API calls.\n", 11, 12),
    "events of a type": (TWO_KINDS + "I see these 8 plant seed and 6 harvest crop events:\n\n" + BOTH_SHOWN, 6, 5),
    "rows": ("I see the following 9 rows:\n\n" + fence(table(8)), 9, 8),
    "columns": ("I get the following table with 4 columns:\n\n" + fence(table(3)), 4, 2),
    "columns described": (fence(SCHEMA) + "The table consists of 5 columns.\n", 5, 3),
    "tables": ("We see three tables:\n\n" + fence("presto:default> show tables;") + fence(TABLES), 3, 2),
    "items": ("It lists the following 6 items:\n\n" + fence(listing(4)), 6, 4),
    "an inclusive range": ("The loop runs 10 times:\n\n" + fence(f"for i in {{0..10}}; do {bench(5)}; done"), 10, 11),
    "seq from nought": ("It loops 10 iterations:\n\n" + fence(f"for i in $(seq 0 10); do {bench(5)}; done"), 10, 11),
    "a stepped loop": (
        "The loop runs 10 times:\n\n" + fence(f"i=0; while [ $i -le 10 ]; do {bench(5)}; ((i++)); done"), 10, 11
    ),
    "partitions": (
        "I create a topic with 2 partitions:\n\n"
        + fence(TOPIC.format(1)),
        2, 1,
    ),
    "nothing, but rows": ("We see an empty table:\n\n" + fence(table(3)), 0, 3),
    "a product": ("That makes 12 × 4 = 46, as it should.\n", 46, 48),
    "a table that lacks events": (
        fence(bench(9)) + "The output for the 9 plant seed events of amber is this table:\n\n" + fence(table(7)), 9, 7
    ),
}  # fmt: skip

UNDECIDED = {
    "a hint": "You should see 9 rows:\n\n" + fence(table(8)),
    "a supposition": "If I sent 10 requests there would be more:\n\n" + fence(bench(2)),
    "a part": "Some of the 20 rows are shown in the following:\n\n" + fence(table(8)),
    "a table cut short": "I see 30 rows:\n\n" + fence(table(20, end="only showing top 20 rows")),
    "lines left out": "I see the following 40 API calls:\n\n" + fence(log(3) + "\n..."),
    "a shortened log": "I see the following 40 API calls:\n\n" + fence(log(3)),
    "a script that is not there": "I make 90 requests by:\n\n" + fence("./feed.sh"),
    "an unknown type": "I see the following 9 tractor events:\n\n" + fence(events(8)),
    "another type than the table's": "I create 9 harvest crop events and see this table:\n\n" + fence(table(8)),
    "two outputs": "I see the following 9 rows:\n\n" + fence(table(8)) + fence(table(3)),
    "nothing around": "In the end there were 70 events.\n",
    "events of each user": "Each of them creates 7 events with:\n\n" + fence(bench(8) + "\n" + bench(5, "", BASIL)),
}  # fmt: skip

CAREFUL = [
    "The table was empty before, but now we see:\n\n" + fence(table(3)),
    "We see the two tables we made:\n\n"
    + fence("presto:default> show tables;") + fence(presto(["Table"], [["a"], ["b"], ["c"]])),
    fence(bench(5)) + "We now see 5 new calls:\n\n" + fence(log(15)),
    "I ran this 5 times to create 10 events:\n\n" + fence(bench(2)),
    "I ran this loop 3 times:\n\n" + fence(f"for i in {{1..10}}; do {bench(5)}; done"),
    "We wrote 40 events, and the following shows the plants only:\n\n" + fence(bench(40)) + fence(table(20)),
    "I see 52 rows in the table:\n\n"
    + fence("presto:default> select * from crops limit 10;") + fence(presto(["host", "event_type"], [["a", "b"]] * 10)),
    "The table shows 52 rows:\n\n" + fence(table(20)),
    "This is one event:\n\n" + fence(events(3)),
    "I generate 10 requests for each user with:\n\n" + fence(bench(10) + "\n" + bench(10, "x", BASIL)),
    "I send 30 requests with the following command, three times:\n\n" + fence(bench(10)),
    "I see the following 5 harvest events:\n\n" + fence(events(8) + "\n" + events(5, "harvest_crop", BASIL)),
    "I then send 20 more requests.\n\n" + fence(bench(10)) + "and\n\n" + fence(bench(10)),
    fence(bench(10)) + "Which shows 10 of the 30 requests of the day.\n",
    fence(table(8)) + "This has 8 rows, 2 more than the 6 rows of yesterday.\n",
    fence(log(12)) + "Here 12 calls are seen, and 2 events will be filtered later.\n",
    "The output has 3 columns we care about:\n\n"
    + fence(presto(["host", "event_type", "acres", "tool"], [["a", "b", "c", "d"]] * 3)),
    "I see 3 messages per batch:\n\n" + fence(events(7)),
    "We see 3 users with the most events:\n\n" + fence(presto(["host", "n"], [["a", "4"], ["b", "3"], ["c", "2"]])),
    "Kafka shows 100 messages (output shortened):\n\n" + fence(events(60)),
    "We get 10 events:\n\n" + fence("kafkacat -C -b kafka:29092 -t events -e | head -5") + fence(events(5)),
    "8 × 2 = 16 + 4 events.\n",
    "Its size is 3.5 x 2 = 7.\n",
]  # fmt: skip

TRAPS = [
    "I use version 2 events of the API.",
    "4. In a third window I start the server.",
    "It listens on port 5000 for messages.",
    "In week 6 requests were made by hand.",
    "On 3 March 2020 events were sent.",
    "At 10:32 events came in.",
    "About 20 events arrive.",
    "There are at least 20 events.",
    "It takes up to 20 requests.",
    "More than 20 rows come back.",
    "Between 10 and 20 events arrive.",
    "There are 10 to 20 events in a batch.",
    "There are 10-20 events in a batch.",
    "We see 2 or 3 rows at a time.",
    "A few events arrive.",
    "It writes every 10 seconds.",
    "The trigger fires every 30 seconds and messages pile up.",
    "With -n 10 requests are repeated.",
    "The option `-n 10` gives the requests, `20 events` is a name.",
    "See http://localhost:5000/20/events for more.",
    "The file part-00000 events is small.",
    "Your game has 3 events and your task is to send 20 requests.",
    'The task says "generate 20 events and 3 tables".',
    "> Generate 20 events and write 3 tables.",
    "Nous voyons les 6 tables dans le catalogue et 20 messages.",
    "Wir sehen die 6 messages und das ist der Anfang.",
    "About 20% of requests fail, or 15 % events.",
    "It costs $20 events aside.",
    "It holds 2.5 events on average, or 3,5 events.",
    "It serves 20 requests per second.",
    "The first 4 columns are from Kafka.",
    "One of the events is lost.",
    "Hundreds of events arrive.",
    "In 2020 events were few.",
    "The 3rd command starts the 2nd stream.",
    "User 2 events come later.",
    "It took 20 seconds of events.",
    "There were 5 GB of messages.",
    "The limit is 20, not 30 rows.",
]


@pytest.mark.parametrize("case", RIGHT)
def test_a_right_claim_agrees_with_what_stands_around_it(case: str) -> None:
    text, numbers = RIGHT[case]
    assert [(actual, verdict) for _, actual, verdict in seen(text)] == [(number, "agrees") for number in numbers]


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_claim_is_an_error_with_both_numbers(case: str) -> None:
    text, actual, expected = WRONG[case]
    errors = [found for found in grade(text) if found.is_error]
    assert [(found.actual, found.expected) for found in errors] == [(actual, expected)]
    assert all(found.evidence and found.line and found.message for found in errors)


@pytest.mark.parametrize("case", UNDECIDED)
def test_what_may_mean_something_else_is_no_error(case: str) -> None:
    assert all(verdict in ("not checked", "agrees") for _, _, verdict in seen(UNDECIDED[case]))


@pytest.mark.parametrize("text", CAREFUL)
def test_a_right_report_has_no_error_where_a_rash_reader_sees_one(text: str) -> None:
    assert not any(verdict in ("disagrees", "warning") for _, _, verdict in seen(text))


@pytest.mark.parametrize("sentence", TRAPS)
def test_a_number_that_counts_nothing_is_no_claim(sentence: str) -> None:
    assert seen(sentence + "\n\n" + fence(events(7))) == []


def test_a_table_that_lacks_events_is_found_at_its_fence() -> None:
    text = fence(bench(9)) + "The output for the 9 plant seed events of amber is this table:\n\n" + fence(table(7))
    (error,) = [found for found in grade(text) if found.is_error]
    lines = (HEAD + text).split("\n")
    assert lines[error.line - 1] == "```"
    assert lines[error.line].startswith("+--")
    assert error.block == 2
    assert lines[error.evidence[0].line - 1].startswith("The output for")


def test_a_table_whose_other_events_come_in_the_next_batch_is_right() -> None:
    text = (
        fence(bench(9)) + "The output for the 9 plant seed events is this table:\n\n" + fence(table(7))
        + "and the rest follows:\n\n" + fence(table(2))
    )  # fmt: skip
    assert [found for found in grade(text) if found.is_error] == []


def test_numbers_that_are_said_to_match_and_do_not_are_a_warning() -> None:
    text = TALLY + "Which shows the 12 API calls that match the 6 actions of the players.\n"
    assert ("match", 12, "warning") in seen(text)
    assert not any(found.is_error for found in grade(text))


def test_numbers_that_are_said_to_match_their_sum_agree() -> None:
    text = "The 13 requests match the 8 plant seed and 5 harvest crop events:\n\n" + BOTH_SHOWN
    assert ("match", 13, "agrees") in seen(text)


def test_a_script_of_the_submission_is_counted_by_its_name() -> None:
    text = "This sends 30 requests:\n\n" + fence("bash feed.sh")
    assert seen(text, **{"feed.sh": bench(12) + "\n" + bench(18)}) == [("count", 30, "agrees")]
    assert seen(text, **{"feed.sh": bench(12)}) == [("count", 30, "disagrees")]


def test_a_comment_on_a_loop_is_held_against_the_loop() -> None:
    text = "I feed the farm:\n\n" + fence(f"# this loop runs 10 times\nfor i in {{0..10}}; do\n  {bench(5)}\ndone")
    assert seen(text) == [("count", 10, "disagrees")]


def test_tables_and_routes_are_counted_in_the_files_too() -> None:
    job = 'spark.sql("create external table if not exists crops ...")\nspark.sql("create table seeds ...")\n'
    found = grade("The job registers 2 tables in Hive.\n", **{"job.py": job})
    assert [(each.verdict.value, each.evidence[0].file) for each in found] == [("agrees", "job.py")]


def test_the_text_of_the_task_claims_nothing() -> None:
    assert seen("## Task options\n\nCreate 20 events and 3 tables.\n\n## Steps\n\nI did.\n") == []


@pytest.mark.parametrize(
    "piece",
    ["10 ", "10 purchase ", "`a", "10 x ", '"', "one hundred ", "no ", "empty ", "[", "<a", "10 from amber and ",
     "10 = ", "10 events ", "10 events.\n\n", "12 events match ", "- 3 rows\n", "each 3 users, "],
)  # fmt: skip
def test_hostile_prose_is_work_linear_in_its_length(piece: str) -> None:
    def work(length: int) -> int:
        prose = (piece * length)[:length]
        text = HEAD + TWO_KINDS + BOTH_SHOWN + prose + "\n\n" + fence(table(3))
        submission = Submission(PurePosixPath("README.md"), read(text), {})
        return calls(lambda: list(check_prose(submission)))

    assert work(36_000) < 12 * work(6_000)


def test_the_types_of_a_sum_are_compared_with_it_only_where_all_are_known() -> None:
    both = fence(events(8)) + fence(events(5, "harvest_crop", BASIL))
    wrong = both + "There are 15 events in the topic: 8 plant_seed and 5 harvest_crop.\n"
    assert [(f.expected, f.actual) for f in grade(wrong) if f.check == "prose-split"] == [(13, 15)]
    unknown = both + "There are 15 events in the topic: 8 plant_seed, 5 harvest_crop and 2 sell_cow.\n"
    assert not [f for f in grade(unknown) if f.check == "prose-split"]
