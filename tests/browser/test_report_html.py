"""report.html in a real browser: Debian's Chromium, opened from disk, without and with JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pages import SCHEMES, WIDTHS, Opened, scrolls_sideways, unfold, unreachable, violations
from samples import capture, record_of, sample_record
from test_render_html import HOSTILE, hostile_record

from harness.model import Record
from harness.record import load
from harness.render.html import render_html

SAMPLE = load(Path(__file__).parents[2] / "reports" / "sample" / "record.json")
WIDE = "x" * 3_000
RECORDS: dict[str, Callable[[], Record]] = {
    "passed": lambda: SAMPLE,
    "mixed": sample_record,
    "hostile": hostile_record,
    "empty": lambda: replace(sample_record(), steps=(), invariants=(), services=(), versions={}),
    "unbroken": lambda: record_of(
        capture("a", WIDE, WIDE, WIDE, WIDE, exit_code=1), title=WIDE, explanation=f"{WIDE} `{WIDE}`", message=WIDE
    ),
}


@pytest.fixture
def open_page(open_html: Callable[..., Opened]) -> Callable[..., Opened]:
    return lambda record, *size, **settings: open_html(render_html(record), *size, **settings)


@pytest.mark.parametrize("name", RECORDS)
def test_no_request_leaves_the_page_and_nothing_hostile_runs(open_page: Callable[..., Opened], name: str) -> None:
    opened = open_page(RECORDS[name]())
    unfold(opened.page)
    opened.page.wait_for_load_state("networkidle")
    assert opened.requests == [opened.page.url]
    assert opened.page.url.startswith("file://")
    assert opened.said == []
    assert opened.page.locator("script").count() == 1
    assert opened.page.locator("img").count() == 0


def test_the_policy_stops_a_script_a_style_and_a_fetch_that_were_put_into_the_page(
    open_page: Callable[..., Opened], tmp_path: Path
) -> None:
    html = render_html(sample_record())
    put_in = (
        "<script>document.title = 'ran'</script><style>h1 { color: rgb(1, 2, 3) }</style><img src=http://127.0.0.1:9/x>"
    )
    file = tmp_path / "changed.html"
    file.write_text(html.replace("</main>", f"{put_in}</main>"), encoding="utf-8")
    opened = open_page(sample_record())
    opened.page.goto(file.as_uri())
    assert opened.page.title() != "ran"
    assert opened.page.locator("h1").evaluate("e => getComputedStyle(e).color") != "rgb(1, 2, 3)"
    assert sum("Content Security Policy" in words for words in opened.said) == 3


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", RECORDS)
def test_axe_finds_no_violation(open_page: Callable[..., Opened], name: str, width: str, scheme: str) -> None:
    page = open_page(RECORDS[name](), width, color_scheme=scheme, bypass_csp=True).page
    unfold(page)
    assert not violations(page)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", RECORDS)
def test_the_page_does_not_scroll_sideways(open_page: Callable[..., Opened], name: str, width: str) -> None:
    page = open_page(RECORDS[name](), width).page
    for _ in range(2):
        assert not scrolls_sideways(page)
        unfold(page)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", RECORDS)
def test_what_scrolls_sideways_can_have_the_focus(open_page: Callable[..., Opened], name: str, width: str) -> None:
    page = open_page(RECORDS[name](), width).page
    unfold(page)
    assert not unreachable(page)


def test_all_is_there_without_javascript(open_page: Callable[..., Opened]) -> None:
    page = open_page(SAMPLE, java_script_enabled=False).page
    text = page.locator("main").inner_text()
    for step in SAMPLE.steps:
        assert step.title in text
        for each in step.commands:
            assert " ".join(each.command.split()) in " ".join(text.split())
    assert page.locator("button").count() == 0
    fold = page.locator("#step-load details").first
    fold.locator("summary").click()
    assert "This is ApacheBench" in fold.inner_text()


@pytest.mark.parametrize("may_write", [True, False], ids=["clipboard", "selection"])
def test_the_button_copies_the_command_and_nothing_else(open_page: Callable[..., Opened], may_write: bool) -> None:
    command = 'presto --execute "select 1" \\\n  --catalog hive  # <b>&amp;</b>'
    opened = open_page(record_of(capture("a", "presto", command, "output\n"), capture("b", "presto", "other")))
    page = opened.page
    if may_write:
        opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    else:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    button = page.get_by_role("button", name="Copy command 1 of step 1", exact=True)
    button.click()
    page.get_by_text("Copied command 1 of step 1").wait_for()
    if may_write:
        assert page.evaluate("navigator.clipboard.readText()") == command
    else:
        assert page.evaluate("getSelection().toString()") == command


def test_the_keyboard_reaches_everything_and_the_skip_link_comes_first(open_page: Callable[..., Opened]) -> None:
    page = open_page(sample_record()).page
    wanted = page.evaluate(
        """() => { const all = [...document.querySelectorAll('a[href], button, summary, [tabindex="0"]')]
             .filter(e => e.checkVisibility()); all.forEach((e, at) => { e.dataset.at = at; }); return all.length; }"""
    )
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    reached = []
    for _ in range(wanted):
        reached.append(page.evaluate("Number(document.activeElement.dataset.at)"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        page.keyboard.press("Tab")
    assert reached == list(range(wanted))
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details[open]").count() == 1


def test_the_skip_link_leads_to_the_report(open_page: Callable[..., Opened]) -> None:
    page = open_page(sample_record()).page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_step_can_be_linked(open_page: Callable[..., Opened]) -> None:
    page = open_page(SAMPLE).page
    page.goto(f"{page.url}#step-presto")
    assert 0 <= page.locator("#step-presto").evaluate("e => e.getBoundingClientRect().top") < 100


def test_dark_is_dark_and_light_is_light(open_page: Callable[..., Opened]) -> None:
    def brightness(scheme: str) -> int:
        page = open_page(sample_record(), color_scheme=scheme).page
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(",")))

    assert brightness("dark") < 150 < 600 < brightness("light")


def test_print_shows_folded_outputs_on_white_without_buttons(open_page: Callable[..., Opened]) -> None:
    page = open_page(SAMPLE, color_scheme="dark").page
    page.emulate_media(media="print")
    assert page.locator("#step-load details .output").first.is_visible()
    assert not page.locator("button.copy").first.is_visible()
    assert not page.locator(".contents").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 33, 37)"


def test_hostile_text_is_seen_as_it_was_printed(open_page: Callable[..., Opened]) -> None:
    page = open_page(hostile_record()).page
    seen = HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e").replace("\udcff", "\\xff")
    assert page.locator(".typed code").first.inner_text() == seen
