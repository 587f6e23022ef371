"""Totals against a rerun: equal where the load is counted, by relations where it has no end, explained in streams."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from graded import COMPOSE, SWORD, ab_report, fences, submission
from reran import JOB, READ, asked, capture, events, rerun, table

from harness.grade.compare import compare
from harness.grade.compare.sequences import Fit, fit
from harness.grade.compare.totals import relation
from harness.grade.model import Finding, Submission, Verdict
from harness.grade.rerun.model import Ending, Ran

LOOP = f"while true; do\n  {SWORD}\n  sleep 10\ndone"
COUNT = "select count(*) from swords"
GROUPS = "select host, count(*) from swords group by host"
STREAM = 'spark.readStream.format("kafka").option("subscribe", "events").load()'
SECOND = f'{COMPOSE} ab -n 10 -H "Host: bob.example.org" http://localhost:5000/buy_sword'


def counted(number: int) -> str:
    return table(str(number), columns="_col0")


def grouped(**numbers: int) -> str:
    return table(*[f"{name} | {number}" for name, number in numbers.items()], columns="host | _col1")


def found(given: Submission, printed: dict[str, str], check: str) -> list[Finding]:
    return [each for each in compare(given, rerun(given, printed)) if each.check == check]


@pytest.mark.parametrize(
    ("report", "rerun_", "step", "says"),
    [
        ({"": 520}, {"": 30}, 10, "multiples of 10"),
        ({"": 520}, {"": 33}, 10, None),
        ({"": 520}, {"": 30}, 1, None),
        ({"": 0}, {"": 30}, 10, None),
        ({"a": 104, "b": 52}, {"a": 6, "b": 3}, 1, "the same shares"),
        ({"a": 104, "b": 52}, {"a": 200, "b": 102}, 1, "nearly the same shares"),
        ({"a": 104, "b": 52}, {"a": 9, "b": 3}, 1, "the same order of size"),
        ({"a": 104, "b": 52}, {"a": 3, "b": 9}, 1, None),
        ({"a": 104, "b": 52}, {"a": 6, "c": 3}, 1, None),
        ({"a": 0, "b": 0}, {"a": 6, "b": 3}, 1, None),
        ({}, {}, 1, None),
    ],
)
def test_a_relation_is_named_when_it_holds(
    report: dict[str, float], rerun_: dict[str, float], step: int, says: str | None
) -> None:
    holds = relation(report, rerun_, step)
    assert holds is None if says is None else holds is not None and says in holds


@pytest.mark.parametrize(
    ("shown", "views", "unread", "fits"),
    [
        ("aab", ["a", "aba"], 0, Fit.WHOLE),
        ("ab", ["a", "aab"], 0, Fit.SINCE),
        ("ab", ["aabb"], 0, Fit.RUN),
        ("ba", ["aabb"], 0, Fit.SOME),
        ("aab", ["ab"], 0, Fit.NONE),
        ("ac", ["ab"], 0, Fit.NONE),
        ("aa", ["aab"], 1, Fit.WHOLE),
        ("aa", ["aabb"], 1, Fit.SOME),
        ("aa", ["aab"], 2, Fit.NONE),
        ("a", [], 0, Fit.NONE),
    ],
)
def test_lines_fit_into_those_of_a_monitor(shown: str, views: list[str], unread: int, fits: Fit) -> None:
    assert fit(shown, views, unread) is fits


@pytest.mark.parametrize(
    ("query", "report", "again", "verdict", "says"),
    [
        (COUNT, counted(520), counted(30), Verdict.TOLERATED, "multiples of 10"),
        (COUNT, counted(520), counted(33), Verdict.NOT_CHECKED, "no relation"),
        (GROUPS, grouped(ann=104, bob=52), grouped(ann=6, bob=3), Verdict.TOLERATED, "same shares"),
        (GROUPS, grouped(ann=104, bob=52), grouped(ann=3, bob=60), Verdict.NOT_CHECKED, "no relation"),
        (GROUPS, grouped(ann=104, bob=52), grouped(ann=6, eve=3), Verdict.DISAGREES, "not of the same groups"),
    ],
)
def test_results_of_a_load_without_an_end_are_compared_by_relations(
    query: str, report: str, again: str, verdict: Verdict, says: str
) -> None:
    given = submission(fences(LOOP, asked(query), report))
    (one,) = found(given, {query: again}, "rerun-rows")
    assert one.verdict is verdict
    assert says in one.message
    assert not one.is_error


def test_counts_in_the_ratio_of_the_rounds_support_each_other() -> None:
    where = f"{COUNT} where price = 7"
    other = f"{COUNT} where price = 8"
    text = fences(LOOP, asked(where), counted(156), asked(other), counted(104), asked(COUNT), counted(260))
    rest = {where: counted(9), other: counted(6)}
    given = submission(text)
    good = found(given, {COUNT: counted(15), **rest}, "rerun-rows")
    assert [one.verdict for one in good] == [Verdict.TOLERATED] * 3
    assert "52 to 3 rounds" in good[0].message
    odd = found(given, {COUNT: counted(16), **rest}, "rerun-rows")
    assert [one.verdict for one in odd] == [Verdict.TOLERATED] * 2 + [Verdict.NOT_CHECKED]


def test_a_random_load_is_no_counted_one() -> None:
    text = fences("bash load.sh", asked(COUNT), counted(9))
    script = f"for i in 1 2 3; do\n  {COMPOSE} ab -n 3 http://localhost:5000/$RANDOM\ndone\n"
    given = submission(text, load__sh=script, job__py="frame.write.parquet('swords')")
    (one,) = found(given, {COUNT: counted(7)}, "rerun-rows")
    assert not one.is_error
    assert not one.is_warning


def test_an_endless_load_below_an_output_does_not_excuse_it() -> None:
    job = "spark.read\nframe.write.parquet('swords')"
    given = submission(fences(SWORD, asked(COUNT), counted(8), LOOP), job__py=job)
    (one,) = found(given, {COUNT: counted(10)}, "rerun-rows")
    assert one.is_error
    assert (one.expected, one.actual) == ("10", "8")


@pytest.mark.parametrize(
    ("report", "says"), [(8, "asked before all had arrived"), (30, "more came to the report's table")]
)
def test_a_count_of_a_stream_says_where_its_difference_comes_from(report: int, says: str) -> None:
    given = submission(fences(SWORD, asked(COUNT), counted(report)))
    (one,) = found(given, {COUNT: counted(10)}, "rerun-rows")
    assert one.is_warning
    assert says in one.message


def batch(number: int, host: str = "ann.example.org") -> str:
    border, row = "+----------------+----------+", f"|{host:>16}|{'buy_sword':>10}|"
    return "\n".join([border, f"|{'Host':>16}|event_type|", border, *[row] * number, border])


def streamed(*numbers: tuple[int, str]) -> str:
    return "\n".join(
        f"-------------------------------------------\nBatch: {at}\n-------------------------------------------\n"
        f"{batch(number, host)}\n"
        for at, (number, host) in enumerate(numbers)
    )


ANN, BOB = "ann.example.org", "bob.example.org"


def stream_report() -> Submission:
    text = fences(JOB, batch(0), f"{SWORD}\n{SECOND}", f"{batch(8, ANN)}\n{batch(9, BOB)}")
    return submission(text, job__py=STREAM)


def test_batches_that_hold_as_much_together_agree_however_they_are_cut() -> None:
    given = stream_report()
    (one,) = found(given, {"spark-submit": streamed((0, ANN), (3, ANN), (5, ANN), (9, BOB))}, "rerun-batches")
    assert one.verdict is Verdict.AGREES
    assert one.actual == 17


def test_batches_that_show_less_than_was_sent_say_where_the_rest_is() -> None:
    printed = {"spark-submit": streamed((0, ANN), (10, ANN), (4, BOB), (6, BOB)), " ab ": ab_report()}
    first, second = found(stream_report(), printed, "rerun-batches")
    assert first.is_warning
    assert second.is_warning
    assert (first.expected, first.actual, second.expected, second.actual) == (10, 8, 10, 9)
    assert "8 rows of buy_sword of ann.example.org" in first.message
    assert "10 of the 10 that were sent" in first.message
    assert "4 + 6 of the 10 that were sent" in second.message
    assert "1 more came in a batch that it leaves out" in second.message


def test_a_batch_of_other_columns_is_an_error() -> None:
    printed = {"spark-submit": streamed((8, ANN), (9, BOB)).replace("event_type", "event_kind")}
    (one,) = found(stream_report(), printed, "rerun-columns")
    assert one.is_error


def test_batches_without_their_last_rows_are_not_added_up() -> None:
    printed = {"spark-submit": streamed((8, ANN)) + "only showing top 20 rows\n"}
    (one,) = found(stream_report(), printed, "rerun-batches")
    assert one.verdict is Verdict.NOT_CHECKED


def going_on(*printed: str) -> Callable[[Ran], Ran]:
    """Give a command that goes on: what it had printed each time its output is shown, and at its end."""

    def looked(one: Ran) -> Ran:
        *looks, end = (capture(one.typed, each) for each in printed)
        return Ran(one.typed, one.block, Ending.STOPPED, end, looks=looks)

    return looked


@pytest.mark.parametrize(
    ("shown", "expected"), [((10, 10), []), ((8, 10), [(10, 8)]), ((8, 9), [(10, 8), (10, 9)]), ((12, 10), [(10, 12)])]
)
def test_a_stream_is_looked_at_when_its_last_batches_are_shown(
    shown: tuple[int, int], expected: list[tuple[int, int]]
) -> None:
    """A load without an end comes later, and the stream, which nobody stopped, prints what that sends too."""
    text = fences(JOB, batch(0), f"{SWORD}\n{SECOND}", f"{batch(shown[0], ANN)}\n{batch(shown[1], BOB)}", LOOP)
    both = (0, ANN), (10, ANN), (10, BOB)
    printed = going_on(streamed((0, ANN)), streamed(*both), streamed(*both, (10, ANN), (10, ANN), (10, ANN)))
    given = submission(text, job__py=STREAM)
    seen = [each for each in compare(given, rerun(given, {"spark-submit": printed})) if each.check == "rerun-batches"]
    assert [(each.expected, each.actual) for each in seen if each.verdict is Verdict.DISAGREES] == expected
    assert all("together 10 of the 10 that were sent" in each.message for each in seen if expected)


def test_batches_that_are_shown_above_their_load_are_those_of_a_later_look() -> None:
    given = submission(fences(JOB, batch(10, ANN), SWORD), job__py=STREAM)
    printed = going_on(streamed((0, ANN)), streamed((0, ANN), (10, ANN)))
    (one,) = [each for each in compare(given, rerun(given, {"spark-submit": printed})) if each.check == "rerun-batches"]
    assert one.verdict is Verdict.AGREES


def test_batches_of_a_load_without_an_end_are_tolerated() -> None:
    given = submission(fences(JOB, batch(0), LOOP, batch(10)), job__py=STREAM)
    (one,) = found(given, {"spark-submit": streamed((0, ANN), (30, ANN))}, "rerun-batches")
    assert one.verdict is not Verdict.DISAGREES


def test_each_showing_of_a_monitor_is_compared_with_a_look_at_it() -> None:
    """The topic is read on while the report shows it twice: all so far, then what came since."""
    given = submission(fences(READ.removesuffix(" -e"), SWORD, events(10), SWORD, events(10), SWORD, events(30)))

    def looked(one: Ran) -> Ran:
        looks = [capture(one.typed, events(number)) for number in (10, 20, 30)]
        return Ran(one.typed, one.block, Ending.STOPPED, looks[0], looks=looks[1:])

    seen = [each for each in compare(given, rerun(given, {"kafkacat": looked})) if each.check == "rerun-events"]
    assert [each.verdict for each in seen] == [Verdict.AGREES] * 3
