"""summary.md fits below a CI's limit whatever was printed, what did not pass first, and nothing is dropped unsaid."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from samples import capture, record_of, sample_record

from harness.model import Invariant, Outcome, Record, StepRecord
from harness.record import from_json, to_json
from harness.render.job_summary import LIMIT, render_job_summary

ONE_MIB = 2**20


def steps_of(count: int, printed: str, title: str = "Step") -> Record:
    """Give a record of many steps, each with one command that printed this."""
    step = StepRecord("load", title, "", Outcome.PASSED, None, 1.0, (capture("a", "mids", "cat big", printed),))
    steps = tuple(replace(step, id=f"step-{at}", title=f"{title} {at}") for at in range(count))
    return replace(sample_record(), steps=steps, invariants=())


def test_what_did_not_pass_comes_first_with_the_party_at_fault() -> None:
    text = render_job_summary(sample_record())
    assert text.startswith("## ✗ Assignment 12\n")
    assert "**4 of 7 steps passed, 1 failed, 1 blocked, 1 lost to the cluster; 1 of 2 invariants hold.**" in text
    failed = text.index("### ✗ failed: Query with Presto (the student's fault)")
    lost = text.index("### ! infrastructure: Filter a stream (the cluster's fault)")
    assert failed < lost < text.index("| # | step |") < text.index("```mermaid") < text.index("| invariant |")
    assert "- ✗ rows: expected `20`, got `19`" in text[failed:lost]
    assert "Query failed" in text[failed:lost]
    assert "| 6 | Join a guild | – blocked by presto | 0.0 |" in text


def test_a_run_in_which_all_holds_says_so() -> None:
    whole = sample_record()
    good = replace(whole, steps=whole.steps[:4], invariants=whole.invariants[:1])
    text = render_job_summary(good)
    assert text.startswith("## ✓ Assignment 12\n\n**4 of 4 steps passed; 1 of 1 invariant holds.**")
    assert "###" not in text


def test_a_record_without_steps_is_not_well() -> None:
    assert render_job_summary(replace(sample_record(), steps=(), invariants=())).startswith("## ✗ ")


def test_each_step_shows_its_commands_and_outputs_folded_away() -> None:
    text = render_job_summary(sample_record())
    assert "<details><summary>✓ 3. Send the load: 5 commands</summary>" in text
    assert "kafkacat -C -b kafka:29092 -t events -o beginning -e" in text
    assert text.count("<details>") == text.count("</details>") == 5


@pytest.mark.parametrize(
    ("count", "printed"),
    [
        (3, "x" * 79 + "\n" * 1),
        (3, ("x" * 79 + "\n") * 100_000),
        (40, ("é" * 500 + "\n") * 300),
        (300, ("y" * 70 + "\n") * 300),
        (3_000, "z\n" * 300),
        (30_000, "z\n" * 3),
    ],
)
def test_it_is_shortened_until_it_fits(count: int, printed: str) -> None:
    text = render_job_summary(steps_of(count, printed))
    assert len(text.encode()) <= LIMIT < ONE_MIB
    if count <= 3_000:
        seen = set(re.findall(r"(?<=\. Step )\d+(?=:)", text))
        assert len(seen) == count, "a step has no section"


def test_sections_are_shortened_the_largest_first() -> None:
    big, small = ("big line\n" * 190), ("small line\n" * 20)
    record = record_of(capture("a", "mids", "cat big", big))
    other = replace(record.steps[0], id="other", title="Other", commands=(capture("b", "mids", "cat small", small),))
    record = replace(record, steps=(*record.steps, other))
    whole = render_job_summary(record)
    cut = render_job_summary(record, len(whole.encode()) - 100)
    assert whole.count("big line") == 190
    assert cut.count("big line") == 40
    assert "lines, about" in cut
    assert "left out here; the record has all" in cut
    assert cut.count("small line") == 20


def test_what_cannot_fit_at_all_is_counted() -> None:
    text = render_job_summary(steps_of(50, "z\n"), 1_500)
    assert len(text.encode()) <= 1_500
    assert re.search(r"… \d+ more sections; README\.md has all\.\n$", text)


def test_hostile_text_stays_text() -> None:
    text = "</details><script>alert(1)</script>\x1b[2J```\n````\n</summary>|` **x**\u202e"
    record = record_of(capture(text, text, text, text, text, 1), id=text, title=text, message=text)
    record = replace(record, assignment=text, invariants=(Invariant(text, text, text, False),))
    for outcome in Outcome:
        step = replace(record.steps[0], outcome=outcome, blocked_by=text)
        shown = render_job_summary(replace(record, steps=(step,)))
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", shown)
        tokens = MarkdownIt("commonmark").enable("table").parse(shown)
        html = "".join(
            child.content
            for token in tokens
            for child in [token, *(token.children or ())]
            if child.type in ("html_block", "html_inline")
        )
        assert "script" not in re.sub("<summary>.*?</summary>", "", html)
        assert "<script" not in html


def test_secrets_are_masked() -> None:
    text = render_job_summary(record_of(capture("a", "mids", "env", "PASSWORD=hunter22\nAKIAABCDEFGHIJKLMNOP\n")))
    assert "hunter22" not in text
    assert "AKIAABCDEFGHIJKLMNOP" not in text
    assert "[masked: AWS key]" in text


def test_equal_records_give_equal_bytes() -> None:
    assert render_job_summary(from_json(to_json(sample_record()))) == render_job_summary(sample_record())
