"""Commands that fail in a rerun: one error each, at its line and with its reason, and no cascade of errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from graded import COMPOSE, SWORD, ab_report, errors, fences, submission, warnings
from reran import API, CURL, JOB, LS, READ, TOPIC, asked, capture, events, listing, log, rerun, shown, table

from harness.grade.compare import compare
from harness.grade.model import Finding, Verdict
from harness.grade.rerun.model import Ending, Ran, Rerun, State

TRACEBACK = "Traceback (most recent call last):\n  File job.py\nAnalysisException: no such column\n18 INFO stopped\n"
REFUSED = ab_report(Non_2xx_responses="10").replace("Non 2xx", "Non-2xx")
NO_TABLE = "Query 20181217_122643_00004_b6xpp failed: no table\n"
SMALL = "+---+\n|  a|\n+---+\n|  1|\n+---+\n"
REPORT = fences(
    API,
    SWORD,
    ab_report(),
    log(*["/buy_sword"] * 10),
    READ,
    events(10),
    JOB,
    shown(10),
    asked("select * from swords"),
    table("ann | 7"),
)
GOOD = {
    "flask": log(*["/buy_sword"] * 10),
    " ab ": ab_report(),
    "kafkacat": events(10),
    "spark-submit": shown(10),
    "select": table("ann | 7"),
}


def fails(stdout: str = "", stderr: str = "", exit_code: int | None = 1) -> Callable[[Ran], Ran]:
    return lambda one: replace(one, capture=capture(one.typed, stdout, stderr, exit_code), looks=())


def found(text: str, printed: dict[str, str | Callable[[Ran], Ran]]) -> list[Finding]:
    given = submission(text)
    return compare(given, rerun(given, printed))


def test_a_rerun_that_works_as_the_report_says_has_no_failure() -> None:
    assert {each.verdict for each in found(REPORT, dict(GOOD))} == {Verdict.AGREES, Verdict.VOLATILE}


@pytest.mark.parametrize(
    ("words", "how", "line", "telling"),
    [
        ("spark-submit", fails(stderr=TRACEBACK), JOB, "AnalysisException: no such column"),
        ("spark-submit", fails(stderr=TRACEBACK, exit_code=0), JOB, "AnalysisException: no such column"),
        ("flask", fails(stderr="ImportError: No module named kafka\n"), API, "ImportError: No module named kafka"),
        (" ab ", fails(REFUSED, "", 0), SWORD, "Non-2xx responses"),
        (" ab ", fails(stderr="apr_socket_recv: Connection refused (111)", exit_code=111), SWORD, "Connection refused"),
        ("select", fails(NO_TABLE, "", 0), "presto:default>", "failed: no table"),
        ("kafkacat", fails(exit_code=7), READ, "exit code 7"),
    ],
)
def test_a_failure_is_one_error_with_its_telling_line(
    words: str, how: Callable[[Ran], Ran], line: str, telling: str
) -> None:
    (one,) = errors(found(REPORT, {**GOOD, words: how}))
    assert one.check == "rerun-failed"
    assert REPORT.split("\n")[one.line - 1].startswith(line[:40])
    assert telling in one.message
    assert telling in one.evidence[0].text
    assert (one.evidence[0].file, one.evidence[0].line) == ("rerun", one.line)
    assert one.message.endswith(".")


def test_what_depends_on_a_failure_is_not_checked() -> None:
    nothing = fails(exit_code=0)
    refused = fails(stderr="Connection refused", exit_code=111)
    printed = {
        **GOOD,
        "flask": fails(stderr="ImportError: kafka"),
        " ab ": refused,
        "kafkacat": nothing,
        "spark-submit": shown(0),
        "select": table("eve | 7"),
    }
    seen = found(REPORT, printed)
    assert [one.message for one in errors(seen)] == ["The command fails in the rerun: ImportError: kafka."]
    assert warnings(seen) == []
    reasons = [each.message for each in seen if each.verdict is Verdict.NOT_CHECKED]
    assert any("Not compared, because the command in line 2 failed" in each for each in reasons)
    assert any("as it has to after the one in line 2" in each for each in reasons)


def test_the_same_failure_is_told_once() -> None:
    seen = found(fences(SWORD, ab_report(), SWORD, ab_report()), {" ab ": fails(REFUSED, "", 0)})
    assert [each.line for each in errors(seen)] == [2]
    assert [each.verdict for each in seen if each.check == "rerun-failed"] == [Verdict.DISAGREES, Verdict.NOT_CHECKED]


def test_what_comes_before_a_failure_is_checked_all_the_same() -> None:
    printed = {**GOOD, " ab ": ab_report(length=99), "spark-submit": fails(stderr=TRACEBACK)}
    assert {each.check for each in errors(found(REPORT, printed))} == {"rerun-ab", "rerun-failed"}


def test_a_failure_without_an_output_is_a_warning_in_a_container_and_nothing_on_the_host() -> None:
    seen = found(fences("cp ~/course/job.py .", JOB), {"cp": fails(stderr="cp: no file"), JOB: fails(stderr=TRACEBACK)})
    assert [each.verdict for each in seen] == [Verdict.NOT_CHECKED, Verdict.DISAGREES]
    assert errors(seen) == []


def test_a_topic_that_is_there_already_is_a_warning() -> None:
    printed = {"--create": fails(stderr="Error: Topic 'events' already exists.")}
    (one,) = warnings(found(fences(TOPIC, "Created topic events."), printed))
    assert one.check == "rerun-failed"


def test_a_failure_that_the_report_shows_agrees() -> None:
    page = "<title>404 Not Found</title>\n<h1>Not Found</h1>"
    seen = found(fences(CURL, page), {"curl": page})
    assert {each.verdict for each in seen} == {Verdict.AGREES}
    assert {each.check for each in seen} == {"rerun-failed", "rerun-answer"}


def test_a_failure_that_only_the_report_shows_is_a_warning() -> None:
    (one,) = warnings(found(fences(JOB, SMALL + TRACEBACK), {"spark-submit": SMALL}))
    assert one.check == "rerun-failed"
    assert one.expected == "works"


@pytest.mark.parametrize(
    ("ending", "note", "says"),
    [
        (Ending.LEFT_OUT, "it opens the network", "left out of the rerun: it opens the network."),
        (Ending.LOST, "", "The cluster or the harness failed"),
    ],
)
def test_what_was_not_run_is_not_checked(ending: Ending, note: str, says: str) -> None:
    def gone(one: Ran) -> Ran:
        return Ran(one.typed, one.block, ending, None, note)

    (one,) = found(fences(LS, listing("/tmp/swords")), {"-ls": gone})
    assert one.verdict is Verdict.NOT_CHECKED
    assert says in one.message


def test_a_command_that_no_rerun_knows_is_not_checked() -> None:
    given = submission(fences(LS, listing("/tmp/swords")))
    (one,) = compare(given, Rerun("local", []))
    assert one.verdict is Verdict.NOT_CHECKED


def test_a_command_stopped_at_its_limit_is_no_disagreement() -> None:
    def stopped(one: Ran) -> Ran:
        return replace(one, ending=Ending.TIMED_OUT, capture=capture(one.typed, ab_report(complete=4)))

    seen = found(fences(SWORD, ab_report()), {" ab ": stopped})
    assert {each.verdict for each in seen} == {Verdict.NOT_CHECKED, Verdict.VOLATILE}


def test_nothing_of_a_rerun_with_a_fault_counts() -> None:
    given = submission(REPORT)
    spoiled = replace(rerun(given, {"spark-submit": fails()}), fault="the broker died")
    seen = compare(given, spoiled)
    assert len(seen) == 5
    assert {each.verdict for each in seen} == {Verdict.NOT_CHECKED}
    assert not any("the broker died" in each.message for each in seen)


@pytest.mark.parametrize(
    ("state", "says", "is_error"),
    [
        (State(tables={"swords": 20}), "holds rows", False),
        (State(tables={"swords": None}, errors={"swords": "bad column type"}), "bad column type", True),
        (State(tables={"swords": 0}), "is empty at the end", True),
        (State(topics={"events": 10}), "holds messages", False),
        (State(topics={"other": 10}), "is not there", True),
        (State(topics={"events": 0}), "has no message", True),
    ],
)
def test_the_state_at_the_end_is_held_against_what_the_report_reads(state: State, says: str, is_error: bool) -> None:
    given = submission(REPORT)
    seen = [each for each in compare(given, rerun(given, dict(GOOD), state)) if each.check == "rerun-state"]
    assert [each.is_error for each in seen] == [is_error]
    assert says in seen[0].message


def test_a_table_nobody_asked_for_is_no_claim() -> None:
    given = submission(fences(f"{COMPOSE} ls"))
    assert compare(given, rerun(given, {}, State(tables={"swords": None}))) == []


def test_the_same_input_gives_the_same_findings_in_the_order_of_lines() -> None:
    given = submission(REPORT)
    once, twice = (compare(given, rerun(given, {**GOOD, "flask": fails()})) for _ in range(2))
    assert once == twice
    assert [each.line for each in once] == sorted(each.line for each in once)
