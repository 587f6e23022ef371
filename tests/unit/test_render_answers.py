"""Which answers of queries are drawn, and how."""

from __future__ import annotations

import pytest
from samples import capture, record_of

from harness.model import Fact, Record
from harness.render import charts
from harness.render.html import render_html

BY_TYPE = [["knife", "a", "3"], ["knife", "b", "0"], ["sword", "a", "1"]]


def answered(columns: list[Fact], values: Fact) -> Record:
    asked = capture("p-1", "presto", "presto --execute x", "", kind="presto", columns=columns, values=values)
    return record_of(asked)


def test_numbers_by_two_names_are_bars_with_pieces() -> None:
    (chart,) = charts.answers(answered(["item", "player", "gold"], BY_TYPE))
    assert (chart.title, chart.label, chart.types) == ("gold by item and player", "item", ("a", "b"))
    assert [(bar.label, bar.total) for bar in chart.bars] == [("knife", 3), ("sword", 1)]
    assert [segment.number for segment in chart.bars[0].segments] == [3, 0]
    assert chart.bars[0].segments[0].width == charts.WIDTH


def test_numbers_by_one_name_are_bars_in_the_order_of_the_answer() -> None:
    (chart,) = charts.answers(answered(["player", "items", "_col2"], [["b", "1", "20"], ["a", "2", "5"]]))
    assert (chart.title, chart.types) == ("rows by player", ("",))
    assert [(bar.label, bar.total) for bar in chart.bars] == [("b", 20), ("a", 5)]


@pytest.mark.parametrize(
    "values",
    [
        None,
        [["a", "1"]],
        [["a", "x"], ["b", "1"]],
        [["a", "-1"], ["b", "1"]],
        [["a", "1"], ["a", "2"]],
        [["a", "0"], ["b", "0"]],
        [["a"], ["b"]],
        [["a", "b", "x", "1"], ["b", "b", "x", "1"]],
        [[str(number), "1"] for number in range(31)],
        [["a", str(number), "1"] for number in range(2)] + [["a", "x", "1"]],
        [["a", f"kind {number}", "1"] for number in range(7)],
        [["a", "9" * 16], ["b", "1"]],
    ],
)
def test_other_answers_are_not_drawn(values: Fact) -> None:
    assert charts.answers(answered(["a", "b", "c"], values)) == ()


def test_the_page_shows_the_chart_and_its_numbers() -> None:
    html = render_html(answered(["item", "player", "gold"], BY_TYPE))
    assert '<h2 id="answers">Answers</h2>' in html
    assert "gold by item and player" in html
    assert "Answers" not in render_html(answered(["a"], [["b"]]))
