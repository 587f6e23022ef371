"""`harness check` tells equal from different, and says what, for every way in which a run can go wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from golden_projects import SAMPLE, SAMPLE_PATH, Project, project_in
from test_check_compare import (
    MESSAGES,
    STREAM,
    SWORDS,
    Change,
    altered,
    edited,
    replaced,
    second_run,
    swapped_columns,
    with_step,
    without_step,
)

from harness.check import show
from harness.check.compare import compare
from harness.cli import check_commands
from harness.model import Check, Outcome, Record
from harness.record import load, save

LISTING = "cat jobs/filtered_writes.py"
FEWER = altered("load", MESSAGES, lambda text: text.partition("\n")[2])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    return project_in(tmp_path, monkeypatch, capsys)


def test_the_projects_own_golden_record_is_the_sample() -> None:
    golden = load(SAMPLE_PATH.parents[1] / "golden" / "record.json")
    assert compare(golden, SAMPLE).equal
    assert not [step.id for step in golden.steps if step.outcome is not Outcome.PASSED]


def test_another_honest_run_is_equal_and_leaves_nothing(project: Project) -> None:
    save(SAMPLE, project.pending)
    ended = project.check(second_run())
    assert ended.code == 0
    assert "\nEqual: 13 steps, " in ended.out
    assert not project.pending.exists()


def all_of_a_wrong_type(text: str) -> str:
    return text.replace("purchase_sword", "purchase_shield")


@pytest.mark.parametrize(
    ("step", "words", "change", "field", "expected", "actual"),
    [
        ("load", MESSAGES, lambda text: text.partition("\n")[2], "messages", "40", "39"),
        ("load", MESSAGES, lambda text: f"{text.partition(chr(10))[0]}\n{text}", "messages", "40", "41"),
        ("presto", SWORDS, replaced("user-agent", "user_agent"), "columns[2]", '"user-agent"', '"user_agent"'),
        ("presto", SWORDS, lambda text: swapped_columns(text, 1, 3), "columns[1]", '"host"', '"event_type"'),
        ("presto", "describe", replaced("timestamp  | varchar", "timestamp  | bigint "), "describe.timestamp",
         '"varchar"', '"bigint"'),
        ("load", MESSAGES, replaced("user1.comcast.com", "user9.comcast.com"),
         'by_host_and_event_type["user1.comcast.com default"]', "10", "9"),
        ("topic", "purchase_a_sword", replaced("Sword Purchased!", "Sword purchased!"), "body",
         '"Sword Purchased!\\n"', '"Sword purchased!\\n"'),
        ("presto", "select count(*) from purchases", lambda text: re.sub(r"20 ", "20.0", text), "values[0][0]",
         '"20"', '"20.0"'),
        ("filter-stream", STREAM, all_of_a_wrong_type, "by_event_type.purchase_sword", "20", "nothing"),
        ("batch", "filtered_writes", replaced("timestamp: string", "timestamp: long"), "schemas[0][4][1]",
         '"string"', '"long"'),
    ],
    ids=["lost", "doubled", "renamed", "swapped", "type", "user", "byte", "number-type", "event-type", "schema"],
)  # fmt: skip
def test_a_run_that_went_wrong_is_red_and_named(
    project: Project, step: str, words: str, change: Change, field: str, expected: str, actual: str
) -> None:
    ended = project.check(altered(step, words, change))
    assert ended.code == 1
    assert f"\nStep {step}\n" in ended.out
    assert f"    {field}: expected {expected}, got {actual}\n" in ended.out
    assert project.pending.exists()


def test_an_edited_source_file_is_said_and_stays_green(project: Project) -> None:
    ended = project.check(altered("files", LISTING, lambda text: f"# a comment\n{text}"))
    assert ended.code == 0
    assert "\nsource changed: jobs/filtered_writes.py\n" in ended.out


def test_a_source_file_whose_listing_failed_is_red(project: Project) -> None:
    ended = project.check(edited("files", LISTING, lambda ran: replace(ran, exit_code=1)))
    assert ended.code == 1
    assert "exit code: expected 0, got 1" in ended.out


@pytest.mark.parametrize(
    "command",
    [
        "cat out/result.txt",  # not in the project
        "cat reports/result.txt",
        "cat /etc/hostname",
        "cat ../jobs/filtered_writes.py",
        "cat jobs/filtered_writes.py jobs/filtered_writes.py",
        "cat jobs/filtered_writes.py; cat /tmp/result",
        "cat -n jobs/filtered_writes.py",
        "cat < jobs/filtered_writes.py",
    ],
)
def test_what_a_job_wrote_is_data_also_where_cat_prints_it(project: Project, command: str) -> None:
    (project.folder / "reports" / "result.txt").write_text("1\n", encoding="utf-8")
    printed = edited("files", LISTING, lambda ran: replace(ran, command=command))
    save(printed, project.golden)
    ended = project.check(altered("files", command, lambda text: f"# a comment\n{text}", printed))
    assert ended.code == 1
    assert "sha256: expected " in ended.out
    assert "source changed" not in ended.out


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.BLOCKED, Outcome.INFRASTRUCTURE])
def test_a_step_that_did_not_pass_is_never_equal(project: Project, outcome: Outcome) -> None:
    wrong = with_step(SAMPLE, "hive", outcome=outcome)
    save(wrong, project.golden)
    ended = project.check(wrong)
    assert ended.code == 1
    assert f'Step hive\n  outcome: expected "passed", got "{outcome.value}"\n' in ended.out
    assert project.check(SAMPLE).code == 1


def test_an_invariant_that_does_not_hold_is_never_equal(project: Project) -> None:
    first = SAMPLE.invariants[0]
    for wrong in (replace(first, holds=False), replace(first, actual=39)):
        record = replace(SAMPLE, invariants=(wrong, *SAMPLE.invariants[1:]))
        save(record, project.golden)
        ended = project.check(record)
        assert ended.code == 1
        assert f"Invariants\n  {first.id}." in ended.out


def test_a_check_that_does_not_hold_is_never_equal(project: Project) -> None:
    record = with_step(SAMPLE, "hive", checks=(Check("rows", 20, 19, True),))
    save(record, project.golden)
    ended = project.check(record)
    assert (ended.code, "check rows: expected 20, got 19" in ended.out) == (1, True)


def test_a_run_that_died_half_way_names_what_is_missing(project: Project) -> None:
    died = replace(SAMPLE, steps=SAMPLE.steps[:9], invariants=SAMPLE.invariants[:9])
    ended = project.check(died)
    assert ended.code == 1
    assert "Steps that only the golden record has: filter-stream, write-stream, guild, teardown\n" in ended.out
    assert 'Step guild\n  outcome: expected "passed", got nothing\n' in ended.out
    assert "Equal, not shown: files, cluster, " in ended.out


def test_a_record_of_some_steps_passes_for_these_alone(project: Project) -> None:
    some = replace(SAMPLE, steps=SAMPLE.steps[:8], invariants=SAMPLE.invariants[:8])
    assert project.check(some).code == 1
    assert project.check(some, "--steps", "load, batch").code == 0
    assert project.check(some, "--steps", "load,guild").code == 1
    assert project.check(FEWER, "--steps", "batch").code == 0
    assert project.check(FEWER, "--steps", "load,batch").code == 1
    wrong = replace(SAMPLE.invariants[0], holds=False)
    assert project.check(replace(some, invariants=(wrong, *some.invariants[1:])), "--steps", "load").code == 1


@pytest.mark.parametrize("steps", ["", ",", "lod", "load,lod"])
def test_steps_that_are_none_are_a_usage_error(project: Project, steps: str) -> None:
    ended = project.check(SAMPLE, "--steps", steps)
    assert ended.code == 2
    assert ended.err.startswith("harness: ")


def test_steps_and_commands_that_one_record_does_not_use_are_named(project: Project) -> None:
    save(without_step(SAMPLE, "hive"), project.golden)
    ended = project.check(SAMPLE)
    assert (ended.code, "Steps that only this record has: hive\n" in ended.out) == (1, True)
    save(SAMPLE, project.golden)
    hive = next(step for step in SAMPLE.steps if step.id == "hive")
    ended = project.check(with_step(SAMPLE, "hive", commands=hive.commands[:1]))
    assert ended.code == 1
    assert "hive-2 on cloudera" in ended.out
    assert "command: only the expected record has it" in ended.out


def test_nothing_checked_is_neither_green_nor_red(project: Project) -> None:
    assert project.check(replace(SAMPLE, steps=())).code == 4
    project.golden.unlink()
    ended = project.check(SAMPLE)
    assert ended.code == 4
    assert "there is no golden record" in ended.out
    assert "harness approve reports/latest/record.json --all" in ended.out
    assert not project.pending.exists()
    save(replace(SAMPLE, steps=()), project.golden)
    assert project.check(SAMPLE).code == 4


@pytest.mark.parametrize("broken", ["cut", "version", "missing"])
@pytest.mark.parametrize("which", ["golden", "latest"])
def test_a_record_that_cannot_be_read_is_a_usage_error(project: Project, broken: str, which: str) -> None:
    project.ran(SAMPLE)
    path = project.folder / "reports" / which / "record.json"
    text = path.read_text(encoding="utf-8")
    if broken == "missing":
        path = project.folder / "reports" / "latest" / "record.json"
        path.unlink()
    else:
        changed = text[:5000] if broken == "cut" else text.replace('"schema_version": 1', '"schema_version": 99')
        path.write_text(changed, encoding="utf-8")
    ended = project.harness("check")
    assert ended.code == 2
    assert str(path.name) in ended.err
    assert project.harness("check", "--format", "yaml").code == 2


@pytest.mark.parametrize("crash", [RuntimeError, ValueError, OSError, RecursionError, AssertionError, KeyError])
def test_a_crash_of_the_check_is_our_own_fault(
    project: Project, monkeypatch: pytest.MonkeyPatch, crash: type[Exception]
) -> None:
    def crashing(*_args: object) -> None:
        raise crash

    monkeypatch.setattr(check_commands.golden, "compare", crashing)
    ended = project.check(FEWER)
    assert ended.code == 5
    assert "a fault of the harness itself" in ended.err


def test_in_ci_nothing_is_written_and_the_commands_are_given(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    ended = project.check(FEWER)
    assert ended.code == 1
    assert sorted(each.name for each in project.golden.parent.iterdir()) == ["record.json"]
    assert "\n  harness approve reports/latest/record.json --all " in ended.out


def test_a_pending_file_that_cannot_be_written_does_not_hide_the_difference(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.pending.mkdir()
    ended = project.check(FEWER)
    assert ended.code == 1
    assert "cannot be written" in ended.out


def test_the_pending_record_is_the_one_that_differs(project: Project) -> None:
    project.check(FEWER)
    assert compare(FEWER, load(project.pending)).equal
    assert load(project.golden) == SAMPLE


def test_past_the_time_limit_differences_are_counted(project: Project) -> None:
    ended = project.check(FEWER, "--time-limit", "0")
    assert ended.code == 1
    assert "Step load: 3 differences in 1 command\n" in ended.out
    assert "The time limit is over" in ended.out
    assert "expected 40" not in ended.out
    assert "time limit" not in show(compare(SAMPLE, FEWER), float("inf"))


def test_the_golden_record_is_where_it_is_said_to_be(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.golden.unlink()
    other = project.folder / "other.json"
    save(SAMPLE, other)
    assert project.check(SAMPLE).code == 4
    assert project.check(SAMPLE, "--golden", "other.json").code == 0
    (project.folder / "pyproject.toml").write_text('[tool.harness]\ngolden = "other.json"\n', encoding="utf-8")
    assert project.check(SAMPLE).code == 0
    monkeypatch.setenv("HARNESS_GOLDEN", str(project.folder / "nowhere.json"))
    assert project.check(SAMPLE).code == 4
    assert project.check(SAMPLE, "--golden", "other.json").code == 0


def test_json_is_for_programs(project: Project) -> None:
    ended = project.check(FEWER, "--format", "json")
    found = json.loads(ended.out)
    assert (found["result"], found["exit_code"], ended.code) == ("differs", 1, 1)
    assert found["differences"][0] == {
        "step": "load",
        "command": {"id": "load-6", "service": "mids", "text": MESSAGES},
        "field": "messages",
        "expected": 40,
        "actual": 39,
        "kind": "records",
    }
    assert found["pending"] == str(project.pending)
    missing = json.loads(project.check(without_step(SAMPLE, "hive"), "--format", "json").out)
    assert "actual" not in missing["differences"][0]
    assert missing["only_in_golden"] == ["hive"]
    assert json.loads(project.check(SAMPLE, "--format", "json").out)["result"] == "equal"
    project.golden.unlink()
    assert json.loads(project.check(SAMPLE, "--format", "json").out)["result"] == "nothing checked"


def annotations(out: str) -> list[str]:
    """Give the lines that GitHub's runner takes for commands."""
    lines = iter(out.splitlines())
    found = []
    for line in lines:
        if line.startswith("::stop-commands::"):
            end = f"::{line.removeprefix('::stop-commands::')}::"
            assert end in lines
        elif line.lstrip().startswith("::"):
            found.append(line)
    return found


def test_github_annotates_the_golden_records_line(project: Project) -> None:
    ended = project.check(FEWER, "--format", "github")
    (line,) = annotations(ended.out)
    found = re.fullmatch(r"::error file=reports/golden/record\.json,line=(\d+),title=load%3A load-6::(.*)", line)
    assert found
    text = project.golden.read_text(encoding="utf-8").splitlines()[int(found[1]) - 1]
    assert text.strip() == '"id": "load-6",'
    assert found[2].startswith("messages: expected 40, got 39%0A")
    (line,) = annotations(project.check(without_step(SAMPLE, "hive"), "--format", "github").out)
    assert "title=hive%3A hive::outcome: " in line
    assert annotations(project.check(SAMPLE, "--format", "github").out) == []
    hive = next(step for step in SAMPLE.steps if step.id == "hive")
    more = (*hive.commands, replace(hive.commands[0], id="hive-3", command="echo new", facts={}))
    (line,) = annotations(project.check(with_step(SAMPLE, "hive", commands=more), "--format", "github").out)
    at = project.golden.read_text(encoding="utf-8").splitlines().index('      "id": "hive",') + 1
    assert f",line={at},title=hive%3A hive-3::command: only the actual record has it" in line


def test_what_was_captured_cannot_make_annotations_of_its_own(project: Project) -> None:
    nasty = "100%,a:b\r\n::error::x"
    ran = next(step for step in SAMPLE.steps if step.id == "hive")
    record = replace(SAMPLE, steps=(*SAMPLE.steps, replace(ran, id=nasty, commands=())))
    (line,) = annotations(project.check(record, "--format", "github").out)
    assert line.startswith("::error file=reports/golden/record.json,line=1,title=100%25%2Ca%3Ab%0A%3A%3Aerror%3A%3Ax")
    assert "\r" not in line


def test_only_a_changed_source_is_a_notice(project: Project) -> None:
    changed = altered("files", LISTING, lambda text: f"#\n{text}")
    ended = project.check(changed, "--format", "github")
    assert ended.code == 0
    assert annotations(ended.out) == [
        "::notice file=jobs/filtered_writes.py,line=1,title=source changed::jobs/filtered_writes.py"
    ]


def test_a_record_of_the_check_is_not_changed(project: Project) -> None:
    def text(record: Record) -> str:
        save(record, project.folder / "a.json")
        return (project.folder / "a.json").read_text(encoding="utf-8")

    before = text(FEWER)
    project.check(FEWER)
    assert (project.folder / "reports" / "latest" / "record.json").read_text(encoding="utf-8") == before


def test_a_reader_that_left_and_a_poor_encoding_do_not_change_the_exit_code(project: Project) -> None:
    project.ran(FEWER)
    command = [sys.executable, "-m", "harness", "check", str(project.folder / "reports" / "latest" / "record.json")]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        ended = subprocess.run(command, stdout=closed, env=environment, cwd=project.folder, check=False)
    assert ended.returncode == 1
    project.ran(SAMPLE)
    ended = subprocess.run(command, stdout=subprocess.PIPE, env=environment, cwd=project.folder, check=False)
    assert ended.returncode == 0
