"""Pages as a browser opens them, and what every page of ours must be."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

WIDTHS = {"wide": 1280, "phone": 390}
SCHEMES = ("light", "dark")
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}


class Opened:
    """A page that notes what it asks for, says and shows."""

    def __init__(self, browser: Browser, file: Path, **settings: object) -> None:
        self.context = browser.new_context(**settings)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.goto(file.as_uri())


def unfold(page: Page) -> None:
    """Open what is folded away."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")


def violations(page: Page) -> str:
    """Give what axe finds, or nothing. The page's context has `bypass_csp`: axe is put in past the policy."""
    results = Axe().run(page, options=AXE)
    return str(results.generate_report()) if results.violations_count else ""


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def unreachable(page: Page) -> list[str]:
    """Give what scrolls sideways and cannot have the focus."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0
           && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)).map(e => e.outerHTML.slice(0, 200))"""
    )
    return found
