"""`harness approve` takes over what was accepted and nothing else."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click import Abort
from click.testing import CliRunner
from golden_projects import SAMPLE, Ended, Project, project_in
from test_check_compare import MESSAGES, altered, edited, replaced, second_run, with_step, without_step

from harness import cli
from harness.check import compare, review
from harness.check.golden import masked
from harness.cli import check_commands
from harness.model import Capture, Outcome, Record
from harness.record import load, save

LISTING = "cat jobs/filtered_writes.py"
FEWER = altered("load", MESSAGES, lambda text: text.partition("\n")[2])
TWO = altered("topic", "purchase_a_sword", replaced("Sword Purchased!", "Sword purchased!"), FEWER)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    return project_in(tmp_path, monkeypatch, capsys)


def answering(project: Project, *answers: str) -> None:
    """Be a terminal on which somebody gives these answers."""
    given: Iterator[str] = iter(answers)
    project.monkeypatch.setattr(check_commands, "on_terminal", lambda: True)
    project.monkeypatch.setattr(review.click, "prompt", lambda *_args, **_options: next(given))


def approve(project: Project, actual: Record, *args: str) -> Ended:
    project.ran(actual)
    return project.harness("approve", *args)


def text_of(step: str, words: str, record: Record) -> str:
    return next(ran for each in record.steps if each.id == step for ran in each.commands if words in ran.command).stdout


def test_all_is_accepted_and_the_check_is_green(project: Project) -> None:
    assert project.check(TWO).code == 1
    ended = approve(project, TWO, "--all")
    assert ended.code == 0
    assert not project.pending.exists()
    assert project.check(TWO).code == 0
    assert project.check(SAMPLE).code == 1


def test_an_approval_of_nothing_writes_nothing(project: Project) -> None:
    before = project.golden.stat()
    ended = approve(project, second_run(), "--all")
    assert (ended.code, "Nothing to approve." in ended.out) == (0, True)
    answering(project, "reject", "reject")
    assert approve(project, TWO).code == 1
    answering(project, "quit")
    assert approve(project, TWO).code == 1
    assert os.path.samestat(before, project.golden.stat())
    assert before.st_mtime_ns == project.golden.stat().st_mtime_ns


def test_listings_of_sources_are_taken_over_where_nothing_else_changed(project: Project) -> None:
    commented = altered("files", LISTING, lambda text: f"# a comment\n{text}")
    approve(project, commented, "--all", "--dry-run")
    assert "source changed" in project.check(commented).out
    ended = approve(project, commented, "--all")
    assert (ended.code, "taken over: jobs/filtered_writes.py" in ended.out) == (0, True)
    assert text_of("files", LISTING, load(project.golden)).startswith("# a comment\n")
    assert "source changed" not in project.check(commented).out


@pytest.mark.parametrize(
    ("answers", "taken"),
    [
        (["accept", "reject"], {"topic"}),
        (["a", "s"], {"topic"}),
        (["reject", "accept"], {"load"}),
        (["skip", "a"], {"load"}),
        (["a", "quit"], {"topic"}),
        (["a", "a"], {"topic", "load"}),
    ],
)
def test_what_was_accepted_goes_into_the_golden_record_and_the_rest_does_not(
    project: Project, answers: list[str], taken: set[str]
) -> None:
    answering(project, *answers)
    ended = approve(project, TWO)
    assert ended.code == (0 if len(taken) == 2 else 1)
    golden = load(project.golden)
    assert {each.step for each in compare(SAMPLE, golden).differences} == taken
    assert {each.step for each in compare(golden, TWO).differences} == {"topic", "load"} - taken


def test_skipped_stays_pending_and_rejected_is_decided(project: Project) -> None:
    project.check(TWO)
    answering(project, "quit")
    assert project.harness("approve").code == 1
    assert project.pending.exists()
    answering(project, "accept", "skip")
    assert project.harness("approve").code == 1
    assert project.pending.exists()
    answering(project, "reject")
    ended = project.harness("approve")
    assert ended.code == 1
    assert "Record: reports/golden/record.pending.json" in ended.out
    assert not project.pending.exists()


def test_by_name(project: Project) -> None:
    assert approve(project, TWO, "--only", "load-6").code == 1
    assert {each.step for each in compare(SAMPLE, load(project.golden)).differences} == {"load"}
    ended = approve(project, TWO, "--only", "load-99")
    assert (ended.code, "among topic-4" in ended.err) == (2, True)
    assert approve(project, TWO, "--only", "topic-4", "--all").code == 2


def test_without_a_terminal_the_commands_are_given_and_they_work(project: Project) -> None:
    before = project.golden.read_bytes()
    ended = approve(project, TWO)
    assert ended.code == 2
    lines = re.findall(r"^  harness (approve .*)$", ended.out, re.MULTILINE)
    assert len(lines) == 3
    assert project.golden.read_bytes() == before
    codes = [project.harness(*shlex.split(line)).code for line in lines[1:]]
    assert codes == [1, 0]
    assert project.check(TWO).code == 0


def test_in_ci_nothing_is_approved(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    before = project.golden.read_bytes()
    monkeypatch.setenv("CI", "1")
    assert approve(project, TWO, "--all").code == 2
    assert approve(project, TWO, "--only", "load-6").code == 2
    assert approve(project, TWO, "--dry-run").code == 0
    assert project.golden.read_bytes() == before


def test_a_dry_run_shows_and_writes_nothing(project: Project) -> None:
    before = project.golden.read_bytes()
    ended = approve(project, TWO, "--dry-run")
    assert ended.code == 0
    assert "would accept 'load-6'" in ended.out
    assert "messages: expected 40, got 39" in ended.out
    assert project.golden.read_bytes() == before


def test_what_chance_decides_refreshes_with_an_approval_and_data_does_not(project: Project) -> None:
    later = altered("topic", "purchase_a_sword", replaced("Purchased!", "purchased!"), second_run())
    later = altered("load", MESSAGES, lambda text: text.partition("\n")[2], later)
    assert approve(project, later, "--only", "topic-4").code == 1
    golden = load(project.golden)
    for step, words in (("presto", "select * from"), ("write-stream", "hadoop fs -ls"), ("topic", "purchase_a")):
        assert text_of(step, words, golden) == text_of(step, words, later) != text_of(step, words, SAMPLE)
    assert text_of("load", MESSAGES, golden) == text_of("load", MESSAGES, SAMPLE)


def test_steps_outside_the_selection_stay(project: Project) -> None:
    later = altered("load", MESSAGES, lambda text: text.partition("\n")[2], second_run())
    assert approve(project, later, "--all", "--steps", "load").code == 0
    golden = load(project.golden)
    assert {each.step for each in compare(SAMPLE, golden).differences} == {"load"}
    assert text_of("presto", "select * from", golden) == text_of("presto", "select * from", SAMPLE)
    assert golden.started == SAMPLE.started


def test_commands_that_came_and_went_keep_their_order(project: Project) -> None:
    hive = next(step for step in SAMPLE.steps if step.id == "hive")
    new = [Capture(f"hive-{at}", "mids", f"echo {at}", f"{at}\n", "", 0, SAMPLE.started, 0.1) for at in (1, 3)]
    actual = with_step(SAMPLE, "hive", commands=(new[0], hive.commands[0], new[1]))
    answering(project, "reject", "accept", "accept")
    assert approve(project, actual).code == 1
    (golden,) = (step for step in load(project.golden).steps if step.id == "hive")
    assert [ran.id for ran in golden.commands] == ["hive-1", "hive-2", "hive-3", "hive-4"]
    assert [ran.command[:6] for ran in golden.commands] == ["echo 1", "spark-", "echo 3", hive.commands[1].command[:6]]
    assert approve(project, actual, "--all").code == 0
    assert project.check(actual).code == 0


def test_a_step_is_added_by_all_and_removed_only_by_name(project: Project) -> None:
    fewer = without_step(SAMPLE, "hive")
    ended = approve(project, fewer, "--all")
    assert (ended.code, "the record lacks hive" in ended.err) == (2, True)
    assert approve(project, fewer, "--only", "hive").code == 0
    assert [step.id for step in load(project.golden).steps] == [step.id for step in fewer.steps]
    assert approve(project, SAMPLE, "--all").code == 0
    assert [step.id for step in load(project.golden).steps] == [step.id for step in SAMPLE.steps]
    assert project.check(SAMPLE).code == 0


def test_what_did_not_pass_needs_a_word_of_its_own(project: Project) -> None:
    failed = with_step(SAMPLE, "hive", outcome=Outcome.FAILED, message="no")
    before = project.golden.read_bytes()
    ended = approve(project, failed, "--all")
    assert (ended.code, "--even-failed" in ended.err) == (2, True)
    wrong = replace(SAMPLE, invariants=(replace(SAMPLE.invariants[0], holds=False), *SAMPLE.invariants[1:]))
    assert approve(project, wrong, "--all").code == 2
    assert project.golden.read_bytes() == before
    assert approve(project, failed, "--all", "--even-failed").code == 0
    assert load(project.golden).steps[6].outcome is Outcome.FAILED
    assert project.check(failed).code == 1


def test_the_first_golden_record(project: Project) -> None:
    project.golden.unlink()
    project.golden.parent.rmdir()
    assert approve(project, SAMPLE).code == 2
    assert approve(project, SAMPLE, "--all").code == 0
    assert project.check(SAMPLE).code == 0
    assert approve(project, replace(SAMPLE, steps=()), "--all").code == 4


def test_facts_that_a_record_forged_are_not_approved(project: Project) -> None:
    forged = edited("load", MESSAGES, lambda ran: replace(ran, facts={**ran.facts, "messages": 41}))
    before = project.golden.read_bytes()
    ended = approve(project, forged, "--all")
    assert (ended.code, "Not to be settled by an approval" in ended.out) == (1, True)
    assert project.golden.read_bytes() == before
    save(forged, project.golden)
    assert approve(project, SAMPLE, "--all").code == 0
    assert project.check(SAMPLE).code == 0


def test_invariants_are_accepted_one_by_one(project: Project) -> None:
    first, second, *rest = SAMPLE.invariants
    moved = (replace(first, expected=41, actual=41), replace(second, expected=41, actual=41), *rest)
    assert approve(project, replace(SAMPLE, invariants=moved), "--only", first.id).code == 1
    assert load(project.golden).invariants == (moved[0], second, *rest)


def test_a_golden_record_that_cannot_be_written_stays_whole(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    before = project.golden.read_bytes()
    project.ran(TWO)

    def full(_source: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    ended = project.harness("approve", "--all")
    assert (ended.code, "No space left" in ended.err) == (3, True)
    assert project.golden.read_bytes() == before
    assert [each.name for each in project.golden.parent.iterdir()] == ["record.json"]


def test_the_persons_names_do_not_go_into_the_golden_record(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.check.golden.getpass.getuser", lambda: "rosalind")
    named = edited("hive", "hive -e", lambda ran: replace(ran, stderr="by rosalind\n"))
    named = altered("topic", "purchase_a_sword", replaced("Purchased!", "purchased!"), named)
    assert approve(project, named, "--all").code == 0
    assert "rosalind" not in project.golden.read_text(encoding="utf-8")
    assert project.check(named).code == 0
    data = altered("topic", "purchase_a_sword", replaced("Purchased!", "rosalind!"))
    assert compare(data, masked(data, project.folder)).equal


def test_somebody_types_the_answers(project: Project) -> None:
    project.ran(TWO)
    project.monkeypatch.setattr(check_commands, "on_terminal", lambda: True)
    ended = CliRunner().invoke(cli.cli, ["approve"], input="what\na\ns\n", standalone_mode=False)
    assert ended.return_value == 1
    assert "1 of 2: 'topic-4'" in ended.output
    assert "1 difference of 2 accepted." in ended.output
    assert {each.step for each in compare(SAMPLE, load(project.golden)).differences} == {"topic"}


def test_a_review_that_is_interrupted_writes_nothing(project: Project) -> None:
    before = project.golden.read_bytes()
    project.ran(TWO)
    project.monkeypatch.setattr(check_commands, "on_terminal", lambda: True)
    ended = CliRunner().invoke(cli.cli, ["approve"], input="a\n", standalone_mode=False)
    assert isinstance(ended.exception, Abort)
    assert project.golden.read_bytes() == before


def test_what_is_accepted_has_the_facts_that_its_output_gives(project: Project) -> None:
    forged = edited("load", MESSAGES, lambda ran: replace(ran, facts={**ran.facts, "messages": 41}), FEWER)
    approve(project, forged, "--all")
    (ran,) = (ran for step in load(project.golden).steps for ran in step.commands if ran.id == "load-6")
    assert ran.facts["messages"] == 39
    assert project.check(FEWER).code == 0
