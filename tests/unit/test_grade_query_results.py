"""What lists and queries show against each other: files, rows, sums, sessions."""

from __future__ import annotations

import pytest
from graded import SWORD, errors, fences, run, said, warnings

from harness.grade.checks import columns_shown, listing, query_counts, query_sums, rows, times
from harness.grade.model import Finding

LS = "docker-compose exec cloudera hadoop fs -ls /tmp/buys"
ENTRY = "-rw-r--r--   1 root supergroup       2322 2018-12-18 03:59 /tmp/buys/part-0000{}-abc-c000.snappy.parquet"
PRESTO = "docker-compose exec presto presto --server presto:8080 --catalog hive --schema default"
JOB = """from pyspark.sql import SparkSession
raw = spark.read.format("kafka").option("subscribe", "events").option("startingOffsets", "earliest").load()
raw.write.mode("overwrite").parquet("/tmp/buys")
spark.sql("create external table buys stored as parquet location '/tmp/buys'")
"""
STREAM = JOB.replace("spark.read.", "spark.readStream.").replace("raw.write.mode", "raw.writeStream.mode")
BATCH = "docker-compose exec spark spark-submit /w205/p/batch.py"


def listed(stated: int, entries: int) -> str:
    return "\n".join([f"Found {stated} items", *(ENTRY.format(at) for at in range(entries))])


def query(sql: str) -> str:
    return f"presto:default> {sql};"


def result(header: str, *printed: str, stated: int | None = None, id_: str = "") -> str:
    """Print a result as Presto does; cells are given between bars."""
    table = [[cell.strip() for cell in row.split("|")] for row in (header, *printed)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["|".join(f" {cell:{width}} " for cell, width in zip(row, widths, strict=True)) for row in table]
    lines.insert(1, "+".join("-" * (width + 2) for width in widths))
    count = len(printed) if stated is None else stated
    lines.append(f"({count} row{'' if count == 1 else 's'})")
    return "\n".join([*lines, *(["", f"Query {id_}, FINISHED, 1 node"] if id_ else [])])


def ids(*given: str) -> str:
    """Give a report of queries with these ids."""
    parts = [(query(f"show schemas from c{at}"), result("n", "a", id_=id_)) for at, id_ in enumerate(given)]
    return fences(PRESTO, *(part for pair in parts for part in pair))


def checks_of(found: list[Finding]) -> list[str]:
    return [one.check for one in errors(found)]


def spark(host: str, count: int, day: str = "2018-12-17", more: str = "") -> str:
    border = "+---------------+---------------+--------------------+"
    row = f"|{host:>15}|      buy_sword|{day} 10:40:...|"
    return "\n".join(
        [border, "|           Host|     event_type|           timestamp|", border, *[row] * count, border, more]
    )


def test_a_listing_s_count_agrees_or_is_an_error() -> None:
    assert said(run(listing.check, fences(LS, listed(3, 3)))) == {("found-items", "agrees")}
    (found,) = errors(run(listing.check, fences(LS, listed(4, 3))))
    assert (found.check, found.expected, found.actual) == ("found-items", 3, 4)


def test_a_listing_that_is_cut_short_is_not_checked() -> None:
    assert not errors(run(listing.check, fences(LS, listed(44, 3) + "\n...")))
    assert not errors(run(listing.check, fences("#The listing is shortened:", LS, listed(44, 3))))


def test_rows_are_compared_with_their_count() -> None:
    select = query("select host from buys")
    good = result("host", "ann", "bob")
    assert ("rows-stated", "agrees") in said(run(listing.check, fences(PRESTO, select, good)))
    (found,) = errors(run(listing.check, fences(PRESTO, select, result("host", "ann", "bob", stated=3))))
    assert (found.check, found.expected, found.actual) == ("rows-stated", 2, 3)


def test_rows_that_are_elided_or_wrapped_by_the_terminal_are_not_counted() -> None:
    select = query("select host, event from buys")
    elided = result("host|event", "ann|x", "...|...", "bob|y", stated=20)
    assert not errors(run(listing.check, fences(PRESTO, select, elided)))
    wrapped = " host | event \n------+-------\n ann  | aaaa\naaa\n bob  | bbbb\nbbb\n(2 rows)"
    assert not errors(run(listing.check, fences(PRESTO, select, wrapped)))


def test_the_groups_of_a_batch_s_table_sum_to_its_count() -> None:
    count, groups = query("select count(*) from buys"), query("select host, count(*) from buys group by host")
    good = fences(PRESTO, count, result("_col0", "20"), groups, result("host|_col1", "ann|12", "bob|8"))
    assert ("query-sums", "agrees") in said(run(query_sums.check, good, batch__py=JOB))
    wrong = fences(PRESTO, count, result("_col0", "20"), groups, result("host|_col1", "ann|13", "bob|8"))
    (found,) = errors(run(query_sums.check, wrong, batch__py=JOB))
    assert (found.check, found.expected, found.actual) == ("query-sums", 20, 21)


def test_two_moments_of_a_stream_are_only_doubted() -> None:
    count, groups = query("select count(*) from buys"), query("select host, count(*) from buys group by host")
    text = fences(PRESTO, count, result("_col0", "20"), groups, result("host|_col1", "ann|13", "bob|9"))
    found = run(query_sums.check, text, stream__py=STREAM)
    assert not errors(found)
    assert len(warnings(found)) == 1


GROUPS = query("select host, count(*) from buys group by host")
FEED = f"#!/bin/bash\nwhile :\ndo\n  {SWORD}\n  sleep 5\ndone\n"


@pytest.mark.parametrize(
    "load",
    [
        "bash feed.sh > /dev/null 2>&1 &",
        "./feed.sh",
        "docker-compose exec -d mids bash feed.sh",
        f"for i in 1 2 3; do\n  {SWORD}\ndone &",
        f"while true\ndo\n  {SWORD}\n  sleep 10\ndone",
        "python feed.py",
    ],
)
def test_a_load_that_goes_on_explains_two_moments(load: str) -> None:
    text = fences(load, PRESTO, GROUPS, result("host|_col1", "ann|20"), GROUPS, result("host|_col1", "ann|30"))
    files = {"feed__sh": FEED, "feed__py": "while True:\n    requests.get('http://localhost:5000/buy_sword')\n"}
    found = run(query_sums.check, text, stream__py=STREAM, **files)
    assert said(found) == {("query-sums", "volatile")}
    assert all("the load of line 1 goes on between them" in one.message for one in found)


POST = "docker-compose exec mids curl -X POST -d kind=a http://localhost:5000/buy_sword > 'a&b' 2>&1 && date"


@pytest.mark.parametrize("between", [(SWORD,), (POST,), (f"while true; do {SWORD}; done", "docker-compose down")])
def test_a_load_that_has_ended_explains_no_two_moments(between: tuple[str, ...]) -> None:
    text = fences(*between, PRESTO, GROUPS, result("host|_col1", "ann|20"), GROUPS, result("host|_col1", "ann|30"))
    assert said(run(query_sums.check, text, stream__py=STREAM)) == {("query-sums", "warning")}


def test_a_load_that_goes_on_explains_no_smaller_count_and_no_part_of_a_round() -> None:
    loop = f"while true; do {SWORD}; sleep 5; done"
    for numbers in ((30, 20), (20, 33)):
        shown = [part for number in numbers for part in (GROUPS, result("host|_col1", f"ann|{number}"))]
        assert said(run(query_sums.check, fences(loop, PRESTO, *shown), stream__py=STREAM)) == {
            ("query-sums", "warning")
        }
    early, late = "20181218_040000_00004_abcde", "20181218_040100_00005_abcde"
    first = GROUPS, result("host|_col1", "ann|30", id_=late)
    swapped = fences(loop, PRESTO, *first, GROUPS, result("host|_col1", "ann|20", id_=early))
    assert said(run(query_sums.check, swapped, stream__py=STREAM)) == {("query-sums", "volatile")}


def test_a_load_that_goes_on_explains_no_other_count_of_a_batch() -> None:
    loop = f"while true; do {SWORD}; sleep 5; done"
    text = fences(loop, PRESTO, GROUPS, result("host|_col1", "ann|20"), GROUPS, result("host|_col1", "ann|30"))
    assert said(run(query_sums.check, text, batch__py=JOB)) == {("query-sums", "disagrees")}


def test_a_count_in_an_expression_is_no_count() -> None:
    tens, count = query("select count(*) * 10 from buys"), query("select count(*) from buys")
    text = fences(PRESTO, tens, result("_col0", "200"), count, result("_col0", "20"))
    assert not run(query_sums.check, text, batch__py=JOB)


def test_a_listing_wrapped_by_the_terminal_is_not_counted() -> None:
    wrapped = "Found 1 items\n-rw-r--r--   1 root supergroup       2322 2018-12-18\n03:59 /tmp/buys/part-00000-abc"
    assert not errors(run(listing.check, fences(LS, wrapped)))


def test_a_load_between_two_counts_explains_another_number() -> None:
    count = query("select count(*) from buys")
    assert not run(query_sums.check, fences(PRESTO, count, result("n", "20"), SWORD, count, result("n", "30")))


def test_averages_and_sums_are_of_the_rows_that_are_shown() -> None:
    every, average = query("select host, cost from buys"), query("select avg(cost), sum(cost) from buys")
    table = result("host|cost", "ann|4", "bob|6")
    good = fences(PRESTO, every, table, average, result("_col0|_col1", "5.0|10"))
    assert ("query-aggregates", "agrees") in said(run(query_sums.check, good, batch__py=JOB))
    wrong = fences(PRESTO, every, table, average, result("_col0|_col1", "7.0|10"))
    assert [one.check for one in errors(run(query_sums.check, wrong, batch__py=JOB))] == ["query-aggregates"]


def test_a_count_that_no_load_makes_is_doubted() -> None:
    count = query("select count(*) from sword_buys")
    for shown, verdict in (("1,560", "agrees"), ("25", "warning")):
        text = fences(SWORD, PRESTO, count, result("n", shown))
        assert ("query-multiples", verdict) in said(run(query_counts.check, text))


def test_the_groups_of_a_loop_have_one_number_of_loops() -> None:
    other = SWORD.replace("-n 10", "-n 2").replace("ann.", "bob.")
    loop = f"while true; do\n  {SWORD}\n  {other}\n  sleep 10\ndone"
    groups = query("select host, count(*) from swords group by host")
    good = fences(loop, PRESTO, groups, result("host|n", "ann.example.org|520", "bob.example.org|104"))
    assert ("query-ratios", "agrees") in said(run(query_counts.check, good))
    wrong = fences(loop, PRESTO, groups, result("host|n", "ann.example.org|520", "bob.example.org|204"))
    assert ("query-ratios", "warning") in said(run(query_counts.check, wrong))


def test_row_numbers_without_an_order_are_doubted() -> None:
    text = fences(PRESTO, query("select host, row_number() over () as n from buys"), result("host|n", "ann|1"))
    assert ("query-order-by", "warning") in said(run(query_sums.check, text))
    assert not run(query_sums.check, text.replace("over ()", "over (order by host)"))


def test_query_ids_run_forward_in_one_session() -> None:
    first, second, third = (f"20181217_12202{at}_0000{at}_b6xpp" for at in (1, 2, 3))
    assert said(run(times.check, ids(first, second, third))) == {("query-ids", "agrees")}
    assert checks_of(run(times.check, ids(first, "20160404_224746_00009_zsma3", third))) == ["query-day"]
    assert checks_of(run(times.check, ids(first, second.replace("b6xpp", "k2abc"), third))) == ["query-session"]
    assert checks_of(run(times.check, ids(first, second.replace("_00002_", "_00009_"), third))) == ["query-ids"]
    moved = run(times.check, ids(second, first, third))
    assert not errors(moved)
    assert ("query-order", "warning") in said(moved)


def test_a_query_of_another_start_is_doubted_unless_the_start_is_shown() -> None:
    first, second = "20181217_122021_00002_b6xpp", "20181217_142021_00002_k2abc"
    assert ("query-session", "warning") in said(run(times.check, ids(first, second)))
    restarted = ids(first) + fences("docker-compose restart presto") + ids(second)
    assert not warnings(run(times.check, restarted))


def test_a_table_over_the_whole_topic_has_what_was_sent() -> None:
    good = fences(SWORD, BATCH, spark("ann.example.org", 10))
    assert said(run(rows.check, good, batch__py=JOB)) == {("rows-topic", "agrees")}
    lacking = fences(SWORD, BATCH, spark("ann.example.org", 9))
    assert ("rows-topic", "warning") in said(run(rows.check, lacking, batch__py=JOB))
    top = fences(SWORD, BATCH, spark("ann.example.org", 5, more="only showing top 5 rows"))
    assert not run(rows.check, top, batch__py=JOB)


def test_a_whole_topic_that_lost_its_earlier_events_is_an_error() -> None:
    first, second = spark("ann.example.org", 10), spark("ann.example.org", 10, "2018-12-18")
    (found,) = errors(run(rows.check, fences(SWORD, BATCH, first, BATCH, second), batch__py=JOB))
    assert (found.check, found.block) == ("rows-earlier", 5)
    down = fences(SWORD, BATCH, first, "docker-compose down", BATCH, second)
    assert not errors(run(rows.check, down, batch__py=JOB))


def test_the_batches_of_a_stream_have_what_was_sent_together() -> None:
    submit = BATCH.replace("batch", "stream")
    four, six = spark("ann.example.org", 4), spark("ann.example.org", 6)
    good = fences(submit, spark("ann.example.org", 0), SWORD, "#Then:", four, "#And:", six)
    assert said(run(rows.check, good, stream__py=STREAM)) == {("rows-stream", "agrees")}
    lost = good.replace(six, spark("ann.example.org", 5))
    found = run(rows.check, lost, stream__py=STREAM)
    assert [(one.check, one.expected, one.actual) for one in warnings(found)] == [("rows-stream", 10, 9)]


def test_the_columns_of_a_query_are_in_the_order_of_the_statement_that_makes_the_table() -> None:
    made = "create external table buys (Accept string, Host string) stored as parquet location '/tmp/buys';"
    star = fences(PRESTO, query("select * from buys"), result("accept|host", "*/*|ann"))
    assert said(run(columns_shown.check, star, make__hql=made)) == {("table-columns", "agrees")}
    swapped = made.replace("Accept string, Host string", "Host string, Accept string")
    (found,) = errors(run(columns_shown.check, star, make__hql=swapped))
    assert (found.check, found.file, found.expected) == ("table-columns", "make.hql", ["accept", "host"])
    told = fences(PRESTO, query("describe buys"), result("Column|Type", "accept|varchar", "host|varchar"))
    assert errors(run(columns_shown.check, told, make__hql=swapped))
    assert not run(columns_shown.check, star, make__hql=made, again__hql=swapped)
    assert not run(columns_shown.check, star, make__hql=made.replace("Host", "Player"))
