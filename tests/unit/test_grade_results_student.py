"""The student's files and the graders': all from one record, nothing hidden in the former, hostile text stays text."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator
from scored import CRITERIA, HIDDEN, HOSTILE, SECRET, graded, ran, rerun, rubric, submission

from harness.errors import EnvironmentFault
from harness.grade.compare import compare
from harness.grade.model import Evidence, Finding, Verdict
from harness.grade.rerun.model import Breach, Ending, Help, Limit, State
from harness.grade.results import files
from harness.grade.results.classroom import render_classroom
from harness.grade.results.feedback_markdown import render_feedback
from harness.grade.results.feedback_page import render_feedback_page
from harness.grade.results.graded import Graded
from harness.grade.results.gradescope import render_gradescope
from harness.grade.results.junit import render_junit
from harness.grade.results.write import grader_files, student_files, write_results
from harness.grade.score import faulty, unreadable

SCHEMA = json.loads(resources.files("harness.grade.results").joinpath("result.schema.json").read_text())
AGAIN = rerun(
    ran("docker-compose exec mids ab -n 10 http://localhost:5000/"),
    ran("env FLASK_APP=x flask run", -15, Ending.STOPPED),
    helps=(Help("zookeeper", "kafka-topics was told the broker", 3),),
    breaches=(Breach(Limit.OUTPUT, "more than 10 MB", 7),),
    state=State(topics={"events": 1234}, tables={"t": 5, "u": None}, errors={"u": "no such file"}),
    seconds=71.5,
    versions={"kafka": "4.1.0"},
)
WRONG = Finding("ab-length", Verdict.DISAGREES, 7, "It is wrong.", 3, 4, evidence=(Evidence("", 9, "as here"),))
LEAK = Finding("rows-top", Verdict.DISAGREES, 7, f"{SECRET} finding.", f"{SECRET} 1", 2)
FOUND = HIDDEN.replace(f"{SECRET}.txt", "app.py")
FAULT = graded(again=rerun(fault=f"kafka ended {HOSTILE}"))
KINDS = {
    "usual": graded(extra=[WRONG], again=AGAIN),
    "static": graded(extra=[WRONG]),
    "fault": FAULT,
    "unreadable": Graded("lee", unreadable(rubric(), "The folder has no report."), problem="The folder has no report."),
    "hidden": graded(by=rubric(CRITERIA + HIDDEN, hidden_checks="[rows-*]"), extra=[LEAK]),
    "counted": graded(by=rubric(CRITERIA + FOUND, "6", hidden_points="counted"), extra=[WRONG]),
}


def parsed(of: Graded) -> dict[str, Any]:
    data = json.loads(grader_files(of)["result.json"])
    Draft202012Validator(SCHEMA).validate(data)
    return data


@pytest.mark.parametrize("name", KINDS)
def test_the_result_follows_its_schema(name: str) -> None:
    data = parsed(KINDS[name])
    assert data["state"] == KINDS[name].score.state.value


def test_the_result_has_points_reasons_findings_and_the_rerun() -> None:
    data = parsed(KINDS["usual"])
    assert (data["points"], data["max"], data["state"]) == (2, 3, "needs a human")
    assert data["reasons"] == ["ran into the limit of output: more than 10 MB (line 7)"]
    assert [(each["id"], each["points"], each["level"]) for each in data["criteria"]] == [
        ("load", 1, "full"),
        ("files", 1, "partial"),
    ]
    assert data["criteria"][1]["proofs"][1] == {
        "share": "0", "weight": "1", "why": "no file docker-compose.yml", "evidence": []
    }  # fmt: skip
    assert data["findings"]["errors"] == 1
    assert data["rerun"]["filled"] == {"topics": ["events"], "paths": [], "tables": ["t"]}
    assert data["rerun"]["commands"][1] | {"exit_code": None} == data["rerun"]["commands"][1]


def test_what_differs_from_run_to_run_is_measured_apart() -> None:
    again = rerun(*AGAIN.commands, helps=AGAIN.helps, breaches=AGAIN.breaches, seconds=99.0, versions=AGAIN.versions,
                  state=State({"events": 1240}, {}, {"t": 6, "u": None}, {"u": "another"}))  # fmt: skip
    other = graded(extra=[WRONG], again=again)
    for name, text in grader_files(KINDS["usual"]).items():
        assert (grader_files(other)[name] == text) is (name != "measured.json")
    assert student_files(other) == student_files(KINDS["usual"])
    assert json.loads(grader_files(other)["measured.json"])["topics"] == {"events": 1240}


@pytest.mark.parametrize("name", KINDS)
def test_equal_submissions_give_equal_bytes(name: str) -> None:
    assert student_files(KINDS[name]) == student_files(KINDS[name])
    for text in (*student_files(KINDS[name]).values(), *grader_files(KINDS[name]).values()):
        assert text.endswith("\n")


def test_a_student_sees_points_feedback_and_places() -> None:
    files = student_files(KINDS["usual"])
    markdown = files["feedback.md"]
    assert markdown.startswith(
        "## kim: 2 of 3\n\nA test.\n\n**A person will look at it before the points are final.**\n"
    )
    assert "| ◐ | Files | 1 of 2 |" in markdown
    assert "Missing: no file docker-compose.yml." in markdown
    assert markdown.index("◐ Files") < markdown.index("### ✓ Load")
    page = files["feedback.html"]
    assert "Missing: no file docker-compose.yml." in page
    assert "more than 10 MB" in page
    assert 'href="findings.html"' in page
    assert "default-src 'none'" in html.unescape(page)
    assert "ran into the limit" not in page + markdown


def test_gradescope_gets_a_test_for_each_criterion() -> None:
    found = json.loads(student_files(KINDS["usual"])["results.json"])
    assert (found["score"], found["stdout_visibility"], found["visibility"]) == (2, "hidden", "visible")
    assert [(each["name"], each["score"], each["max_score"], each["status"]) for each in found["tests"]] == [
        ("Load", 1, 1, "passed"),
        ("Files", 1, 2, "failed"),
    ]
    assert "execution_time" not in found


def test_classroom_gets_scores_that_add_up_to_the_points() -> None:
    for name in ("usual", "counted"):
        of = KINDS[name]
        files = student_files(of)
        found = json.loads(base64.b64decode(files["classroom.b64"]))
        assert found == json.loads(files["classroom.json"])
        assert sum(each["score"] for each in found["tests"]) == of.score.points
        assert (found["max_score"], found["status"]) == (of.score.max, "fail")


def test_junit_has_the_points_as_properties() -> None:
    suite = ET.fromstring(student_files(KINDS["usual"])["junit.xml"])[0]
    assert {key: suite.get(key) for key in ("name", "tests", "failures", "errors", "skipped")} == {
        "name": "kim", "tests": "2", "failures": "1", "errors": "0", "skipped": "0"
    }  # fmt: skip
    properties = [
        (each.get("name"), each.get("value")) for each in suite.find("testcase[@name='files']").iter("property")
    ]  # type: ignore[union-attr]
    assert properties == [("title", "Files"), ("max", "2"), ("points", "1")]


@pytest.mark.parametrize("name", ["fault", "unreadable"])
def test_without_points_no_file_says_a_zero(name: str) -> None:
    files = student_files(KINDS[name])
    gradescope = json.loads(files["results.json"])
    assert gradescope["tests"] == []
    assert "score" not in gradescope
    assert "no points yet" in gradescope["output"]
    classroom = json.loads(files["classroom.json"])
    assert (classroom["status"], classroom["max_score"]) == ("error", 0)
    suite = ET.fromstring(files["junit.xml"])[0]
    assert suite.find("testcase/error") is not None
    assert not [each for each in suite.iter("property") if each.get("name") == "points"]
    for text in (files["feedback.md"], files["feedback.html"]):
        assert "no points yet" in text
        assert not re.search(r"\b0 of \d", text)
    assert parsed(KINDS[name])["points"] is None


def test_a_fault_is_told_to_the_student_without_what_the_graders_see() -> None:
    for text in student_files(FAULT).values():
        assert "kafka ended" not in text
    assert "not your work" in student_files(FAULT)["feedback.html"]
    assert "kafka ended" in grader_files(FAULT)["grader.html"]


@pytest.mark.parametrize("name", ["hidden", "counted"])
def test_nothing_that_is_hidden_is_in_a_file_of_the_student(name: str) -> None:
    for text in student_files(KINDS[name]).values():
        assert SECRET not in text.lower()
    decoded = base64.b64decode(student_files(KINDS[name])["classroom.b64"]).decode()
    assert SECRET not in decoded
    assert SECRET in grader_files(KINDS[name])["result.json"]
    assert SECRET in grader_files(KINDS[name])["grader.html"]


def test_a_finding_of_a_hidden_check_is_for_graders() -> None:
    assert f"{SECRET} finding" in grader_files(KINDS["hidden"])["findings.html"]
    assert parsed(KINDS["hidden"])["findings"]["errors"] == 1


def test_points_that_are_counted_and_hidden_are_in_the_total() -> None:
    assert json.loads(student_files(KINDS["counted"])["results.json"])["score"] == 5
    assert KINDS["counted"].score.max == 6


def hostile() -> Graded:
    bad = Finding(
        "ab-length", Verdict.DISAGREES, 7, HOSTILE, HOSTILE, [HOSTILE], evidence=(Evidence(HOSTILE, 2, HOSTILE),)
    )
    again = rerun(
        ran(f"ab {HOSTILE}", 1),
        helps=(Help(HOSTILE, HOSTILE),),
        breaches=(Breach(Limit.DISK, HOSTILE, 3),),
        state=State({HOSTILE: 1}, {HOSTILE: 1}, {HOSTILE: 1}, {HOSTILE: HOSTILE}),
        versions={"x": "1"},
    )
    criteria = CRITERIA.replace("file: docker-compose.yml", "finding: '*'")
    return graded(HOSTILE, rubric(criteria), again, [bad], text=f"{HOSTILE}\n\n```\nab {HOSTILE}\n```\n")


@pytest.mark.parametrize("files", [student_files, grader_files])
def test_hostile_text_stays_text(files: Callable[[Graded], dict[str, str]]) -> None:
    of = hostile()
    parsed(of)
    for name, text in files(of).items():
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", text), name
        if name.endswith((".html", ".md")):
            assert not re.search(r"(?<!\\)<script", text), name
        if name.endswith(".xml"):
            assert ET.fromstring(text) is not None
        if name.endswith(".json"):
            assert text.isascii()


def test_the_files_stand_in_two_folders_and_the_result_comes_last(tmp_path: Path) -> None:
    write_results(KINDS["usual"], tmp_path / "kim")
    assert sorted(path.name for path in (tmp_path / "kim").iterdir()) == [
        "findings.html", "grader.html", "measured.json", "result.json", "student"
    ]  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "kim" / "student").iterdir()) == [
        "classroom.b64", "classroom.json", "feedback.html", "feedback.md", "findings.html", "junit.xml", "results.json"
    ]  # fmt: skip
    assert (tmp_path / "kim" / "student" / "results.json").read_text() == student_files(KINDS["usual"])["results.json"]


def test_what_a_report_that_is_gone_had_is_removed_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    write_results(KINDS["usual"], tmp_path)
    for folder in (tmp_path, tmp_path / "student"):
        (folder / "notes.html").write_text("mine")
    (tmp_path / "rerun.json").write_text("{}")
    write_results(KINDS["unreadable"], tmp_path)
    for folder in (tmp_path, tmp_path / "student"):
        assert not (folder / "findings.html").exists()
        assert (folder / "notes.html").exists()
    assert (tmp_path / "rerun.json").exists()
    assert json.loads((tmp_path / "result.json").read_text())["state"] == "needs a human"


@pytest.mark.parametrize("last", ["results.json", "feedback.md", "measured.json", "grader.html"])
def test_a_result_stands_beside_files_of_its_own_time_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    write_results(KINDS["usual"], tmp_path)

    def killed(path: Path, text: str) -> None:
        path.write_text(text)
        if path.name == last:
            raise KeyboardInterrupt

    monkeypatch.setattr(files, "write_text", killed)
    with pytest.raises(KeyboardInterrupt):
        write_results(KINDS["static"], tmp_path)
    assert not (tmp_path / "result.json").exists()


@pytest.mark.parametrize("fault", [True, False])
def test_the_students_files_say_nothing_of_the_graders_machine(fault: bool) -> None:
    problem = "PermissionError: '/home/grader/class/kim'"
    of = Graded("kim", (faulty if fault else unreadable)(rubric(), problem), problem=problem, fault=fault)
    for text in (*student_files(of).values(), base64.b64decode(student_files(of)["classroom.b64"]).decode()):
        assert "grader" not in text
        assert "PermissionError" not in text
    for render in (render_classroom, render_junit, render_gradescope, render_feedback, render_feedback_page):
        assert "/home" not in render(of)
    assert ("not found or cannot be read" in student_files(of)["results.json"]) is not fault
    assert "/home/grader" in grader_files(of)["grader.html"]


def test_why_a_rerun_failed_is_for_graders_alone() -> None:
    spoiled = rerun(fault="kafka ended\n  last lines of its log:\n    | a line\n  log:    /home/grader/kafka.log")
    read = submission()
    of = graded(again=spoiled, extra=compare(read, spoiled))
    for text in student_files(of).values():
        assert "/home/grader" not in text
        assert "a line" not in text
    assert "failed for a reason of ours" in student_files(of)["findings.html"]
    assert "/home/grader" in grader_files(of)["result.json"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "kim").write_text("a file")
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        write_results(KINDS["usual"], tmp_path / "kim")
