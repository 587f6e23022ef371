"""A real browser: Debian's Chromium, and pages opened from disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pages import WIDTHS, Opened
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium here (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_html(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open a page that this test made."""
    opened: list[Opened] = []

    def open_text(html: str, width: str = "wide", **settings: object) -> Opened:
        file = tmp_path / "report.html"
        file.write_text(html, encoding="utf-8")
        opened.append(Opened(browser, file, viewport={"width": WIDTHS[width], "height": 900}, **settings))
        return opened[-1]

    yield open_text
    for each in opened:
        each.context.close()
