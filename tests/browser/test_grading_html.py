"""The pages of gradings in a real browser: they ask for nothing, run nothing, and everybody can read them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pages import SCHEMES, WIDTHS, Opened, scrolls_sideways, unfold, unreachable, violations
from test_grade_results import ALL, HOSTILE, TEXT, WRONG, grading
from test_grade_results_class import CLASS, NAMES
from test_grade_results_student import KINDS, hostile

from harness.grade.model import Finding, Verdict
from harness.grade.results.class_page import render_class_page
from harness.grade.results.feedback_page import render_feedback_page
from harness.grade.results.graded import Graded
from harness.grade.results.page import render_page

WIDE = "x" * 3_000
SPRAWLING = Finding(WIDE[:80], Verdict.DISAGREES, 4, WIDE, WIDE, [HOSTILE, WIDE], 1)
MIXED = [*CLASS, *(Graded(name, CLASS[0].score, CLASS[0].grading) for name in NAMES), hostile()]
PAGES = {
    "findings": render_page(ALL, TEXT),
    "hostile findings": render_page(grading(WRONG, SPRAWLING, report=WIDE), f"{HOSTILE}\n{WIDE}\n" * 5),
    "no findings": render_page(grading(), ""),
    "usual": render_feedback_page(KINDS["usual"]),
    "grader": render_feedback_page(KINDS["hidden"], for_grader=True),
    "fault": render_feedback_page(KINDS["fault"]),
    "hostile": render_feedback_page(hostile(), for_grader=True),
    "class": render_class_page(MIXED),
    "empty class": render_class_page([]),
}


@pytest.mark.parametrize("name", PAGES)
def test_no_request_leaves_the_page_and_nothing_hostile_runs(open_html: Callable[..., Opened], name: str) -> None:
    opened = open_html(PAGES[name])
    opened.page.wait_for_load_state("networkidle")
    assert opened.requests == [opened.page.url]
    assert opened.said == []
    assert opened.page.locator("script, img").count() == 0


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_read_it(open_html: Callable[..., Opened], name: str, width: str, scheme: str) -> None:
    page = open_html(PAGES[name], width, color_scheme=scheme, bypass_csp=True).page
    unfold(page)
    assert not violations(page)
    assert not scrolls_sideways(page)
    assert not unreachable(page)


def test_a_criterion_leads_to_what_is_said_about_it(open_html: Callable[..., Opened]) -> None:
    page = open_html(PAGES["usual"], java_script_enabled=False).page
    page.get_by_role("link", name="Files").click()
    assert page.url.endswith("#c-files")
    assert "Missing: no file docker-compose.yml." in page.locator("#c-files").inner_text()


def test_a_finding_leads_to_its_line(open_html: Callable[..., Opened]) -> None:
    page = open_html(PAGES["findings"], java_script_enabled=False).page
    page.get_by_role("link", name="line 8").first.click()
    assert page.url.endswith("#L8")
    assert page.locator("#L8").inner_text().endswith("Complete requests:      9")
