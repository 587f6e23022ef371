"""How a script is typed: what goes on, what ends what, and what is said when the sandbox ends before the script."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from confinement import STATE, Fake, runner, submission

from harness.errors import EnvironmentFault
from harness.grade.proofs.rerun import went_well
from harness.grade.rerun.confined import Job
from harness.grade.rerun.helps import HELPS
from harness.grade.rerun.model import Ending

MIDS = "docker-compose exec mids "
FLASK = f"{MIDS}env FLASK_APP=/w205/a/app.py flask run"


def goes_on(fake: Fake, _: str, __: Job) -> None:
    fake.ports.add(5000)


def ends_all(fake: Fake, _: str, job: Job) -> int:
    for other in fake.jobs:
        if other is not job:
            other.end(1)
    return 0


@pytest.mark.parametrize("end", ["docker-compose -f x.yml down", "sh teardown.sh", "docker stop kim_mids_1"])
def test_a_server_that_the_report_itself_ends_went_well(tmp_path: Path, end: str) -> None:
    given = submission(tmp_path, FLASK, end, teardown__sh="docker-compose down\n")
    made, _ = runner(tmp_path, given, {"flask run": goes_on, end: ends_all})
    server, _ = made.run()
    assert server.ending is Ending.STOPPED
    assert went_well(server)
    assert made.state.topics == {"events": 4}


def test_a_command_that_begins_to_listen_is_a_server_from_then_on(tmp_path: Path) -> None:
    given = submission(tmp_path, f"{MIDS}sh serve.sh", f"{MIDS}ab -n 1 http://localhost:5000/")
    made, fake = runner(tmp_path, given, {"serve.sh": goes_on})
    server, load = made.run()
    assert (server.ending, load.ending) == (Ending.STOPPED, Ending.ENDED)
    assert went_well(server)
    assert len(fake.typed) == 2


@pytest.mark.parametrize(("command", "limit"), [("sleep 1000", 1), ("for i in 1 2; do sleep 1000; done", 2)])
def test_a_command_out_of_time_is_told_its_own_limit(tmp_path: Path, command: str, limit: int) -> None:
    made, _ = runner(tmp_path, submission(tmp_path, command), {"sleep": lambda *_: None})
    (ran,) = made.run()
    assert ran.ending is Ending.TIMED_OUT
    assert [breach.text for breach in made.breaches] == [f"not ended after {limit} s"]
    assert ran.capture is not None
    assert f"time limit of {limit} s" in ran.capture.stderr


@pytest.mark.parametrize(
    ("opens", "prompt", "sets", "says"),
    [
        ("presto presto --server presto:8080 --catalog hive", "presto> ", "use default;", "presto> USE\n"),
        ("presto presto --catalog hive", "presto:a> ", "set session x = 1;", "presto> presto:a> SET SESSION\n"),
        ("cloudera hive", "hive> ", "set a.b=c;", "spark-sql (default)> a.b\tc\n"),
        ("cloudera hive", "hive> ", "use x;", ""),
    ],
)
def test_what_is_set_at_a_prompt_holds_for_what_is_typed_there_later(
    tmp_path: Path, opens: str, prompt: str, sets: str, says: str
) -> None:
    typed = [f"docker-compose exec {opens}", f"{prompt}{sets}", f"{prompt}select 1;", f"{prompt}select 2;"]
    again = [f"docker-compose exec {opens}", f"{prompt}select 3;"]
    outputs = iter([says, f"{says}one\n", f"{says}two\n", "three\n"])
    made, fake = runner(tmp_path, submission(tmp_path, *typed, *again), {opens: lambda *_: next(outputs)})
    printed = [ran.capture.stdout for ran in made.run() if ran.capture]
    assert fake.fed == [f"{sets}\n", f"{sets}\nselect 1;\n", f"{sets}\nselect 2;\n", "select 3;\n"]
    assert printed == [says, "one\n", "two\n", "three\n"]


def ends_the_sandbox(fake: Fake, _: str, __: Job) -> int:
    fake.end()
    return 137


def does_not_answer(*_: object) -> int:
    raise TimeoutError("no answer to probe")


def test_after_an_early_end_the_servers_are_asked_and_helps_are_kept(tmp_path: Path) -> None:
    given = submission(tmp_path, FLASK, "./fill.sh", "ls")
    made, fake = runner(tmp_path, given, {"flask run": goes_on, "fill.sh": ends_the_sandbox})
    fake.files[f"/tmp/{HELPS}"] = "row\tsorted\n"
    server, _, missed = made.run()
    assert made.state.topics == {"events": 4}
    assert [each.name for each in made.helps] == ["row"]
    assert made.cut == "its own code or this machine ended the sandbox"
    assert went_well(server)
    assert (missed.ending, missed.note) == (Ending.LEFT_OUT, f"not reached: {made.cut}")


def test_servers_that_cannot_be_asked_after_an_early_end_are_said(tmp_path: Path) -> None:
    def ask(*_: str) -> dict[str, object]:
        raise EnvironmentFault("The cluster does not answer.")

    made, _ = runner(tmp_path, submission(tmp_path, "./fill.sh"), {"fill.sh": ends_the_sandbox}, ask)
    made.run()
    assert made.state.lacking == "The cluster does not answer."


def test_a_sandbox_that_does_not_answer_in_time_is_a_fault_of_the_machine(tmp_path: Path) -> None:
    made, _ = runner(tmp_path, submission(tmp_path, "./slow.sh"), {"slow.sh": does_not_answer})
    with pytest.raises(EnvironmentFault, match="no answer to probe"):
        made.run()


def test_a_wait_that_runs_out_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVE_TIME", "STREAM_TIME"):
        monkeypatch.setattr(f"harness.grade.rerun.runner.{name}", 0.1)
    stream, read = "docker-compose exec spark spark-submit stream.py", "docker-compose exec cloudera hadoop fs -ls /tmp"
    given = submission(tmp_path, FLASK, stream, read, stream__py="a.writeStream.start()\n")
    behind = {"a": {"offsets": {"events": {"0": 1}}, "began": False, "planned": 0}}

    def ask(what: str, *_: str) -> Mapping[str, object]:
        return STATE if what == "state" else {"checkpoints": behind, "topics": {"events": {"0": 2}}, "cleared": []}

    made, _ = runner(tmp_path, given, {"flask": lambda *_: None, "spark-submit": lambda *_: None}, ask)
    told = made.run()
    assert [each.expired for each in told] == [True] * 3
    assert [each.note for each in told] == [
        "it did not answer at port 5000 within 0 s",
        "its stream had not begun within 0 s",
        "the streams had not taken all that was sent when it was typed",
    ]


def test_what_comes_after_the_end_of_one_container_counts_too(tmp_path: Path) -> None:
    states = iter([{**STATE, "topics": {}}, STATE])

    def ask(what: str, *_: str) -> Mapping[str, object]:
        return next(states) if what == "state" else {"checkpoints": {}, "topics": {}, "cleared": []}

    given = submission(tmp_path, "docker stop old_mids_1", f"{MIDS}ab -n 4 http://localhost:5000/")
    made, _ = runner(tmp_path, given, {}, ask)
    made.run()
    assert made.state.topics == {"events": 4}


def test_a_server_that_is_detached_is_waited_for(tmp_path: Path) -> None:
    def starts(fake: Fake, _: str, __: Job) -> int:
        threading.Timer(0.5, fake.ports.add, [5000]).start()
        return 0

    given = submission(tmp_path, "docker-compose exec -d mids flask run", f"{MIDS}ab -n 1 http://localhost:5000/")
    made, _ = runner(tmp_path, given, {"flask": starts, "ab": lambda fake, *_: 0 if fake.ports else 111})
    server, load = made.run()
    assert load.capture is not None
    assert load.capture.exit_code == 0
    assert (server.ending, server.expired) == (Ending.ENDED, False)


def test_a_detached_server_that_could_not_be_started_is_not_waited_for(tmp_path: Path) -> None:
    given = submission(tmp_path, "docker-compose exec -d mids flask run")
    made, _ = runner(tmp_path, given, {"flask": lambda *_: 126})
    (server,) = made.run()
    assert not server.expired


def test_a_long_command_is_no_server_where_one_was_started_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.grade.rerun.runner.SERVE_TIME", 0.1)

    def listens_later(fake: Fake, _: str, __: Job) -> None:
        fake.ports.add(5000)

    given = submission(tmp_path, "docker-compose exec -d mids flask run", f"{MIDS}sh load.sh")
    made, _ = runner(tmp_path, given, {"load.sh": listens_later})
    assert [ran.ending for ran in made.run()] == [Ending.ENDED, Ending.TIMED_OUT]
