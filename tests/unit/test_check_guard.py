"""A rule that hides a number, or most of a command's values, is a difference; the rules there are hide none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import pytest
from golden_projects import SAMPLE
from samples import capture, record_of
from test_check_compare import second_run

import harness.normalise
from harness.check import compare, show
from harness.check.findings import Kind
from harness.check.guard import hidden
from harness.model import Fact, Facts
from harness.normalise import RULES, Applied, Masked, Observation, Rule, normalise
from harness.outputs import derive

PRESTO = 'presto --output-format ALIGNED --execute "select a, b from c order by a"'
TIMES = " a | b \n---+---\n" + " 2026-03-01 09:00:00 | x \n" * 20 + "(20 rows)\n"


@dataclass(frozen=True)
class MadeRule:
    """A rule for these tests, that changes facts as it is told."""

    change: Callable[[Facts], Facts]
    name: str = "made"
    why: str = "for a test"

    def apply(self, seen: Observation) -> Masked:
        facts = self.change(seen.facts)
        return Masked(replace(seen, facts=facts), int(facts != seen.facts))


def compared_with(monkeypatch: pytest.MonkeyPatch, change: Callable[[Facts], Facts], *names: str) -> list[str]:
    """Compare a Kafka listing with itself under one rule; give what the guard says."""
    rules = [MadeRule(change, *names)]
    monkeypatch.setattr(harness.normalise, "RULES", tuple(cast("list[Rule]", rules)))
    ran = capture("load-1", "mids", "kafkacat -C -t events", '{"Host": "a", "event_type": "b"}\n' * 4)
    found = compare(record_of(ran), record_of(ran))
    assert all(each.kind is Kind.HIDDEN for each in found.differences)
    return [f"{each.field}: {each.actual}" for each in found.differences]


def test_the_rules_hide_nothing_of_honest_runs() -> None:
    for record in (SAMPLE, second_run()):
        assert compare(record, record).equal
    for rule in RULES:
        for seen in (*rule.example, *rule.counter_example):
            assert [hidden(each) for each in normalise(seen).applied if hidden(each)] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: {**facts, "messages": "<some>"},
        lambda facts: {**facts, "messages": 0},
        lambda facts: {**facts, "by_event_type": {"b": None}},
        lambda facts: {key: fact for key, fact in facts.items() if key != "messages"},
    ],
)
@pytest.mark.parametrize("name", ["made", *(rule.name for rule in RULES)])
def test_a_rule_that_hides_a_number_is_a_difference_whatever_its_name(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Facts], Facts], name: str
) -> None:
    assert compared_with(monkeypatch, change, name) == [f"rule {name}: numbers hidden: 1"]


def test_a_number_in_text_is_a_number() -> None:
    before: Facts = {"kind": "presto", "values": [["a", "20"], ["b", "c"]]}
    after: Facts = {"kind": "presto", "values": [["a", "<n>"], ["b", "c"]]}
    assert hidden(Applied("made", before, after)) == ("no number hidden", "numbers hidden: 1")


@pytest.mark.parametrize(("masked", "red"), [(0, False), (2, False), (3, True), (4, True)])
def test_more_than_half_of_the_values_may_not_be_hidden(masked: int, red: bool) -> None:
    values: list[Fact] = ["a", "b", "c", "d"]
    after = ["<x>"] * masked + values[masked:]
    found = hidden(Applied("made", {"kind": "k", "values": values}, {"kind": "k", "values": after}))
    assert found == (("at most half of the values hidden", f"hidden: {masked} of 4") if red else None)


def test_a_query_of_times_alone_hides_most_of_itself_and_that_is_said() -> None:
    text = TIMES.replace(" | x ", "").replace(" a | b ", " a ").replace("---+---", "---")
    ran = capture("load-1", "presto", PRESTO, text)
    found = compare(record_of(ran), record_of(ran))
    (difference,) = found.differences
    assert (difference.field, difference.expected) == ("rule timestamps", "at most half of the values hidden")
    assert not found.equal
    assert 'rule timestamps: expected "at most half of the values hidden", got "hidden: 20 of 25"' in show(found)


def stream(*rows: int) -> Facts:
    return {
        "kind": "spark",
        "batches": [{"batch": number, "rows": count} for number, count in enumerate(rows)],
        "tables": [{"columns": ["Host"], "rows": count} for count in rows],
        "rows": rows[-1],
        "streamed_rows": sum(rows),
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"batches": {"first": 0, "rows": 19}},
        {"batches": {"first": 1, "rows": 20}},
        {"tables": [{"columns": ["Host"], "rows": 19}]},
        {"tables": [{"columns": ["User"], "rows": 20}]},
        {"streamed_rows": "<some>"},
        {"batches": "<some>"},
    ],
)
def test_a_rule_of_streams_passes_only_while_it_keeps_the_sums(changed: Facts) -> None:
    before = stream(0, 17, 3)
    after = normalise(Observation("spark-submit a.py", before)).observation.facts
    assert hidden(Applied("stream-batches", before, after)) is None
    assert hidden(Applied("stream-batches", before, {**after, **changed})) is not None
    assert hidden(Applied("another", before, after)) is not None


def test_a_sum_over_part_files_must_stay() -> None:
    before, after = (dict(seen.facts) for seen in by_file())
    assert hidden(Applied("stream-files", before, after)) is None
    for wrong in ([["<part-file>", "29"]], [["<part-file>", "<sum>"]], []):
        assert hidden(Applied("stream-files", before, {**after, "values": wrong})) is not None


def by_file() -> tuple[Observation, Observation]:
    rule = next(rule for rule in RULES if rule.name == "stream-files")
    return rule.example[0], rule.apply(rule.example[0]).observation


def test_a_streams_folder_must_have_part_files_and_keep_what_is_beyond_them() -> None:
    rule = next(rule for rule in RULES if rule.name == "stream-folder")
    before = rule.example[0].facts
    after = rule.apply(rule.example[0]).observation.facts
    assert hidden(Applied("stream-folder", before, after)) is None
    assert hidden(Applied("stream-folder", before, {**after, "found": "<part files> +2"})) is not None
    none = {**before, "part_files": 0, "found": 1, "entries": 1, "files": 0}
    assert hidden(Applied("stream-folder", none, after)) is not None
    assert hidden(Applied("stream-folder", before, {**after, "directories": "<some>"})) is not None


def test_rows_that_are_counted_are_not_hidden_unless_one_is_lost() -> None:
    text = " a | b \n---+---\n x | 1 \n y | 2 \n x | 1 \n(3 rows)\n"
    seen = Observation(PRESTO.replace(" order by a", ""), derive(PRESTO, text, ""))
    (applied,) = normalise(seen).applied
    assert applied.rule == "row-order"
    assert hidden(applied) is None
    lost = {**applied.after, "values": {'["x", "1"]': 1, '["y", "2"]': 1}}
    assert hidden(Applied("row-order", applied.before, lost)) == ("no number hidden", "numbers hidden: 1")


def test_hostile_keys_cost_no_time() -> None:
    row = "[" * 5000
    before: Facts = {"values": {row: 10**12, '["a"]': 10**12, "x": 1}}
    assert hidden(Applied("made", before, before)) is None
