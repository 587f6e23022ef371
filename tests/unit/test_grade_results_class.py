"""A class on one page and in one table: who needs a human's eye comes first, and no cell is a formula."""

from __future__ import annotations

import csv
import html
import io
import re
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from scored import CRITERIA, HIDDEN, HOSTILE, graded, ran, rerun, rubric

from harness.grade.model import Finding, Verdict
from harness.grade.rerun.model import Breach, Limit
from harness.grade.results.class_page import distribution, render_class_page
from harness.grade.results.class_table import guarded, in_order, render_csv
from harness.grade.results.graded import Graded
from harness.grade.results.write import write_class
from harness.grade.score import unreadable

AB = ran("docker-compose exec mids ab -n 10 http://localhost:5000/")
NAMES = [
    "=cmd()",
    "+1",
    "-1",
    "@x",
    " =1+1",
    "\t=1",
    "<script>alert(1)</script>",
    "\x1b[2Jred",
    HOSTILE,
    "Zoë",
    "x" * 500,
    "",
]
CLASS = [
    graded("amy", again=rerun(AB)),
    graded("bob", again=rerun(ran("docker-compose exec mids ab x", 1))),
    graded("cat", again=rerun(AB, breaches=(Breach(Limit.MEMORY, "more than 2 GB", 3), Breach(Limit.DISK, "full")))),
    graded("dan", again=rerun(fault="kafka ended")),
    Graded("eve", unreadable(rubric(), "no report"), problem="no report"),
]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_those_that_need_a_human_come_first_then_ours_then_the_lowest_points() -> None:
    assert [each.name for each in in_order(CLASS)] == ["cat", "eve", "dan", "bob", "amy"]
    assert in_order(CLASS[::-1]) == in_order(CLASS)
    page = render_class_page(CLASS)
    places = [page.index(f">{name}</a>") for name in ("cat", "eve", "dan", "bob", "amy")]
    assert places == sorted(places)


def test_the_table_has_a_row_for_each_and_no_zero_for_a_fault() -> None:
    rows = {row["submission"]: row for row in table(render_csv(CLASS))}
    assert list(rows) == ["amy", "bob", "cat", "dan", "eve"]
    assert (rows["amy"]["points"], rows["amy"]["max"], rows["amy"]["load"], rows["amy"]["files"]) == (
        "2",
        "3",
        "1",
        "1",
    )
    assert (rows["dan"]["points"], rows["dan"]["load"], rows["dan"]["state"]) == ("", "", "infrastructure")
    assert (
        rows["cat"]["reasons"]
        == "ran into the limit of memory: more than 2 GB (line 3); ran into the limit of disk: full"
    )
    assert rows["eve"]["reasons"] == "no report"


def test_hidden_criteria_are_in_the_table_of_the_graders() -> None:
    rows = table(render_csv([graded(by=rubric(CRITERIA + HIDDEN))]))
    assert rows[0]["secret"] == "0"


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "  =1", "\n@x"])
def test_a_cell_that_looks_like_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "a=1", "1.5", "kim", "'x"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert guarded(cell) == cell


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_stay_text_and_in_their_folder(name: str, tmp_path: Path) -> None:
    wrong = Finding("ab-length", Verdict.DISAGREES, 3, HOSTILE)
    of = graded(name, extra=[wrong], again=rerun(AB, breaches=(Breach(Limit.DISK, HOSTILE),)))
    text = render_csv([of])
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)
        assert not any(re.search("[\x00-\x1f\u202e]", cell) for cell in row)
    page = render_class_page([of])
    assert "<script" not in page
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", page)
    assert re.fullmatch(r"[A-Za-z0-9_][\w.+@-]{0,79}", of.folder)
    assert f'href="{quote(of.folder)}/grader.html"' in page
    write_class([of], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["class.csv", "class.html"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("a/b", "a_b"), ("..", "."), ("class.csv", "class_csv"), ("a ", "a"), ("student", "Student"), ("", " ")],
)
def test_each_name_has_a_folder_of_its_own(one: str, other: str) -> None:
    folders = [graded(name).folder for name in (one, other)]
    assert folders[0] != folders[1]
    assert not any(
        folder in ("", ".", "..", "class.csv", "class.html", "student") or "/" in folder for folder in folders
    )


@pytest.mark.parametrize(
    "name", ["kim", "Anand-Patel-95+etl", "a.b_c", "student-01", "connor", "auxier", "results", "class.2026", "com10"]
)
def test_a_plain_name_is_its_folder(name: str) -> None:
    assert graded(name).folder == name


@pytest.mark.parametrize("name", ["student", "Result.json", "class.html", "con", "AUX.txt", "com1", "lpt9.a.b", "a."])
def test_a_name_that_is_taken_is_no_folder(name: str) -> None:
    assert re.fullmatch(re.escape(name.rstrip(".")) + "-[0-9a-f]{8}", graded(name).folder)


def test_the_chart_counts_by_tenths_and_leaves_out_who_has_no_points() -> None:
    counts = {bar.label: bar.total for bar in distribution(CLASS)}
    assert sum(counts.values()) == 3
    assert (counts["60–70 %"], counts["50–60 %"]) == (2, 1)
    assert distribution([CLASS[3]]) == []
    assert "How the points are spread" not in render_class_page([CLASS[3]])


def test_the_page_asks_for_nothing_and_counts_the_states() -> None:
    page = render_class_page(CLASS, "Autumn")
    assert "default-src 'none'" in html.unescape(page)
    assert "<h1>Autumn</h1>" in page
    assert "<dt>needs a human</dt><dd>2</dd>" in page
    assert [unquote(found) for found in re.findall(r'href="([^"#]+)/grader.html"', page)] == [
        "cat",
        "eve",
        "dan",
        "bob",
        "amy",
    ]
    assert "<h1>The class</h1>" in render_class_page([])
    assert render_csv([]).startswith("submission,")
