"""Two honest runs are equal; whatever was altered shows with its step, its field, and both values."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from samples import capture, record_of

from harness import cli
from harness.check import Comparison, compare, show
from harness.check.compare import Kind
from harness.check.facts import ABSENT, DEEPEST, unequal
from harness.cli import check_commands
from harness.cluster.addresses import ORIGINAL, Addresses
from harness.model import Capture, Fact, Invariant, Outcome, Record, ServiceRecord, StepRecord
from harness.outputs import derive
from harness.record import load, save

SAMPLE_PATH = Path(__file__).parents[2] / "reports" / "sample" / "record.json"
SAMPLE = load(SAMPLE_PATH)
MESSAGES = "kafkacat -C -b kafka:29092 -t events -o beginning -e"
SWORDS = "select * from purchases"
STREAM = "filter_swords_stream"

Change = Callable[[str], str]


def edited(step: str, words: str, change: Callable[[Capture], Capture], record: Record = SAMPLE) -> Record:
    """Change a step's first command with these words."""
    index = next(at for at, each in enumerate(record.steps) if each.id == step)
    commands = list(record.steps[index].commands)
    at = next(at for at, each in enumerate(commands) if words in each.command)
    commands[at] = change(commands[at])
    return with_step(record, step, commands=tuple(commands))


def altered(step: str, words: str, change: Change, record: Record = SAMPLE) -> Record:
    """Change what a step's first command with these words printed, and derive its facts again."""

    def changed(ran: Capture) -> Capture:
        stdout = change(ran.stdout)
        assert stdout != ran.stdout, "the change changes nothing"
        return replace(ran, stdout=stdout, facts=derive(ran.command, stdout, ran.stderr))

    return edited(step, words, changed, record)


def with_step(record: Record, step: str, **fields: object) -> Record:
    steps = [replace(each, **fields) if each.id == step else each for each in record.steps]
    return replace(record, steps=tuple(steps))


def without_step(record: Record, step: str) -> Record:
    return replace(record, steps=tuple(each for each in record.steps if each.id != step))


def found(actual: Record, expected: Record = SAMPLE) -> list[tuple[object, ...]]:
    """Give step, field, expected and actual of each difference between two records."""
    return [(each.step, each.field, each.expected, each.actual) for each in compare(expected, actual).differences]


def replaced(old: str, new: str) -> Change:
    return lambda text: text.replace(old, new, 1)


def swapped_columns(text: str, one: int, other: int) -> str:
    """Exchange two columns of an aligned table, with their header and their part of the rule."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        bar = "+" if line.startswith("-") else "|"
        cells = line.split(bar)
        if len(cells) > max(one, other):
            cells[one], cells[other] = cells[other], cells[one]
        lines[at] = bar.join(cells)
    return "\n".join(lines)


def split_again(text: str, sizes: Sequence[int]) -> str:
    """Split the rows of a console sink over batches of other sizes."""
    lines = text.split("\n")
    at = max(at for at, line in enumerate(lines) if line.startswith("|") and "raw_event|" in line)
    border, header, rule = lines[at - 1], lines[at], "-" * 43
    rows = iter([line for line in lines if line.startswith("|") and "raw_event|" not in line])
    batches = [
        "\n".join([rule, f"Batch: {at}", rule, border, header, border, *(next(rows) for _ in range(size)), border])
        for at, size in enumerate(sizes)
    ]
    assert next(rows, None) is None
    return "\n".join(batches)


def rows_reversed(text: str) -> str:
    lines = text.split("\n")
    end = next(at for at, line in enumerate(lines) if line.startswith("("))
    return "\n".join([*lines[:2], *lines[2:end][::-1], *lines[end:]])


def one_file_more(text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    return "\n".join([f"Found {len(lines)} items", *lines[1:], lines[-1].replace("-c000", "-c001"), ""])


def one_file_fewer(text: str) -> str:
    """Give the first file's rows to the second."""
    lines = text.split("\n")
    counts = [int(line.rpartition("|")[2]) for line in lines[2:4]]
    merged = f"{lines[3].rpartition('|')[0]}| {sum(counts):>9} "
    stated = len([line for line in lines if "part-" in line]) - 1
    return "\n".join([*lines[:2], merged, *lines[4:-2], f"({stated} rows)", ""])


def second_run() -> Record:
    """Give the sample as another honest run would have been: other times, files, and splits of the streams."""

    def later(text: str) -> str:
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:(?=\d\d\.)", "2027-01-02 23:59:", text)
        return re.sub(r"[0-9a-f]{8}(?=(-[0-9a-f]{4}){3}-[0-9a-f]{12}-c000)", "01234567", text)

    def again(step: StepRecord) -> StepRecord:
        ran = (replace(each, stdout=later(each.stdout), seconds=each.seconds + 1) for each in step.commands)
        commands = tuple(replace(each, facts=derive(each.command, each.stdout, each.stderr)) for each in ran)
        return replace(step, commands=commands, seconds=step.seconds + 9, message="slow")

    record = replace(
        SAMPLE,
        steps=tuple(map(again, SAMPLE.steps)),
        backend="compose",
        mode="container",
        versions={"spark": "5"},
        started="2027-01-02T09:00:00Z",
        seconds=1.0,
        services=(ServiceRecord("kafka", 99.0, 1),),
    )
    record = altered("presto", SWORDS, rows_reversed, record)
    record = altered("filter-stream", STREAM, lambda text: split_again(text, [0, 1, 2, 17]), record)
    record = altered("write-stream", "hadoop fs -ls", one_file_more, record)
    return altered("write-stream", "$path", one_file_fewer, record)


def test_two_honest_runs_are_equal_and_every_mask_is_named() -> None:
    comparison = compare(SAMPLE, second_run())
    assert comparison.differences == ()
    assert comparison.equal
    assert comparison.steps == len(SAMPLE.steps)
    assert comparison.commands == sum(len(step.commands) for step in SAMPLE.steps)
    assert comparison.invariants == len(SAMPLE.invariants)
    masked = {(mask.rule, mask.step) for mask in comparison.masks}
    assert masked == {
        ("timestamps", "presto"),
        ("row-order", "presto"),
        ("stream-batches", "filter-stream"),
        ("stream-files", "write-stream"),
        ("stream-folder", "write-stream"),
    }
    text = show(comparison)
    for rule, _ in masked:
        assert len(re.findall(rf"^  {rule} +\d+, \d+  in 1 command: ", text, re.MULTILINE)) == 1
    assert text.splitlines()[-1].startswith("Equal: ")


def test_an_open_cluster_names_other_addresses_and_is_equal() -> None:
    ports = {listener: port + 1000 for listener, (_, port) in ORIGINAL.items()}
    addresses = Addresses("open", ports)

    def translated(step: StepRecord) -> StepRecord:
        commands = (replace(ran, command=addresses.translate(ran.command)) for ran in step.commands)
        return replace(step, commands=tuple(commands))

    moved = replace(SAMPLE, mode="open", steps=tuple(map(translated, SAMPLE.steps)))
    assert found(moved) == found(SAMPLE, moved) == []
    assert "  addresses " in show(compare(SAMPLE, moved))
    assert "  addresses " not in show(compare(SAMPLE, SAMPLE))


def test_commands_whose_output_nobody_reads_are_counted() -> None:
    read = record_of(capture("load-1", "mids", "cat a", "a\n"), capture("load-2", "mids", "true"))
    assert "2 commands (1 by exit code alone)" in show(compare(read, read))


def test_one_event_fewer() -> None:
    differences = found(altered("load", MESSAGES, lambda text: text.partition("\n")[2]))
    assert ("load", "messages", 40, 39) in differences
    assert ("load", "by_event_type.default", 20, 19) in differences
    assert ("load", 'by_host_and_event_type["user1.comcast.com default"]', 10, 9) in differences


def test_one_event_doubled() -> None:
    differences = found(altered("load", MESSAGES, lambda text: f"{text.partition(chr(10))[0]}\n{text}"))
    assert ("load", "messages", 40, 41) in differences
    assert ("load", "by_event_type.default", 20, 21) in differences


def test_one_row_fewer_where_no_order_is_promised() -> None:
    differences = found(altered("presto", SWORDS, lambda text: re.sub(r"\n [^\n]*att[^\n]*", "", text, count=1)))
    row = '["*/*", "user2.att.com", "ApacheBench/2.3", "purchase_sword", "<timestamp>"]'
    assert ("presto", f"values{{{row}}}", 10, 9) in differences
    assert ("presto", "rows", 20, 19) in differences


def test_one_row_fewer_where_the_order_is_promised() -> None:
    differences = found(altered("presto", "order by host", lambda text: re.sub(r"\n user1[^\n]*", "", text)))
    assert ("presto", "values[0]", ["user1.comcast.com", "10"], ABSENT) in differences
    assert not [field for _, field, _, _ in differences if str(field).startswith("values[1]")]


def test_a_purchase_that_a_stream_lost() -> None:
    lost = re.compile(r"\n[^\n]*\| *user2[^\n]*")
    differences = found(altered("filter-stream", STREAM, lambda text: lost.sub("", text, count=1)))
    assert ("filter-stream", "batches.rows", 20, 19) in differences
    assert ("filter-stream", "tables[0].rows", 20, 19) in differences
    assert ("filter-stream", "streamed_rows", 20, 19) in differences
    assert ("filter-stream", 'by_host["user2.att.com"]', 10, 9) in differences


def test_a_purchase_that_a_streams_files_lost() -> None:
    differences = found(altered("write-stream", "$path", replaced("       10 ", "        9 ")))
    total = sum(map(int, re.findall(r"\| +(\d+) \n", output("write-stream", "$path"))))
    assert differences == [("write-stream", "values[0][1]", str(total), str(total - 1))]


def output(step: str, words: str) -> str:
    commands = next(each for each in SAMPLE.steps if each.id == step).commands
    return next(each for each in commands if words in each.command).stdout


def test_a_column_renamed() -> None:
    assert ("presto", "columns[2]", "user-agent", "user_agent") in found(
        altered("presto", SWORDS, replaced("user-agent", "user_agent"))
    )
    differences = found(
        altered("batch", "filtered_writes", lambda text: text.replace("|    event_type|", "|    event-type|"))
    )
    assert ("batch", "columns[3]", "event_type", "event-type") in differences


def test_two_columns_swapped() -> None:
    differences = found(altered("presto", SWORDS, lambda text: swapped_columns(text, 1, 3)))
    assert ("presto", "columns[1]", "host", "event_type") in differences
    assert ("presto", "columns[3]", "event_type", "host") in differences
    assert ("presto", "rows", 20, 20) not in differences


def test_two_columns_of_a_table_described_in_another_order() -> None:
    lines = output("presto", "describe").split("\n")
    lines[2], lines[3] = lines[3], lines[2]
    differences = found(altered("presto", "describe", lambda _: "\n".join(lines)))
    assert differences == [("presto", "values[0][0]", "accept", "host"), ("presto", "values[1][0]", "host", "accept")]


def test_a_type_changed() -> None:
    differences = found(altered("presto", "describe", replaced("timestamp  | varchar", "timestamp  | bigint ")))
    assert ("presto", "describe.timestamp", "varchar", "bigint") in differences
    assert ("presto", "values[4][1]", "varchar", "bigint") in differences
    differences = found(altered("batch", "filtered_writes", replaced("timestamp: string", "timestamp: timestamp")))
    assert ("batch", "schemas[0][4][1]", "string", "timestamp") in differences


def test_a_users_name_changed() -> None:
    differences = found(altered("load", MESSAGES, replaced("user1.comcast.com", "user9.comcast.com")))
    assert ("load", 'by_host_and_event_type["user1.comcast.com default"]', 10, 9) in differences
    assert ("load", 'by_host_and_event_type["user9.comcast.com default"]', ABSENT, 1) in differences
    differences = found(altered("presto", SWORDS, replaced("user2.att.com", "user9.att.com")))
    row = '["*/*", "user9.att.com", "ApacheBench/2.3", "purchase_sword", "<timestamp>"]'
    assert ("presto", f"values{{{row}}}", ABSENT, 1) in differences


def test_a_response_body_changed_by_one_byte() -> None:
    differences = found(altered("topic", "purchase_a_sword", replaced("Sword Purchased!", "Sword purchased!")))
    assert differences == [("topic", "body", "Sword Purchased!\n", "Sword purchased!\n")]


@pytest.mark.parametrize("wrong", ["40", 40.0, True, None])
def test_a_number_of_the_wrong_type(wrong: Fact) -> None:
    first = SAMPLE.invariants[0]
    actual = replace(SAMPLE, invariants=(replace(first, actual=wrong), *SAMPLE.invariants[1:]))
    (difference,) = compare(SAMPLE, actual).differences
    assert (difference.step, difference.field) == (None, f"{first.id}.actual")
    assert difference.actual is wrong
    stored = edited("load", MESSAGES, lambda ran: replace(ran, facts={**ran.facts, "messages": wrong}))
    (difference,) = compare(SAMPLE, stored).differences
    assert (difference.field, difference.expected, difference.actual) == ("messages", 40, wrong)


@pytest.mark.parametrize(
    ("facts", "field", "derived", "stored"),
    [
        ({"messages": 41}, "messages", 40, 41),
        ({"by_event_type": {"default": 20}}, "by_event_type.purchase_sword", 20, ABSENT),
        ({"extra": 1}, "extra", ABSENT, 1),
        ({"kind": "other"}, "kind", "json_lines", "other"),
    ],
)
def test_a_stored_fact_that_was_edited_by_hand(facts: dict[str, Fact], field: str, derived: Fact, stored: Fact) -> None:
    forged = edited("load", MESSAGES, lambda ran: replace(ran, facts={**ran.facts, **facts}))
    for comparison, kind, side in (
        (compare(SAMPLE, forged), Kind.STORED_IN_ACTUAL, "actual"),
        (compare(forged, SAMPLE), Kind.STORED_IN_EXPECTED, "expected"),
    ):
        (difference,) = comparison.differences
        assert (difference.step, difference.field, difference.kind) == ("load", field, kind)
        assert (difference.expected, difference.actual) == (derived, stored)
        assert difference.command is not None
        assert difference.command.text == MESSAGES
        assert f"{field}: the output gives " in show(comparison)
        assert f", the {side} record stores " in show(comparison)


def test_an_output_is_believed_and_a_stored_fact_is_not() -> None:
    fewer = altered("load", MESSAGES, lambda text: text.partition("\n")[2])
    forged = edited("load", MESSAGES, lambda ran: replace(ran, facts={**ran.facts, "messages": 40}), fewer)
    kinds = {each.kind for each in compare(SAMPLE, forged).differences if each.field == "messages"}
    assert kinds == {Kind.RECORDS, Kind.STORED_IN_ACTUAL}


def test_facts_that_a_record_does_not_store_are_derived_too() -> None:
    bare = edited("load", MESSAGES, lambda ran: replace(ran, facts={}))
    assert found(bare) == []


def test_the_forged_facts_of_a_step_that_only_one_record_has_show_too() -> None:
    forged = edited("load", MESSAGES, lambda ran: replace(ran, facts={"messages": 41}))
    assert found(forged, without_step(SAMPLE, "load")) == [
        ("load", "outcome", ABSENT, "passed"),
        ("load", "messages", 40, 41),
    ]


def test_an_outcome() -> None:
    assert found(with_step(SAMPLE, "hive", outcome=Outcome.FAILED)) == [("hive", "outcome", "passed", "failed")]


def test_a_step_that_only_one_record_has() -> None:
    fewer = without_step(SAMPLE, "hive")
    assert found(fewer) == [("hive", "outcome", "passed", ABSENT)]
    assert found(SAMPLE, fewer) == [("hive", "outcome", ABSENT, "passed")]


def test_a_step_that_comes_twice() -> None:
    hive = next(each for each in SAMPLE.steps if each.id == "hive")
    twice = replace(SAMPLE, steps=(*SAMPLE.steps, replace(hive, outcome=Outcome.FAILED)))
    assert found(twice) == [("hive", "outcome", ABSENT, "failed")]


def test_steps_come_in_the_order_of_the_expected_record() -> None:
    wrong = replace(SAMPLE, steps=tuple(replace(each, outcome=Outcome.FAILED) for each in SAMPLE.steps[::-1]))
    assert [step for step, *_ in found(wrong)] == [each.id for each in SAMPLE.steps]


def commands_of(*texts: str, service: str = "mids") -> Record:
    return record_of(*(capture(f"load-{at}", service, text, f"{text}\n") for at, text in enumerate(texts, 1)))


def test_a_command_that_only_one_record_has() -> None:
    assert found(commands_of("ls"), commands_of("ls", "pwd")) == [("load", "command", "pwd", ABSENT)]
    assert found(commands_of("ls", "pwd"), commands_of("ls")) == [("load", "command", ABSENT, "pwd")]
    assert found(commands_of("ls", service="spark"), commands_of("ls")) == [
        ("load", "command", "ls", ABSENT),
        ("load", "command", ABSENT, "ls"),
    ]


def test_the_nth_of_equal_commands_is_compared_with_the_nth() -> None:
    def ran(*outputs: str) -> Record:
        return record_of(*(capture(f"load-{at}", "mids", "cat a", text) for at, text in enumerate(outputs, 1)))

    (difference, *_) = compare(ran("a\n", "b\n", "c\n"), ran("a\n", "bb\n", "c\n")).differences
    assert (difference.field, difference.expected, difference.actual) == ("bytes", 2, 3)
    assert difference.command is not None
    assert difference.command.id == "load-2"
    assert found(ran("a\n", "b\n"), ran("a\n", "b\n", "c\n")) == [("load", "command", "cat a", ABSENT)]


def test_the_commands_of_a_backend_are_not_compared() -> None:
    own = capture("load-0", "host", "docker compose up", "x\n", exit_code=1)
    ran = capture("load-1", "mids", "ls", "x\n")
    assert found(record_of(own, ran), record_of(ran)) == []
    assert found(record_of(ran), record_of(own, ran)) == []


@pytest.mark.parametrize(
    ("one", "other", "background", "equal"),
    [
        (None, 143, True, True),
        (-15, 130, True, True),
        (-2, -9, True, True),
        (137, None, True, True),
        (0, None, True, False),
        (1, 143, True, False),
        (0, 0, False, True),
        (0, 1, False, False),
        (None, 143, False, False),
        (137, 143, False, False),
    ],
)
def test_exit_codes(one: int | None, other: int | None, background: bool, equal: bool) -> None:
    records = [record_of(capture("load-1", "mids", "ls", "", "", code, background)) for code in (one, other)]
    values = ["stopped" if background and code not in (0, 1) else code for code in (one, other)]
    assert found(records[1], records[0]) == ([] if equal else [("load", "exit code", *values)])


def test_invariants() -> None:
    one, other = Invariant("a = b", 40, 40, True), Invariant("a = b", 40, 39, False)
    expected, actual = (replace(SAMPLE, invariants=(each,)) for each in (one, other))
    assert found(actual, expected) == [(None, "a = b.actual", 40, 39), (None, "a = b.holds", True, False)]
    values = {"expected": 40, "actual": 40, "holds": True}
    assert found(replace(SAMPLE, invariants=()), expected) == [(None, "a = b", values, ABSENT)]


@pytest.mark.parametrize(
    ("expected", "actual", "places"),
    [
        (20, "20", [("", 20, "20")]),
        (1, True, [("", 1, True)]),
        (1, 1.0, [("", 1, 1.0)]),
        (None, 0, [("", None, 0)]),
        ([1, 2], (1, 2), []),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ({"a": None}, {}, [(".a", None, ABSENT)]),
        ([1, 2, 3], [1, 3], [("[1]", 2, ABSENT)]),
        ([1, 3], [1, 2, 3], [("[1]", ABSENT, 2)]),
        ([1, 1], [1, 1, 1], [("[2]", ABSENT, 1)]),
        ([], [[]], [("[0]", ABSENT, [])]),
        ([1, 2], [2, 1], [("[0]", 1, 2), ("[1]", 2, 1)]),
        ([[1, 2], [3, 4]], [[1, 2], [3, 5]], [("[1][1]", 4, 5)]),
        ({"a b": [{"c": 1}]}, {"a b": [{"c": 2}]}, [('["a b"][0].c', 1, 2)]),
        ([1], {"a": 1}, [("", [1], {"a": 1})]),
        ("ab", ["a", "b"], [("", "ab", ["a", "b"])]),
    ],
)
def test_facts_are_compared_by_type_and_field(expected: Fact, actual: Fact, places: list[object]) -> None:
    assert list(unequal(expected, actual)) == places


def nested(fact: Fact, depth: int) -> Fact:
    for _ in range(depth):
        fact = [fact]
    return fact


def test_facts_that_are_nested_without_end_are_compared() -> None:
    (difference,) = unequal(nested(1, 400), nested(2, 400))
    assert difference == ("[0]" * DEEPEST, nested(1, 400 - DEEPEST), nested(2, 400 - DEEPEST))
    assert not list(unequal(nested({"a": 1, "b": 2}, 400), nested({"b": 2, "a": 1}, 400)))
    deep: tuple[Fact, Fact] = ({"a": nested(1, 400)}, {"a": nested(2, 400)})
    for _ in range(DEEPEST):
        deep = ({"a": deep[0]}, {"a": deep[1]})
    assert [path for path, *_ in unequal(*deep)] == [".a" * DEEPEST]


def test_a_difference_is_shown_under_its_step_and_command() -> None:
    text = show(compare(SAMPLE, altered("load", MESSAGES, lambda text: text.partition("\n")[2])))
    assert text.startswith(f"Step load\n  load-6 on mids: {MESSAGES}\n    messages: expected 40, got 39\n")
    assert re.search(r"\n3 differences; \d+ steps, \d+ commands ", text)


def test_what_only_one_record_has_is_said_in_words() -> None:
    text = show(compare(commands_of("ls", "pwd"), commands_of("ls", "id")))
    assert "  load-2 on mids: pwd\n    command: only the expected record has it\n" in text
    assert "  load-2 on mids: id\n    command: only the actual record has it\n" in text
    assert show(compare(SAMPLE, without_step(SAMPLE, "hive"))).startswith(
        'Step hive\n  outcome: expected "passed", got nothing\n'
    )


def test_twenty_differences_of_a_step_are_shown_and_the_rest_counted() -> None:
    def topic(messages: int) -> Record:
        events = "".join(f'{{"Host": "h{at}", "event_type": "e"}}\n' * messages for at in range(50))
        return record_of(capture("load-1", "mids", "kafkacat -C -t events", events))

    comparison = compare(topic(1), topic(2))
    text = show(comparison)
    assert len(comparison.differences) == 52
    assert text.count(": expected ") == 20
    assert "\n  … 32 more differences\n" in text


def test_long_values_are_cut_where_they_differ() -> None:
    def body(sign: str) -> Record:
        return record_of(capture("load-1", "mids", "curl -s http://localhost:5000/", "x" * 1000 + sign + "y" * 500))

    text = show(compare(body("A"), body("B")))
    line = next(line for line in text.splitlines() if line.startswith("    body:"))
    assert "xA" in line
    assert "xB" in line
    assert "… 382 more characters" in line
    assert len(line) < 500


HOSTILE = "\x1b]0;gotcha\x07\x1b[31mred\x1b[2J\x9b\u202e\r\nnext\udcff"


@pytest.mark.parametrize("text", [HOSTILE, HOSTILE * 99])
def test_what_was_captured_cannot_reach_the_terminal(text: str) -> None:
    hostile = record_of(capture(text, text, f"cat {text}", "a\n", **{text: text}), id=text)
    invariant = Invariant(text, text, text, False)
    text = show(compare(replace(hostile, invariants=(invariant,)), record_of()))
    assert "gotcha" in text
    assert "\\x1b[31mred" in text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", text)
    assert not [line for line in text.splitlines() if line.startswith("next")]


def run_cli(monkeypatch: pytest.MonkeyPatch, *args: object) -> int:
    monkeypatch.setattr(sys, "argv", ["harness", "diff", *map(str, args)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_exit_code_tells_equal_from_different(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(second_run(), tmp_path / "second.json")
    save(altered("load", MESSAGES, lambda text: text.partition("\n")[2]), tmp_path / "fewer.json")
    assert run_cli(monkeypatch, SAMPLE_PATH, tmp_path / "second.json") == 0
    assert "  stream-batches " in capsys.readouterr().out
    assert run_cli(monkeypatch, SAMPLE_PATH, tmp_path / "fewer.json") == 1
    assert "messages: expected 40, got 39" in capsys.readouterr().out


def test_a_record_that_cannot_be_read_is_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "record.json"
    broken.write_text("{", encoding="utf-8")
    for paths in ((SAMPLE_PATH, tmp_path / "nowhere.json"), (broken, SAMPLE_PATH)):
        assert run_cli(monkeypatch, *paths) == 2
        assert capsys.readouterr().err.startswith("harness: ")


def test_a_crash_is_no_difference(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def crash(expected: Record, actual: Record) -> Comparison:
        raise RuntimeError

    monkeypatch.setattr(check_commands, "compare", crash)
    assert run_cli(monkeypatch, SAMPLE_PATH, SAMPLE_PATH) == 5
    assert "a fault of the harness itself" in capsys.readouterr().err
