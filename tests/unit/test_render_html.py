"""report.html is one safe page, whatever was printed and however the run ended."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from samples import capture, record_of, sample_record
from work import calls

from harness.model import Capture, Check, Invariant, Outcome, Record, ServiceRecord, StepRecord
from harness.record import load
from harness.render.flow import Flow, flows
from harness.render.html import render_html
from harness.render.layout import layout
from harness.render.page import fault
from harness.render.secrets import masked
from harness.render.shown import shown

SAMPLE = Path(__file__).parents[2] / "reports" / "sample" / "record.json"
HOSTILE = (
    "</code></pre></style></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{ 7*7 }}\x1b[2J\u202e\udcff"
)
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """The elements of a page, and whether each is closed in its place."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def check_structure(html: str) -> Page:
    page = Page(html)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    targets = [value[1:] for name, value in page.attributes if name == "href" and value.startswith("#")]
    assert set(targets) <= set(page.ids)
    assert page.tags.count("script") == page.tags.count("style") == page.tags.count("h1") == 1
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("style", "src", "srcset")]
    return page


def hostile_record() -> Record:
    """Give a record with hostile text in every field that can hold text."""
    bad = HOSTILE
    one = Capture(f"a{bad}", bad, f"ab http://h/x{bad} | {bad}", bad, bad, 1, bad, 1.0, True, {bad: bad}, bad)
    counted = {"kind": "json_lines", "messages": 1, "by_host_and_event_type": {f"{bad} {bad}": 1}}
    two = capture("b", bad, f"kafkacat -t events; spark-submit job.py; {bad}", bad, exit_code=0, **counted)
    answer = {"columns": [bad, bad], "values": [[bad, "1"], [f"{bad}!", "2"]]}
    four = capture("d", "presto", "presto --execute x", bad, kind="presto", **answer)
    three = capture("c", "spark", "spark-submit job.py", bad, batches=[{"batch": 1, "rows": 2}], by_event_type={bad: 2})
    checks = (Check(bad, bad, [bad], True), Check(bad, {bad: bad}, None, False))
    steps = tuple(
        StepRecord(f"{outcome}{bad}", bad, bad, outcome, bad, 1.0, (one, two, three, four), checks, bad)
        for outcome in Outcome
    )
    return Record(
        assignment=bad,
        backend=bad,
        mode=bad,
        versions={bad: bad},
        started=bad,
        seconds=1.0,
        services=(ServiceRecord(bad, 1.0, 1),),
        steps=(*steps, replace(steps[0], id=f"{steps[0].id}!")),
        invariants=(Invariant(bad, bad, bad, False),),
    )


@pytest.mark.parametrize("record", [sample_record(), load(SAMPLE)], ids=["mixed", "passed"])
def test_the_page_is_well_formed_with_anchors_that_lead_somewhere(record: Record) -> None:
    page = check_structure(render_html(record))
    for step in record.steps:
        assert f"step-{step.id}" in page.ids
        assert step.title in page.text
    assert {"lineage", "events", "timeline", "invariants", "servers", "versions"} <= set(page.ids)


def test_the_page_of_the_sample_is_below_500_kb() -> None:
    assert len(render_html(load(SAMPLE)).encode()) < 500_000


def test_nothing_is_loaded_and_only_our_own_style_and_script_run() -> None:
    html = render_html(load(SAMPLE))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src &#39;none&#39;;")
    assert "unsafe" not in policy[1]
    assert policy[1].count("sha256-") == 2
    assert not re.search(r"<(link|img|iframe|object|embed|base|form)\b|@import|url\((?!#)", html)


def test_hostile_text_in_every_field_is_shown_as_text() -> None:
    html = render_html(hostile_record())
    page = check_structure(html)
    assert "img" not in page.tags
    assert "49" not in re.findall(r"\b49\b", html.replace("7*7", ""))
    assert page.text.count("<script>alert(1)</script>") > 60
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "\\x1b[2J\\u202e\\xff" in page.text
    html.encode("utf-8")


def test_markdown_in_an_explanation_makes_no_html_image_heading_or_script_link() -> None:
    text = "<b>x</b> ![i](http://evil/i.png) [l](javascript:alert(1)) **bold** `code`\n\n# h\n\n- item"
    html = render_html(record_of(explanation=text))
    page = check_structure(html)
    assert "<strong>bold</strong>" in html
    assert "<li>item</li>" in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "img" not in page.tags
    assert not [value for name, value in page.attributes if name == "href" and value.startswith("javascript")]


def test_an_empty_record_says_that_nothing_ran() -> None:
    empty = replace(
        sample_record(), steps=(), invariants=(), services=(), versions={}, seconds=0.0, peak_memory_bytes=0
    )
    page = check_structure(render_html(empty))
    assert "Nothing ran" in page.text
    assert "Everything holds" not in page.text


def test_a_run_that_died_half_way_is_shown_as_far_as_it_came() -> None:
    whole = sample_record()
    load_step = whole.steps[2]
    half = replace(load_step, outcome=Outcome.FAILED, message="interrupted", commands=load_step.commands[:1], checks=())
    died = replace(whole, steps=(*whole.steps[:2], half), invariants=(), services=())
    page = check_structure(render_html(died))
    assert "The run was interrupted here: nobody is at fault." in page.text
    assert "’s fault" not in page.text
    assert "Write the purchases" not in page.text


def test_a_strange_record_still_gives_a_page() -> None:
    whole = sample_record()
    twice = tuple(replace(step, seconds=seconds) for step in whole.steps for seconds in (float("inf"), -1.0))
    services = (ServiceRecord("api", float("inf"), -1),)
    page = check_structure(render_html(replace(whole, steps=twice, seconds=float("inf"), services=services)))
    assert "nan" not in [value for name, value in page.attributes if name in ("x", "width")]


def test_what_went_wrong_comes_first_with_the_party_at_fault() -> None:
    page = check_structure(render_html(sample_record()))
    assert "Not all of it holds" in page.text
    assert "student’s fault 5. Query with Presto 1 of 1 check does not hold: rows: expected 20, got 19" in page.text
    assert "cluster’s fault 7. Filter a stream kafka ended with exit code 137" in page.text
    assert "Not run: it needs Query with Presto , which did not pass." in page.text


@pytest.mark.parametrize(
    ("outcome", "message", "party"),
    [
        (Outcome.PASSED, None, ""),
        (Outcome.BLOCKED, None, ""),
        (Outcome.INFRASTRUCTURE, "kafka ended", "cluster"),
        (Outcome.FAILED, "ab: exit code 1", "student"),
        (Outcome.FAILED, "AssertionError:  (test_05_load.py:9)", "student"),
        (Outcome.FAILED, "KeyError: 'complete' (session.py:120)", "harness"),
        (Outcome.FAILED, "interrupted", ""),
    ],
)
def test_the_fault_is_the_students_the_clusters_or_the_harnesss(outcome: Outcome, message: str, party: str) -> None:
    assert fault(record_of(outcome=outcome, message=message).steps[0])[0] == party


def test_an_error_after_an_unmet_check_is_still_the_students() -> None:
    step = record_of(outcome=Outcome.FAILED, message="KeyError: 'x' (a.py:1)", checks=(Check("n", 1, 0, False),)).steps[
        0
    ]
    assert fault(step)[0] == "student"


@pytest.mark.parametrize(
    "text",
    [
        "x" * 50_000_000,
        "a line of the log\n" * 2_800_000,
        "\x00" * 50_000_000,
        "password=" * 5_600_000,
        "<" * 50_000_000,
    ],
    ids=["one-line", "lines", "controls", "secrets", "markup"],
)
def test_50_mb_of_output_are_little_work_and_below_1_mb(text: str) -> None:
    record = record_of(capture("a", "mids", "make noise", text, kind="none"))
    pages: list[str] = []
    assert calls(lambda: pages.append(render_html(record))) < 1_000_000
    (html,) = pages
    assert len(html.encode()) < 1_000_000
    assert re.search(r"… .*(MB|lines).* left out here; the record has all …", html)


def test_head_tail_and_what_is_left_out_add_up() -> None:
    text = "".join(f"line {number}\n" for number in range(1, 100_001))
    cut = shown(text)
    left_out = re.search(r"([\d,]+) lines", cut.note)
    assert cut.head.startswith("line 1\nline 2\n")
    assert cut.tail.endswith("line 99999\nline 100000")
    assert left_out is not None
    lines = len(cut.head.splitlines()) + len(cut.tail.splitlines())
    assert lines + int(left_out[1].replace(",", "")) == 100_000


SECRETS = {
    "AKIAIOSFODNN7EXAMPLE": "key AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG": "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG",
    "hunter2": "jdbc:x;password=hunter2;",
    "hunter3": '{"db_password": "hunter3 and more"}',
    "hunter4": "http://user:hunter4@host/",
    "abcdef.123456": "Authorization: Bearer abcdef.123456",
    "dXNlcjpwYXNz": "authorization: basic dXNlcjpwYXNz",
    "MIIEow": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nMIIEow\n-----END RSA PRIVATE KEY-----",
    "hunter5": "pass\x1b[1mword=hunter5",
    "ghp_0123456789abcdefghijABCDEFGHIJ": "ghp_0123456789abcdefghijABCDEFGHIJ",
}


@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_secret_is_masked_wherever_it_stands(secret: str) -> None:
    text = SECRETS[secret]
    leaky = capture("a", text, f"echo '{text}'", text, text)
    check = Check(text, text, text, False)
    record = record_of(leaky, title=text, explanation=text, message=text, checks=(check,), outcome=Outcome.FAILED)
    html = render_html(replace(record, assignment=text, invariants=(Invariant(text, text, text, True),)))
    assert secret not in html
    assert html.count("[masked: ") > 9


def test_ordinary_words_are_not_masked() -> None:
    for text in (
        "the password is needed",
        "Basic authentication of requests",
        "a secret_word",
        "http://kafka:29092/",
        "SHA256:x",
    ):
        assert masked(text) == text


LONG_KEY = "-----BEGIN PRIVATE KEY-----" + "SECRETKEY" * 3_000 + "-----END PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("secret", "piece", "before"),
    [
        ("AKIAIOSFODNN7EXAMPLE", "AKIAIOS", 29_990),
        ("AKIAIOSFODNN7EXAMPLE", "XAMPLE", 29_990),
        (LONG_KEY, "SECRET", 15_000),
    ],
)
def test_a_secret_where_a_long_text_is_cut_does_not_slip_through(secret: str, piece: str, before: int) -> None:
    filler = "".join(f"{number:07} " for number in range(3_750))[: before - 1]
    for text in (f"{filler} {secret} {'y' * 90_000}", f"{'y' * 90_000} {secret} {filler}"):
        cut = shown(text)
        assert cut.note
        assert piece not in cut.head + cut.tail


def flow(record: Record, target: str) -> Flow:
    return next(each for each in flows(record) if each.target.name == target)


def test_every_edge_has_a_count_and_none_of_the_sample_is_lossy() -> None:
    found = flows(load(SAMPLE))
    assert all(each.count is not None for each in found)
    assert not [each for each in found if each.why_lossy]
    labels = {(each.source.name, each.target.name): each.label for each in found}
    assert labels["events", "filtered_writes.py"] == "20 of 40 events"
    assert labels["filtered_writes.py", "/tmp/purchases"] == "20 rows"
    assert labels["write_guilds_table.py", "guild_joins"] == "20 rows"
    assert labels["events", "filter_swords_stream.py"] == "40 requests"


def test_a_count_that_drops_without_a_reason_is_red_and_says_why() -> None:
    lossy = flow(sample_record(), "Presto")
    assert (lossy.label, lossy.why_lossy) == ("19 rows", "rows: expected 20, got 19")
    html = render_html(sample_record())
    assert 'class="edge lossy dotted"' in html
    assert 'class="count lossy"' in html
    assert '<tr class="bad"><td>purchases</td><td>Presto</td><td>19 rows</td>' in html


def test_messages_that_are_missing_in_the_topic_are_a_loss() -> None:
    sent = capture("a", "mids", "ab http://h/x", complete=10, kind="ab")
    read = capture("b", "mids", "kafkacat -C -t events", kind="json_lines", messages=9, by_event_type={"x": 9})
    assert flow(record_of(sent, read), "events").why_lossy == "10 requests made 9 messages"
    enough = replace(read, facts={**read.facts, "messages": 10})
    assert flow(record_of(sent, enough), "events").why_lossy == ""


def test_a_job_that_loses_events_of_its_type_is_lossy_but_a_filter_is_not() -> None:
    read = capture(
        "a", "mids", "kafkacat -C -t events", kind="json_lines", messages=40, by_event_type={"x": 20, "y": 20}
    )

    def job(rows: int, stdout: str = "") -> Flow:
        ran = capture("b", "spark", "spark-submit a.py", stdout, rows=rows, by_event_type={"x": rows})
        return flow(record_of(read, ran), "console")

    assert job(20).why_lossy == ""
    assert job(19).why_lossy == "20 came in, 19 went on"
    assert job(19, "only showing top 19 rows").why_lossy == ""


def test_a_query_with_a_condition_may_give_fewer_rows() -> None:
    wrote = capture("a", "spark", "spark-submit a.py /tmp/t", rows=20, printed={"rows in table t": 20})
    for query, why in (("select * from t", "20 came in, 3 went on"), ("select * from t where x", "")):
        assert (
            flow(record_of(wrote, capture("b", "presto", f'presto --execute "{query}"', rows=3)), "Presto").why_lossy
            == why
        )


def test_no_two_boxes_of_the_drawing_overlap_and_all_lie_inside() -> None:
    drawing = layout(flows(load(SAMPLE)))
    for box in drawing.boxes:
        assert 0 <= box.x <= box.x + box.width <= drawing.width
        assert 0 <= box.y <= box.y + box.height <= drawing.height
        for other in drawing.boxes:
            apart = box.x + box.width < other.x or other.x + other.width < box.x
            assert box is other or apart or box.y + box.height < other.y or other.y + other.height < box.y


def test_each_chart_has_a_table_of_the_same_numbers() -> None:
    sample = load(SAMPLE)
    seconds = {step.id: step.seconds for step in sample.steps}
    ready = next(service.ready_seconds for service in sample.services if service.name == "presto")
    before = sum(list(seconds.values())[: list(seconds).index("presto")])
    facts = [capture.facts for step in sample.steps for capture in step.commands]
    batches = next(fact["batches"] for fact in facts if fact.get("kind") == "spark" and fact["batches"])
    rows = " ".join(f"batch {batch['batch']} {batch['rows']}" for batch in batches)
    text = check_structure(render_html(sample)).text
    assert "user default join_guild purchase_sword all user1.comcast.com 20 10 50 80 user2.att.com 20 10 20 50" in text
    assert f"micro-batch rows {rows}" in text
    assert f"presto server {seconds['files']:.1f} {ready:.1f}" in text
    assert f"Query the table with Presto step, passed {before:.1f} {seconds['presto']:.1f}" in text


def test_long_outputs_are_folded_and_a_command_that_is_cut_cannot_be_copied() -> None:
    html = render_html(
        record_of(capture("a", "mids", "seq 31", "1\n" * 31), capture("b", "mids", "seq 30", "1\n" * 30))
    )
    assert "<summary>output: 31 lines</summary>" in html
    assert "output: 30 lines" not in re.sub(r"aria-label=\"[^\"]*\"", "", html)
    assert html.count("data-copy=") == 2
    assert "data-copy=" not in render_html(record_of(capture("a", "mids", "x" * 70_000)))


def test_what_was_typed_is_the_command_that_is_shown() -> None:
    typed = replace(capture("a", "spark", "spark-submit a.py"), typed="docker compose exec spark spark-submit a.py")
    assert "<code>docker compose exec spark spark-submit a.py</code>" in render_html(record_of(typed))
