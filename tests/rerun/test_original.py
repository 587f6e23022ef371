"""The original, rebuilt as a folder from its report, reruns to its end as it is."""

from __future__ import annotations

from pathlib import Path

import original
import pytest

from harness.grade.checks import run as check
from harness.grade.compare import compare
from harness.grade.model import Verdict
from harness.grade.rerun.limits import Limits
from harness.grade.rerun.model import Ending, Rerun
from harness.grade.rerun.stage import LocalStage
from harness.grade.submission import load

USERS = ("user1.comcast.com", "user2.att.com")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The author's folder, with the report as its README."""
    return original.submission(tmp_path_factory.mktemp("author"))


@pytest.fixture(scope="module")
def rerun(folder: Path, stage: LocalStage) -> Rerun:
    """Its rerun."""
    return stage.rerun(folder, load(folder), Limits(), print)


def printed(rerun: Rerun, *words: str) -> str:
    """Give what the command with all these words printed."""
    found = [ran.capture for ran in rerun.ran if ran.capture and all(word in ran.capture.command for word in words)]
    assert len(found) == 1, words
    return found[0].stdout


def test_every_command_of_it_runs(rerun: Rerun) -> None:
    assert rerun.fault is None
    assert not rerun.breaches
    for ran in rerun.commands:
        if ran.ending is Ending.ENDED and ran.capture and not ran.typed.text.startswith("cp "):
            assert ran.capture.exit_code == 0, (ran.typed.text, ran.capture.stderr)
        assert ran.ending is not Ending.TIMED_OUT, ran.typed.text
    left_out = [ran.typed.text for ran in rerun.commands if ran.ending is Ending.LEFT_OUT]
    assert left_out == ["history > history.txt"]


def test_forty_events_and_twenty_purchases_come_through(rerun: Rerun) -> None:
    events = next(ran for ran in rerun.commands if "kafkacat" in ran.typed.text)
    assert [look.facts["messages"] for look in events.looks] == [10, 20, 40]
    batch = next(
        ran for ran in rerun.commands if "filter_swords_batch.py" in ran.typed.text and "submit" in ran.typed.text
    )
    assert batch.capture is not None
    assert batch.capture.facts["rows"] == 20
    rows = next(ran for ran in rerun.commands if ran.typed.text == "select * from purchases")
    assert rows.capture is not None
    assert rows.capture.facts["rows"] == 20
    assert rerun.state.tables == {"purchases": 20}


def test_the_streams_show_every_event_that_was_sent_to_them(rerun: Rerun) -> None:
    console = next(
        ran for ran in rerun.commands if "submit" in ran.typed.text and "filter_swords_stream.py" in ran.typed.text
    )
    last = console.looks[-1]
    assert last.facts["streamed_rows"] == 20
    assert [last.stdout.count(f"|{user}|") or last.stdout.count(f" {user}|") for user in USERS] == [10, 10]
    loop = next(ran for ran in rerun.commands if "while true" in ran.typed.text)
    assert loop.capture is not None
    rounds = loop.capture.facts["complete"]
    assert isinstance(rounds, int)
    assert rounds >= 20
    assert rerun.state.topics["events"] == 40 + 40 + rounds
    assert rerun.state.paths["/tmp/sword_purchases"] > 0


def test_the_helps_are_named(rerun: Rerun) -> None:
    assert {each.name for each in rerun.helps} == {"zookeeper", "udf", "row", "location"}


def test_it_is_said_where_eight_and_nine_come_from(folder: Path, rerun: Rerun) -> None:
    submission = load(folder)
    found = [each for each in compare(submission, rerun) if each.check == "rerun-batches"]
    said = {each.line: each for each in found if each.verdict is Verdict.DISAGREES}
    assert {each.actual for each in said.values()} == {8, 9}
    assert all("moment" in each.message for each in said.values())
    assert not [each for each in found if each.is_error]


def test_nothing_is_wrong_in_it_that_the_report_alone_did_not_show(folder: Path, rerun: Rerun) -> None:
    submission = load(folder)
    static = {finding.line for finding in check(submission) if finding.verdict is Verdict.DISAGREES}
    more = {finding.line: finding for finding in compare(submission, rerun) if finding.is_error}
    blocks = {block.first_line: block.last_line for block in submission.blocks}
    for line, finding in more.items():
        inside = next(((first, last) for first, last in blocks.items() if first <= line <= last), (line, line))
        assert any(inside[0] <= known <= inside[1] for known in static), finding.message
