"""The simulator itself: a right report says what happened, and a mistake is one mistake."""

from __future__ import annotations

import difflib
import json
import re

import corpus
import dress
import programs
import pytest
from document import Role, Submission
from mutation import MUTATIONS
from world import make_world

from harness.outputs import ab, presto

SEEDS = range(40)


def _outputs(made: Submission, form: str) -> list[list[str]]:
    return [list(part.lines) for part in made.parts if part.role is Role.OUTPUT and part.form == form]


def _events(made: Submission) -> list[dict[str, object]]:
    """Give the messages of a report whose list of them is whole."""
    parts = [made.parts[number] for number in made.tagged("whole_events")]
    text = "".join(line for part in parts for line in part.lines)
    return [json.loads(line) for line in text.replace("}{", "}\n{").splitlines()]


def test_a_seed_gives_the_same_submission_each_time_and_another_seed_another() -> None:
    assert corpus.report_text(corpus.right(7)) == corpus.report_text(corpus.right(7))
    assert len({corpus.report_text(corpus.right(seed)) for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_ab_report_agrees_with_itself(seed: int) -> None:
    for lines in _outputs(corpus.right(seed), "ab"):
        report = ab.reports("\n".join(lines))[0]
        assert report.arithmetic_holds
        text = "\n".join(lines)
        seconds = float(re.findall(r"Time taken for tests:\s+([\d.]+)", text)[0])
        rate = float(re.findall(r"Requests per second:\s+([\d.]+)", text)[0])
        assert report.complete / (seconds + 0.0006) <= rate <= report.complete / max(seconds - 0.0006, 0.0001)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_messages_shown_are_those_that_were_sent(seed: int) -> None:
    made = corpus.right(seed)
    events = _events(made)
    world = make_world(seed)
    if events:
        assert len(events) == sum(call.requests for call in world.first) + int(str(made.facts.get("curl", 0)))
        for call in world.first:
            sent = [e for e in events if (e["Host"], e["event_type"]) == (call.host, call.route.event_type)]
            assert len(sent) == sum(
                c.requests for c in world.first if (c.host, c.route.event_type) == (call.host, call.route.event_type)
            )


@pytest.mark.parametrize("seed", SEEDS)
def test_what_presto_counts_is_what_its_groups_sum_to(seed: int) -> None:
    made = corpus.right(seed)
    counts = [int(made.parts[n].lines[2]) for n in made.tagged("count") if made.parts[n].role is Role.OUTPUT]
    sums = [
        sum(int(row[1]) for row in next(iter(presto.aligned(made.parts[n].lines))).values or ())
        for n in made.tagged("groups")
        if made.parts[n].role is Role.OUTPUT
    ]
    assert set(sums) <= set(counts) or made.facts["running"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_claim_stands_where_it_is_noted(seed: int) -> None:
    for part in corpus.right(seed).parts:
        for claim in part.claims:
            assert claim.written in part.lines[claim.line]


@pytest.mark.parametrize("seed", SEEDS)
def test_rendering_tells_where_each_line_went(seed: int) -> None:
    made = corpus.right(seed)
    if made.report.endswith(".ipynb"):
        assert json.loads(corpus.report_text(made))["nbformat"] == 4
        return
    rendered = dress.render(made)
    for (number, index), line in rendered.where.items():
        assert made.parts[number].lines[index].strip()[:12] in rendered.lines[line - 1] or made.dress["typo"]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_listed_is_what_is_handed_in(seed: int) -> None:
    made = corpus.right(seed)
    for part in made.parts:
        if part.file:
            assert made.files[part.file].rstrip("\n").split("\n") == list(part.lines)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_listings_of_hadoop_count_their_lines(seed: int) -> None:
    for lines in _outputs(corpus.right(seed), "hdfs_ls"):
        assert lines[0] == f"Found {len(lines) - 1} items"


def test_the_code_that_is_handed_in_compiles() -> None:
    for seed in SEEDS:
        for path, text in corpus.right(seed).files.items():
            if path.endswith(".py"):
                compile(text, path, "exec")


def test_spark_cuts_cells_and_rows_as_show_does() -> None:
    lines = programs.spark_show(["word"], [["x" * 21]] * 21)
    assert lines[1] == "|                word|"
    assert lines[3] == "|" + "x" * 17 + "...|"
    assert lines[-1] == "only showing top 20 rows"


def test_a_table_of_presto_has_numbers_to_the_right() -> None:
    assert programs.presto(["host", "_col1"], [["a.example.org", 7]]) == [
        "     host      | _col1 ",
        "---------------+-------",
        " a.example.org |     7 ",
        "(1 row)",
    ]


@pytest.mark.parametrize("kind", sorted(MUTATIONS))
def test_a_mistake_changes_the_lines_that_it_names_and_no_other(kind: str) -> None:
    made = 0
    for seed in range(200):
        mistake = corpus.mistake(kind, corpus.right(seed), 1)
        if mistake is None:
            continue
        made += 1
        _assert_changed(mistake)
        if made == 3:
            return
    assert made


def _assert_changed(mistake: corpus.Mistake) -> None:
    base, mutated = mistake.base, mistake.mutated
    changed = {path for path in base.files if mutated.submission.files.get(path) != base.files[path]}
    assert changed <= mutated.files or mistake.kind == "missing_table"
    before, after = list(base.parts), list(mutated.submission.parts)
    touched = set()
    for tag, _, _, begin, end in difflib.SequenceMatcher(
        None, [p.uid for p in before], [p.uid for p in after]
    ).get_opcodes():
        if tag in ("insert", "replace"):
            touched |= set(range(begin, end))
    lines = {part.uid: list(part.lines) for part in before}
    touched |= {n for n, part in enumerate(after) if lines.get(part.uid, []) != list(part.lines)}
    if mistake.kind.startswith("missing_"):
        return
    assert touched <= mutated.parts | {part for part, _ in mutated.lines}
    assert touched or changed
