"""Each rule makes two honest runs equal, and hides no count."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

import harness.normalise
from harness.cluster.addresses import ORIGINAL, Addresses
from harness.model import Fact, Facts
from harness.normalise import RULES, Observation, Rule, normalise
from harness.normalise import part_files as part_files_rule
from harness.normalise import timestamps as timestamps_rule
from harness.outputs import derive
from harness.record import load

SAMPLE = load(Path(__file__).parents[2] / "reports" / "sample" / "record.json")
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def compared(seen: Observation) -> str:
    """Give what is compared of an observation, as text in which types differ."""
    return json.dumps([seen.command, seen.facts], sort_keys=True)


def observed(command: str, stdout: str, stderr: str = "") -> Observation:
    return Observation(command, derive(command, stdout, stderr))


def changed_counts(fact: Fact) -> Iterator[Fact]:
    """Give the fact again and again, each time with another of its whole numbers one higher, also those in text."""
    if isinstance(fact, str):
        if fact.isdigit():
            yield str(int(fact) + 1)
    elif isinstance(fact, Mapping):
        for key, value in fact.items():
            for changed in changed_counts(value):
                yield {**fact, key: changed}
    elif isinstance(fact, Sequence):
        for at, value in enumerate(fact):
            for changed in changed_counts(value):
                yield [*fact[:at], changed, *fact[at + 1 :]]
    elif isinstance(fact, int) and not isinstance(fact, bool):
        yield fact + 1


def without_one_row(fact: Fact) -> Iterator[Fact]:
    """Give the facts again and again, each time without another one of the rows in `values`."""
    values = cast("Mapping[str, Sequence[Fact]]", fact).get("values") or ()
    for at in range(len(values)):
        yield {**cast("Facts", fact), "values": [*values[:at], *values[at + 1 :]]}


def test_every_module_of_the_package_is_a_rule_and_is_applied() -> None:
    modules = {found.name for found in pkgutil.iter_modules(harness.normalise.__path__)} - {"rule"}
    assert sorted(rule.name.replace("-", "_") for rule in RULES) == sorted(modules)


@each_rule
def test_a_rule_makes_its_example_equal(rule: Rule) -> None:
    one, other = rule.example
    assert compared(one) != compared(other)
    masked = [rule.apply(seen) for seen in rule.example]
    assert compared(masked[0].observation) == compared(masked[1].observation)
    assert any(each.values for each in masked)
    assert compared(normalise(one).observation) == compared(normalise(other).observation)
    assert rule.name in normalise(one).masks | normalise(other).masks


@each_rule
def test_no_rule_makes_a_counter_example_equal(rule: Rule) -> None:
    one, other = rule.counter_example
    assert compared(rule.apply(one).observation) != compared(rule.apply(other).observation)
    assert compared(normalise(one).observation) != compared(normalise(other).observation)


@each_rule
def test_a_rule_that_masks_nothing_changes_nothing(rule: Rule) -> None:
    for each in SAMPLE.steps:
        for capture in each.commands:
            seen = observed(capture.command, capture.stdout, capture.stderr)
            masked = rule.apply(seen)
            assert (masked.observation == seen) is (masked.values == 0)


@each_rule
def test_no_rule_hides_a_changed_count_of_its_example(rule: Rule) -> None:
    for seen in (*rule.example, *rule.counter_example):
        before = compared(normalise(seen).observation)
        for facts in changed_counts(seen.facts):
            changed = replace(seen, facts=cast("Facts", facts))
            assert compared(normalise(changed).observation) != before, facts


def test_no_rule_hides_a_changed_count_or_a_lost_row_of_a_whole_run() -> None:
    counts = rows = 0
    for capture in (capture for step in SAMPLE.steps for capture in step.commands):
        seen = observed(capture.command, capture.stdout, capture.stderr)
        before = compared(normalise(seen).observation)
        for facts in changed_counts(seen.facts):
            counts += 1
            assert compared(normalise(replace(seen, facts=cast("Facts", facts))).observation) != before, facts
        for facts in without_one_row(seen.facts):
            rows += 1
            assert compared(normalise(replace(seen, facts=cast("Facts", facts))).observation) != before, facts
    assert counts > 200
    assert rows > 20


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("2026-11-24 11:17:11.316", True),
        ("2026-11-24 11:17:11.3", True),
        ("2026-11-24 11:17:11", True),
        ("2026-11-24 11:17:11.123456789", True),
        ("2026-11-24 11:17:11.", False),
        ("2026-11-24 11:17:11.1234567890", False),
        ("2026-11-24T11:17:11Z", False),
        ("2026-11-24", False),
        ("2026-13-24 11:17:11", False),
        ("2026-11-24 24:17:11", False),
        ("1970-01-01 00:00:00", False),
        ("at 2026-11-24 11:17:11", False),
        ("2026-11-24 11:17:11\n", False),
        ("٢026-11-24 11:17:11", False),
        ("1795519031316", False),
    ],
)
def test_a_string_is_masked_when_all_of_it_is_a_timestamp(text: str, masked: bool) -> None:
    seen = Observation("", {"values": [[text, 20]]})
    assert timestamps_rule.apply(seen).observation.facts["values"] == [["<timestamp>" if masked else text, 20]]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("part-00000-ccdb982c-99a6-44c9-bc25-e91b5f3813c6-c000.snappy.parquet", "<part-file>"),
        ("/tmp/a/part-00012-ccdb982c-99a6-44c9-bc25-e91b5f3813c6-c001.snappy.parquet", "/tmp/a/<part-file>"),
        ("part-00000-ccdb982c-99a6-44c9-bc25-e91b5f3813c6-c000.gz.parquet", None),
        ("part-00000-ccdb982c-99a6-44c9-bc25-e91b5f3813c6-c000.snappy.parquet.crc", None),
        ("part-00000", None),
        ("_SUCCESS", None),
    ],
)
def test_a_part_file_keeps_its_folder_and_its_format(text: str, masked: str | None) -> None:
    seen = Observation("", {"values": [text]})
    assert part_files_rule.apply(seen).observation.facts["values"] == [masked or text]


@pytest.mark.parametrize(
    ("command", "kind", "unordered"),
    [
        ('presto --execute "select * from purchases"', "presto", True),
        ("presto --execute='select host from purchases group by host'", "presto", True),
        ('presto --execute "SELECT * FROM purchases ORDER\n BY host"', "presto", False),
        ('presto --execute "select * from (select * from a order by b) limit 2"', "presto", True),
        ('presto --execute "select row_number() over (order by b) from a"', "presto", True),
        ("""presto --execute "select * from a where b = ' order by '" """, "presto", True),
        ('presto --execute "select * from a -- order by b"', "presto", True),
        ('presto --execute "select * from a order by b; select * from a;"', "presto", True),
        ('presto --execute "select * from a; select * from a order by b"', "presto", False),
        ('presto --execute "describe purchases"', "presto", False),
        ('presto --execute "show tables"', "presto", False),
        ("presto --file query.sql", "presto", False),
        ('presto --execute "select * from a order by b"; hive -e "select * from a" > /tmp/a', "presto", False),
        ("echo 'select * from a' | presto", "presto", False),
        ('docker compose exec presto presto --execute "select * from a"', "presto", True),
        ('hive -e "select * from a"', "hive", True),
        ('hive -e "select * from a order by b"', "hive", False),
        ('hive -e "select * from a order by b; select * from a"', "hive", False),
        ('hive -e "describe a"', "hive", False),
        ("hive -f a.sql", "hive", False),
        ("presto --execute \"select * from '", "presto", False),
    ],
)
def test_order_counts_unless_a_query_can_be_read_that_asks_for_none(command: str, kind: str, unordered: bool) -> None:
    rows: tuple[Facts, Facts] = (
        {"kind": kind, "values": [["a", "1"], ["b", "2"]]},
        {"kind": kind, "values": [["b", "2"], ["a", "1"]]},
    )
    one, other = (compared(normalise(Observation(command, facts)).observation) for facts in rows)
    assert (one == other) is unordered


def test_an_unordered_row_that_comes_twice_is_not_one_that_comes_once() -> None:
    rows: tuple[list[Fact], ...] = ([["a"], ["a"], ["b"]], [["a"], ["b"], ["b"]])
    one, other = (
        compared(normalise(Observation('hive -e "select 1"', {"kind": "hive", "values": each})).observation)
        for each in rows
    )
    assert one != other


def stream(*rows: int, first: int = 0, column: str = "Host") -> Observation:
    """Give what the console sink prints for batches of so many rows."""
    rule, border, row = "-" * 43, "+----------+", "|   a.b.com|\n"
    text = "".join(
        f"{rule}\nBatch: {number}\n{rule}\n{border}\n|{column:>10}|\n{border}\n{row * count}{border}\n\n"
        for number, count in enumerate(rows, first)
    )
    return observed("spark-submit jobs/filter_swords_stream.py", text)


@pytest.mark.parametrize(
    ("other", "equal"),
    [
        (stream(0, 20), True),
        (stream(20), True),
        (stream(1, 2, 3, 0, 14), True),
        (stream(0, 17, 2), False),
        (stream(0, 17, 4), False),
        (stream(0, 20, first=1), False),
        (stream(0, 20, column="host"), False),
        (observed("spark-submit jobs/filter_swords_stream.py", ""), False),
    ],
)
def test_a_stream_may_split_its_rows_but_not_lose_one(other: Observation, equal: bool) -> None:
    assert (compared(normalise(stream(0, 17, 3)).observation) == compared(normalise(other).observation)) is equal


def test_a_stream_keeps_its_sums() -> None:
    facts = normalise(stream(0, 17, 3)).observation.facts
    assert facts["batches"] == {"first": 0, "rows": 20}
    assert facts["tables"] == [{"columns": ["Host"], "rows": 20}]
    assert facts["streamed_rows"] == 20
    assert facts["by_host"] == {"a.b.com": 20}


def test_a_batch_with_another_column_has_a_sum_of_its_own() -> None:
    text = "".join(
        f"{'-' * 43}\nBatch: {number}\n{'-' * 43}\n+---+\n|{column}|\n+---+\n|  x|\n+---+\n"
        for number, column in enumerate(("  a", "  b", "  a"))
    )
    facts = normalise(observed("spark-submit a.py", text)).observation.facts
    assert facts["tables"] == [{"columns": ["a"], "rows": 2}, {"columns": ["b"], "rows": 1}]


def test_batches_that_are_not_numbered_one_after_another_are_left_alone() -> None:
    seen = stream(0, 17, 3)
    batches = cast("list[dict[str, Fact]]", seen.facts["batches"])
    broken = replace(seen, facts={**seen.facts, "batches": [batches[0], batches[2]]})
    assert normalise(broken).observation == broken


def listing(parts: int, *names: str, found: int = 0, command: str = "hadoop fs -ls /tmp/swords") -> Observation:
    paths = [*names, *(f"part-0000{n}-x-c000.snappy.parquet" for n in range(parts))]
    rows = [f"-rw-r--r--   1 root supergroup   1 2026-03-01 09:01 /tmp/swords/{name}\n" for name in paths]
    metadata = "drwxr-xr-x   - root supergroup   0 2026-03-01 09:01 /tmp/swords/_spark_metadata\n"
    return observed(command, f"Found {found or len(rows) + 1} items\n{metadata}{''.join(rows)}")


@pytest.mark.parametrize(
    ("other", "equal"),
    [
        (listing(1), True),
        (listing(7), True),
        (listing(0), False),
        (listing(4, "_SUCCESS"), False),
        (listing(3, "strange"), False),
        (listing(4, found=6), False),
        (listing(4, command="hadoop fs -ls /tmp/swords /tmp/other"), False),
        (listing(4, command="hadoop fs -ls /tmp/other"), False),
        (observed("hadoop fs -ls /tmp/swords", "Found 1 items\n"), False),
    ],
)
def test_a_streams_folder_may_have_more_part_files_but_nothing_else(other: Observation, equal: bool) -> None:
    seen = [normalise(each).observation.facts for each in (listing(4), other)]
    assert (seen[0] == seen[1]) is equal


def test_the_folder_of_a_batch_job_keeps_its_counts() -> None:
    text = "Found 1 items\n-rw-r--r--   1 root supergroup   1 2026-03-01 09:01 /tmp/a/part-00000\n"
    seen = observed("hadoop fs -ls /tmp/a", text)
    assert normalise(seen).observation == seen


def by_file(*counts: str, stated: int = 0, name: str = "part-00000-{}-c000.snappy.parquet") -> Observation:
    names = [name.format(f"ccdb982c-99a6-44c9-bc25-e91b5f38{at:04}") for at in range(len(counts))]
    rows = "".join(f" {name:<70} | {count:>9} \n" for name, count in zip(names, counts, strict=True))
    text = f" {'file':^70} | purchases \n{'-' * 72}+{'-' * 11}\n{rows}({stated or len(counts)} rows)\n"
    return observed('presto --output-format ALIGNED --execute "select file, count(*) from a order by 1"', text)


@pytest.mark.parametrize(
    ("other", "equal"),
    [
        (by_file("30"), True),
        (by_file("1", "29"), True),
        (by_file("10", "10"), False),
        (by_file("10", "10", "11"), False),
        (by_file("10", "10", "10", stated=4), False),
        (by_file("10", "20.0"), False),
        (by_file("10", "20", "x"), False),
        (by_file("10", "20", name="file-{}"), False),
        (by_file(), False),
    ],
)
def test_rows_by_part_file_may_split_but_keep_their_sum(other: Observation, equal: bool) -> None:
    seen = [normalise(each).observation.facts for each in (by_file("10", "10", "10"), other)]
    assert (seen[0] == seen[1]) is equal


def test_a_result_without_rows_has_no_sum() -> None:
    assert normalise(by_file()).observation == by_file()


def test_the_sum_over_part_files_stands_where_the_rows_were() -> None:
    assert normalise(by_file("10", "10", "7")).observation.facts["values"] == [["<part-file>", "27"]]


@pytest.mark.parametrize(
    "command",
    [
        "kafkacat -C -b kafka:29092 -t events",
        "kafka-topics --create --topic events --zookeeper zookeeper:32181 --bootstrap-server kafka:29092",
        "hadoop fs -ls hdfs://cloudera/tmp && hadoop fs -ls hdfs://cloudera:8020/tmp",
        'ab -n 10 -H "Host: user1.comcast.com" http://localhost:5000/purchase_a_sword',
    ],
)
@pytest.mark.parametrize("moved", [0, 1000])
def test_the_commands_of_open_and_private_clusters_are_the_same(command: str, moved: int) -> None:
    ports = {listener: port + moved for listener, (_, port) in ORIGINAL.items()}
    translated = Addresses("open", ports).translate(command)
    assert translated != command
    one, other = (normalise(Observation(text, {}, open=True)) for text in (command, translated))
    assert one.observation.command == other.observation.command
    assert one.masks == other.masks


def test_a_query_with_an_address_is_read_all_the_same() -> None:
    facts: Facts = {"kind": "presto", "values": [["a"], ["b"]]}
    seen = Observation('presto --server presto:8080 --execute "select a from b"', facts, open=True)
    assert normalise(seen).masks == {"row-order": 2, "addresses": 1}


def test_addresses_stay_where_both_clusters_are_private() -> None:
    seen = Observation("kafkacat -C -b kafka:29092 -t events", {})
    assert normalise(seen).observation == seen


def test_two_addresses_of_a_command_stay_two() -> None:
    texts = ("a kafka:29092 zookeeper:32181", "a kafka:29092 kafka:29092", "a 127.0.0.1:1 127.0.0.1:2")
    one, other, moved = (normalise(Observation(text, {}, open=True)).observation.command for text in texts)
    assert one == moved == "a <address-1> <address-2>"
    assert other == "a <address-1> <address-1>"
