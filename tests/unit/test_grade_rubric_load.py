"""A rubric is read exactly or refused with file, line, criterion and what to write instead."""

from __future__ import annotations

import json
from fractions import Fraction
from importlib import resources
from pathlib import Path

import pytest
from scored import CRITERIA, HIDDEN, rubric

from harness.errors import UsageError
from harness.grade.rubric import SHIPPED, load_rubric, parse
from harness.grade.rubric_check import KINDS

HEAD = "rubric: x\ntitle: X\npoints: 1\ncriteria:\n"
ONE = (
    "  - id: a\n    title: A\n    points: 1\n    proof: [{file: a.py}]\n"
    "    feedback: {full: F., partial: P., none: N.}\n"
)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_rubrics_give_ten_points(name: str) -> None:
    loaded = load_rubric(name)
    assert (loaded.name, loaded.points, loaded.most) == (name, 10, 10)
    assert not any(each.hidden for each in loaded.criteria)


def test_the_minimum_of_2018_is_nine_and_enhancements_make_ten() -> None:
    points = {each.id: each.points for each in load_rubric("2018").criteria}
    assert points.pop("enhancements") == 1
    assert sum(points.values()) == 9


def test_numbers_are_exact() -> None:
    text = HEAD.replace("points: 1", "points: 0.3") + ONE.replace("points: 1", "points: 0.1") * 3
    for at in range(3):
        text = text.replace("id: a\n", f"id: a{at}\n", 1)
    assert parse(text, "x").points == Fraction(3, 10)


def test_points_may_be_fractions_in_words() -> None:
    third = ONE.replace("points: 1", "points: 1/4")
    assert parse(HEAD.replace("points: 1", "points: 1/4") + third, "x").criteria[0].points == Fraction(1, 4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "an empty file"),
        ("a: [", "line 1"),
        ("- x", "keys with values"),
        (HEAD + ONE + "extra: 1\n", "extra cannot be taken"),
        (HEAD.replace("title: X\n", "") + ONE, "the key title"),
        (HEAD + ONE.replace("points: 1", "points: lots"), "line 7: criterion a: points cannot be taken"),
        (HEAD + ONE.replace("points: 1", "points: -1"), "a number from 0 on"),
        (HEAD + ONE.replace("points: 1", "points: 0x1F"), "a text, a number"),
        (HEAD + ONE.replace("points: 1", "points: .inf"), "a text, a number, true or false"),
        (HEAD + ONE.replace("points: 1", "points: 0.005"), "a multiple of 1/100"),
        (HEAD + ONE.replace("points: 1", "points: 2"), "the sum of the criteria that are no bonus, 2"),
        (HEAD + ONE + ONE, "an id of its own"),
        (HEAD + ONE.replace("id: a", "id: A b"), "a word of small letters"),
        (HEAD + ONE.replace("file: a.py", "fiel: a.py"), "exactly one of any, code, file"),
        (
            HEAD + ONE.replace("file: a.py", "file: a.py, code: stream"),
            "wanted: one of file, needed, weight\n  seen:   code",
        ),
        (HEAD + ONE.replace("file: a.py", "file: a.py, costs: 1"), "criterion a: proof 1 costs cannot be taken"),
        (HEAD + ONE.replace("file: a.py", "code: magic"), "one of batch, events"),
        (HEAD + ONE.replace("file: a.py", "state: topics, weight: 0"), "a number above 0"),
        (HEAD + ONE.replace("F.", "'{nobody} knows'"), "{nobody}"),
        (HEAD + ONE.replace(", none: N.", ""), "the key none"),
        (HEAD + ONE.replace("title: A", "title: A\n    title: B"), "each key once"),
        (HEAD + ONE + "at_most: 0.5\n", "no less than points, 1"),
        ("a: &x 1\nb: *x\n", "every value written where it is used"),
        (HEAD + ONE.replace("title: A", "title: !!python/object/apply:os.system [id]"), "title cannot be taken"),
        ("a: " + "[" * 2000, "YAML"),
        ("a: " + "[" * 30 + "]" * 30, "at most 12 levels"),
        ("x" * 300_000, "at most 200,000 characters"),
        ("a: \x00", "YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, "mine.yaml")
    assert str(caught.value).startswith("mine.yaml, line ")
    assert said in str(caught.value)
    assert "try:" in str(caught.value)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load_rubric(str(tmp_path / "none.yaml"))
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read"):
        load_rubric(str(tmp_path / "bytes.yaml"))


def test_the_example_of_the_document_is_a_rubric() -> None:
    text = (Path(__file__).parents[2] / "docs" / "rubrics.md").read_text()
    example = parse(text.split("```yaml\n")[1].split("```")[0], "docs")
    assert [each.points for each in example.criteria] == [1, 2]


def test_the_document_names_every_property_and_kind() -> None:
    text = (Path(__file__).parents[2] / "docs" / "rubrics.md").read_text()
    schema = json.loads(resources.files("harness.grade").joinpath("rubric.schema.json").read_text())
    for kind in ("code", "report", "step", "state"):
        for name in schema["$defs"][kind]["properties"][kind]["enum"]:
            assert f"`{name}`" in text or f"`{kind}: {name}`" in text, name
    for kind in KINDS:
        assert f"`{kind}: " in text, kind


def test_a_file_of_the_grader_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(HEAD + ONE)
    assert load_rubric(str(tmp_path / "mine.yaml")).title == "X"


def test_hidden_points_are_apart_unless_the_rubric_counts_them() -> None:
    assert rubric(CRITERIA + HIDDEN).points == 3
    assert rubric(CRITERIA + HIDDEN, "6", hidden_points="counted").points == 6
    with pytest.raises(UsageError, match="the sum of the criteria"):
        rubric(CRITERIA + HIDDEN, hidden_points="counted")
