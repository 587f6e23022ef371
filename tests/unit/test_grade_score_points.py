"""Points are exact, credit is split as the rubric says, and a fault that is ours is never a zero."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from graded import fences
from scored import CRITERIA, HIDDEN, SECRET, graded, ran, rerun, rubric, submission

from harness.grade import checks
from harness.grade.model import Finding, Verdict
from harness.grade.points import number_of, text_of
from harness.grade.rerun.model import Breach, Ending, Limit
from harness.grade.rerun.model import State as Left
from harness.grade.rubric import Criterion, load_rubric
from harness.grade.score import Judged, Level, Score, State, faulty, rounded, score, unreadable

AB = ran("docker-compose exec mids ab -n 10 http://localhost:5000/")


def criterion(proof: str, **keys: str) -> str:
    more = "".join(f"    {key}: {value}\n" for key, value in {"points": "1", **keys}.items())
    return f"  - id: a\n    title: A\n{more}    proof: [{proof}]\n    feedback: {{full: F., partial: P., none: N.}}\n"


def judged(proof: str, points: str = "1", **keys: str) -> Judged:
    given = rubric(criterion(proof, points=points, **keys), points)
    return score(given, submission(), [], None).criteria[0]


@pytest.mark.parametrize(
    ("number", "step", "result"),
    [
        ("1/3", "1/100", "33/100"),
        ("2/3", "1/100", "67/100"),
        ("1/8", "1/4", "1/4"),
        ("0.005", "0.01", "0.01"),
        ("0", "1", "0"),
    ],
)
def test_rounding_is_half_up_to_the_step(number: str, step: str, result: str) -> None:
    assert rounded(Fraction(number), Fraction(step)) == Fraction(result)


@pytest.mark.parametrize(
    ("points", "text"),
    [("10", "10"), ("1/10", "0.1"), ("9.15", "9.15"), ("1/3", "0.333333"), ("100", "100"), ("0", "0")],
)
def test_points_are_written_without_the_noise_of_binary_numbers(points: str, text: str) -> None:
    assert text_of(Fraction(points)) == text
    assert repr(number_of(Fraction(points))) == text


def test_many_tenths_are_still_exact() -> None:
    tenth = criterion("{file: app.py}", points="0.1")
    many = "".join(tenth.replace("id: a", f"id: a{at}") for at in range(3))
    assert repr(number_of(score(rubric(many, "0.3"), submission(), [], None).points or Fraction(0))) == "0.3"


@pytest.mark.parametrize(
    ("partial", "points", "level"),
    [
        ("shares", "2/3", Level.PARTIAL),
        ("none", "0", Level.NONE),
        ("[1/2]", "1/2", Level.PARTIAL),
        ("[0.75]", "0", Level.NONE),
    ],
)
def test_credit_is_split_as_the_rubric_says(partial: str, points: str, level: Level) -> None:
    found = judged("{file: app.py, weight: 2}, {file: none.txt}", "3", partial=partial, bonus="false")
    assert (found.points, found.level) == (3 * Fraction(points), level)


def test_without_a_needed_proof_there_is_nothing() -> None:
    assert judged("{file: app.py}, {file: none.txt, needed: true}").points == 0
    assert judged("{file: app.py, needed: true}, {file: none.txt}").points == Fraction(1, 2)


def test_without_a_rerun_the_static_proofs_count_alone() -> None:
    found = judged("{file: app.py}, {rerun: ab, weight: 3}")
    assert (found.points, found.level) == (1, Level.FULL)
    assert [(each.share, each.why) for each in found.reasons] == [(1, "the file app.py"), (None, "rerun not made")]


def test_a_criterion_that_nothing_can_prove_is_not_judged_and_goes_to_a_person() -> None:
    given = score(rubric(criterion("{rerun: ab}"), "1"), submission(), checks.run(submission()), None)
    assert (given.criteria[0].level, given.criteria[0].points, given.points) == (Level.NOT_JUDGED, None, None)
    assert (given.state, given.reasons) == (State.HUMAN, ("not judged: a",))


def test_a_bonus_comes_on_top_up_to_the_limit() -> None:
    both = criterion("{file: none.txt}, {file: app.py}", points="2")
    bonus = criterion("{file: app.py}", points="3", bonus="true").replace("id: a", "id: b")
    assert score(rubric(both + bonus, "2"), submission(), [], None).points == 2
    assert score(rubric(both + bonus, "2", at_most="3.5"), submission(), [], None).points == Fraction(7, 2)


def test_feedback_fills_what_is_known_and_leaves_out_the_sentences_about_what_is_not() -> None:
    by_id = {each.criterion.id: each.feedback for each in graded().score.criteria}
    assert by_id["files"] == "Missing: no file docker-compose.yml."
    given = score(rubric(), submission("words\n\n```\nab -n 1 http://localhost:5000/\n```\n"), [], None)
    assert given.criteria[0].feedback == "Not all: ab: no output below it. Line 4."
    text = criterion("{file: none.txt}, {file: app.py}").replace("P.", "'First. At line {line}. {max} points at most.'")
    assert score(rubric(text, "1"), submission(), [], None).criteria[0].feedback == "First. 1 points at most."


def test_a_value_with_braces_stays_text() -> None:
    bad = Finding("ab-x", Verdict.DISAGREES, 3, "Wrong.", "{max}", "{0.__class__}")
    text = criterion("{finding: '*'}").replace("N.", "'{expected} {actual}'")
    assert score(rubric(text, "1"), submission(), [bad], None).criteria[0].feedback == '"{max}" "{0.__class__}"'


def test_findings_of_hidden_checks_count_in_hidden_criteria_alone() -> None:
    bad = Finding("ab-x", Verdict.DISAGREES, 3, f"{SECRET}.")
    both = criterion("{finding: '*'}") + criterion("{finding: '*'}", hidden="true").replace("id: a", "id: b")
    given = score(rubric(both, "1", hidden_checks="[ab-*]"), submission(), [bad], None)
    assert [each.points for each in given.criteria] == [1, 0]


@pytest.mark.parametrize(("counted", "points"), [("apart", 2), ("counted", 2)])
def test_hidden_points_are_in_the_total_only_where_the_rubric_says_so(counted: str, points: int) -> None:
    there = HIDDEN.replace(f"{SECRET}.txt", "app.py")
    total = "3" if counted == "apart" else "6"
    given = score(rubric(CRITERIA + there, total, hidden_points=counted), submission(), [], None)
    assert given.points == points + (3 if counted == "counted" else 0)
    assert given.max == int(total)
    assert SECRET not in str([each.criterion.title for each in given.for_student().criteria])
    assert len(given.for_student().criteria) == 2


def test_a_fault_of_the_cluster_says_no_points_at_all() -> None:
    given = graded(again=rerun(AB, fault="kafka ended with exit code 137")).score
    assert (given.state, given.points) == (State.INFRASTRUCTURE, None)
    assert {(each.level, each.points) for each in given.criteria} == {(Level.NOT_JUDGED, None)}
    assert given.reasons == ("kafka ended with exit code 137",)


def test_a_second_fault_is_for_a_person_and_still_no_zero() -> None:
    given = graded(again=rerun(fault="no space"), attempts=2).score
    assert (given.state, given.points) == (State.HUMAN, None)
    assert given.reasons[0] == "the rerun failed 2 times, and not by the submission"


def test_a_submission_that_cannot_be_read_has_no_points() -> None:
    assert (unreadable(rubric(), "no report").state, unreadable(rubric(), "no report").points) == (State.HUMAN, None)
    assert faulty(rubric(), "x").state is State.INFRASTRUCTURE


def reasons(given: Score) -> str:
    return " / ".join(given.reasons)


@pytest.mark.parametrize(
    ("again", "said"),
    [
        (
            rerun(AB, breaches=(Breach(Limit.PROCESSES, "more than 500 processes", 7),)),
            "limit of processes: more than 500",
        ),
        (rerun(AB, ran("sleep 1", None, Ending.TIMED_OUT, 9)), "1 command did not end in time: line 9"),
        (rerun(AB, ran("ab x", None, Ending.LOST, 9)), "1 command lost in the rerun: line 9"),
        (
            rerun(replace(AB, expired=True, note="it did not answer")),
            "a wait ran out at line 5: it did not answer",
        ),
        (rerun(AB, cut="longer than 1800 s"), "the sandbox ended before the report was through: longer than 1800 s"),
        (rerun(AB, state=Left(lacking="no answer")), "what the rerun left could not be asked: no answer"),
        (rerun(ran("vim x", 0, Ending.LEFT_OUT)), "no command of the report was run"),
    ],
)
def test_what_happened_in_the_rerun_goes_to_a_person_with_its_points(again: object, said: str) -> None:
    given = graded(again=again).score  # type: ignore[arg-type]
    assert (given.state, said in reasons(given)) == (State.HUMAN, True)
    assert given.points is not None


def test_a_report_that_is_read_with_doubt_goes_to_a_person() -> None:
    read = submission()
    blocks = [replace(each, confidence=0.3) for each in read.blocks]
    given = score(rubric(), replace(read, reading=replace(read.reading, blocks=blocks)), checks.run(read), None)
    assert "read with doubt" in reasons(given)
    assert "shows no commands" in reasons(score(rubric(), submission("words"), [], None))


def test_many_unchecked_claims_go_to_a_person() -> None:
    unchecked = [Finding("a", Verdict.NOT_CHECKED, 1, "x")] * 8
    right = [Finding("a", Verdict.AGREES, 1, "x")] * 5
    assert "8 of 13 claims could not be checked" in reasons(score(rubric(), submission(), [*unchecked, *right], None))
    assert "no claim of the report" in reasons(score(rubric(), submission(), unchecked, None))
    assert score(rubric(), submission(), right, None).state is State.GRADED


@pytest.mark.parametrize("name", ["2018", "2019"])
@pytest.mark.parametrize("text", ["", "words", fences("rm -rf /", "{}")])
def test_the_shipped_rubrics_take_any_report(name: str, text: str) -> None:
    read = submission(text)
    given = score(load_rubric(name), read, checks.run(read), None)
    assert given.points is not None
    assert 0 <= given.points < 5
    assert all(isinstance(each.criterion, Criterion) and "{" not in each.feedback for each in given.criteria)
