"""README.md shows every step, command and outcome, and captured text only inside fences."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from samples import GAME_API, MESSAGES, capture, event, record_of, sample_record

from harness.model import Check, Invariant, Outcome, StepRecord
from harness.record import from_json, to_json
from harness.render.readme import render_readme
from harness.render.text import digest

OWN_HTML = re.compile(
    r"<!-- (sha256:[0-9a-f]{64}|excerpt|message) [\w.= -]+ -->\n?|"
    r"<details><summary>[^<>]*: \d[\d,]* lines</summary>\n?|</details>\n?|<a id=\"step-[\w.-]+\">|</a>|</?code>"
)


def parse(markdown: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(markdown)


def fences(markdown: str) -> list[tuple[str, str]]:
    return [(token.info, token.content) for token in parse(markdown) if token.type == "fence"]


def test_every_step_has_its_heading_and_its_outcome() -> None:
    text = render_readme(sample_record())
    words = {"passed": "✓ passed", "failed": "✗ failed", "blocked": "– blocked", "infrastructure": "! infrastructure"}
    for number, step in enumerate(sample_record().steps, 1):
        assert f'<a id="step-{step.id}"></a>\n\n## {number}. {step.title}\n\n**{words[step.outcome]}**' in text
        assert f"| {number} | [{step.title}](#step-{step.id}) | {words[step.outcome]} | " in text


def test_every_command_stands_in_a_fence_after_its_service() -> None:
    text = render_readme(sample_record())
    for step in sample_record().steps:
        for each in step.commands:
            assert re.search(rf"\*\*{each.service}\*\*.*\n\n```sh\n{re.escape(each.command)}\n```\n", text)


def test_every_shown_output_is_preceded_by_the_digest_of_the_whole() -> None:
    text = render_readme(sample_record())
    assert f"<!-- sha256:{digest(MESSAGES)} step=load command=load-5 stream=stdout -->\n<details>" in text
    assert (
        f"<!-- sha256:{digest(GAME_API)} step=files command=files-1 stream=stdout -->\n```python\n{GAME_API}```" in text
    )
    assert text.count("<!-- sha256:") == 11


def test_the_summary_gives_the_numbers_of_the_run() -> None:
    text = render_readme(sample_record())
    assert "11 commands in 71 seconds, on zookeeper, kafka, namenode, metastore and presto." in text
    assert (
        "40 requests went to the game API, 40 events lay in the Kafka topic, "
        "the batch job kept 20 rows, Presto gave back 19 rows."
    ) in text
    assert (
        "**Result:** 4 of 7 steps passed, 1 failed, 1 blocked, 1 lost to the cluster; 1 of 2 invariants hold." in text
    )


def test_the_stream_is_summed_over_its_batches_and_a_count_is_read_as_a_count() -> None:
    rule, head, row = "-" * 43, "+----+\n|Host|\n+----+\n", "|   a|\n"
    batches = "".join(f"{rule}\nBatch: {n}\n{rule}\n{head}{row * 10 * (n > 0)}+----+\n" for n in range(3))
    shown = capture("a", "spark", "spark-submit filter_swords_stream.py", batches)
    counted = capture("b", "presto", "presto --execute 'select count(*) from sword_purchases'", '"30"\n')
    steps = [
        StepRecord(name, name, "", Outcome.PASSED, None, 1.0, (ran,))
        for name, ran in (("filter-stream", shown), ("write-stream", counted))
    ]
    text = render_readme(replace(sample_record(), steps=tuple(steps)))
    assert "The stream showed 20 rows in 2 batches, the stream to HDFS left 30 rows." in text
    assert '[("table sword_purchases")]' in text
    assert "-->|30 rows|" in text


def test_a_record_without_facts_claims_no_numbers() -> None:
    assert "All that follows was printed in one run: 1 command in 71 seconds" in render_readme(
        record_of(capture("a", "mids", "ls"))
    )
    assert "requests went" not in render_readme(record_of(capture("a", "mids", "ls")))


def test_a_failed_step_shows_its_message_and_what_was_expected() -> None:
    text = render_readme(sample_record())
    assert "<!-- message step=presto -->\n```text\n1 of 1 check does not hold: rows: expected 20, got 19\n```" in text
    assert "- ✗ rows: expected `20`, got `19`" in text
    assert "- ✓ messages in the topic: `40`" in text


def test_a_blocked_step_links_to_its_cause() -> None:
    assert "it needs [Query with Presto](#step-presto), which did not pass." in render_readme(sample_record())


def test_infrastructure_is_not_the_students_fault() -> None:
    text = render_readme(sample_record())
    assert "The cluster is at fault here, not the student" in text
    assert "kafka ended with exit code 137" in text


def test_a_reused_step_says_so() -> None:
    assert "**✓ passed** in 1.2 seconds; the kept cluster already held its result" in render_readme(sample_record())


def test_a_docstring_is_shown_as_the_markdown_that_it_is() -> None:
    assert "\n\nApache Bench plays two users.\n\nEach sends" in render_readme(sample_record())
    assert "\n\n- `user1.comcast.com`\n- `user2.att.com`\n\n" in render_readme(sample_record())


def test_the_end_has_invariants_servers_versions_and_the_command_to_repeat() -> None:
    text = render_readme(sample_record())
    assert "| rows in Parquet = through Presto | `20` | `19` | ✗ |" in text
    assert "| presto | 14.5 | 900 |" in text
    assert "| kafka | `4.1.0` |" in text
    assert "`./run report`" in text.rpartition("## Run it again")[2]


@pytest.mark.parametrize(
    ("command", "stdout", "info"),
    [
        ("cat jobs/write_hive_table.py", "import json\n", "python"),
        ("cat docker-compose.yml", "services: {}\n", "yaml"),
        ("cat queries/count.sql", "select 1;\n", "sql"),
        ("kafkacat -C -t events", event("h", "default") + "\n", "json"),
        ("hadoop fs -ls /tmp/", "Found 0 items\n", "text"),
    ],
)
def test_the_fence_names_the_language(command: str, stdout: str, info: str) -> None:
    assert fences(render_readme(record_of(capture("a", "mids", command, stdout))))[-1] == (info, stdout)


@pytest.mark.parametrize(("lines", "folded"), [(30, False), (31, True)])
def test_more_than_thirty_lines_are_folded_away(lines: int, folded: bool) -> None:
    text = render_readme(record_of(capture("a", "mids", "seq 99", "x\n" * lines)))
    assert (f"<details><summary>output: {lines} lines</summary>" in text) is folded
    assert ("</details>" in text) is folded


def test_a_folded_topic_still_shows_one_event_of_each_type() -> None:
    found = fences(render_readme(sample_record()))
    wanted = [event("user1.comcast.com", kind) for kind in ("default", "purchase_sword")]
    assert ("json", "\n".join(wanted) + "\n") in found


@pytest.mark.parametrize(
    ("stdout", "exit_code", "background", "shown"),
    [
        ("out\n", 0, False, False),
        ("out\n", 2, False, True),
        ("", 0, False, True),
        ("out\n", None, True, False),
        ("", None, True, True),
        ("out\n", 143, True, False),
    ],
)
def test_stderr_is_shown_when_it_matters(stdout: str, exit_code: int | None, background: bool, shown: bool) -> None:
    ran = capture("a", "mids", "run", stdout, "warning\n", exit_code, background)
    text = render_readme(record_of(ran))
    assert ("stderr:\n\n<!-- sha256:" in text) is shown
    assert (f"exit code {exit_code}" in text) is (exit_code not in (0, None))
    assert ("in the background" in text) is background


def test_a_silent_command_says_so() -> None:
    assert "```sh\ntrue\n```\n\nNo output." in render_readme(record_of(capture("a", "mids", "true")))


HOSTILE = [
    "MARK```\nMARK\n```\n# MARK\n",
    "</details>MARK</summary>\n\n</details>\n\n## MARK\n",
    "<script>MARK</script>\n--> MARK <!--\n<img src=x onerror=MARK>\n",
    "\x1b]0;MARK\x07\x1b[2J\x00\u202eMARK\r\n| MARK | `MARK` |\n",
    b"MARK\xff\n\n    MARK\n".decode(errors="surrogateescape"),
    "`" * 500 + "MARK\n" * 40,
    "MARK\n" * 5000,
    "MARK" * 50_000,
    '{"event_type": "MARK</details>```"}\n' * 40,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_output_appears_inside_fences_only(text: str) -> None:
    ran = capture("a", "mids", text, text, text, 1)
    rendered = render_readme(record_of(ran, message=text, outcome=Outcome.FAILED))
    for token in parse(rendered):
        assert token.type == "fence" or "MARK" not in token.content
        for part in [token, *(token.children or ())]:
            if part.type in ("html_block", "html_inline"):
                assert re.fullmatch(f"({OWN_HTML.pattern})+", part.content)
    assert len(fences(rendered)) >= 4
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", rendered)


def named(text: str) -> list[Token]:
    """Parse the report of a record in which everything that has a name is called `text`."""
    ran = capture(text, text, f"cat {text}", "x\n")
    checks = (Check(text, text, text, False), Check(text, text, text, True))
    record = replace(
        record_of(ran, id=text, title=text, checks=checks),
        assignment=text,
        versions={text: text},
        invariants=(Invariant(text, text, text, False),),
    )
    return parse(render_readme(record))


@pytest.mark.parametrize("text", [text[:300] for text in HOSTILE])
def test_hostile_names_change_nothing_in_the_structure(text: str) -> None:
    tokens = named(text)
    assert [token.type for token in tokens] == [token.type for token in named("plain")]
    for token in tokens:
        for part in [token, *(token.children or ())]:
            assert part.type != "image"
            if part.type in ("html_block", "html_inline"):
                assert re.fullmatch(f"({OWN_HTML.pattern})+", part.content)


def test_equal_records_give_equal_bytes_with_lf_ends() -> None:
    text = render_readme(sample_record())
    assert render_readme(from_json(to_json(sample_record()))) == text
    assert "\r" not in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_an_empty_record_has_a_report() -> None:
    empty = replace(sample_record(), steps=(), services=(), invariants=(), versions={})
    assert "0 of 0 steps passed" in render_readme(empty)
