"""A question about one kind of event, answered by the table of another, is doubted."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from harness.grade.checks.query_asks import check
from harness.grade.model import Finding, Submission, Verdict
from harness.readme import read

APP = """from flask import Flask
app = Flask(__name__)

@app.route("/buy_a_lamp")
def buy():
    event = {"event_type": "buy_lamp"}
    log("events", event)
    return "ok"

@app.route("/enter_the_maze")
def enter():
    event = {"event_type": "enter_maze"}
    log("events", event)
    return "ok"
"""


def graded(question: str, statement: str) -> list[Finding]:
    text = f"""# Queries

{question}

```
presto:default> {statement};
```

```
 _col0
-------
    20
(1 row)
```
"""
    return list(check(Submission(PurePosixPath("README.md"), read(text), {"app.py": APP}, {}, text)))


@pytest.mark.parametrize("question", ["How many lamps did they buy?", "Well. How often was a lamp bought?"])
def test_a_query_of_the_right_table_agrees(question: str) -> None:
    (found,) = graded(question, "select count(*) from lamp_sales")
    assert found.verdict is Verdict.AGREES


@pytest.mark.parametrize("question", ["How many lamps did they sell?", "A word before.\nWho has most lamps?"])
def test_a_query_of_the_other_table_is_doubted_at_the_question(question: str) -> None:
    (found,) = graded(question, "select count(*) from mazes")
    assert found.is_warning
    assert found.line == 3 + question.count("\n")
    assert (found.expected, found.actual) == ("enter_maze", "buy_lamp")


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("How many lamps did they sell.", "select count(*) from mazes"),
        ("How many lamps and mazes are there?", "select count(*) from mazes"),
        ("How many are there?", "select count(*) from mazes"),
        ("How many lamps did they sell?", "select count(*) from events"),
        ("How many lamps did they sell?", "select count(*) from mazes where event_type = 'buy_lamp'"),
        ("How many lamps did they sell?", "select count(*) from mazes join lamps on a = b"),
    ],
)
def test_where_it_is_not_certain_nothing_is_said(question: str, statement: str) -> None:
    assert [found for found in graded(question, statement) if found.verdict is Verdict.DISAGREES] == []
