"""Renderers: pure functions from a `Record` to text, and the one place that writes them all."""

from __future__ import annotations

from pathlib import Path

from harness.model import Record
from harness.record import save, write_text
from harness.render.history import render_history
from harness.render.html import render_html
from harness.render.junit import render_junit
from harness.render.readme import render_readme

__all__ = ["render_history", "render_html", "render_junit", "render_readme", "write_all"]


def write_all(record: Record, folder: Path) -> list[Path]:
    """Write record.json, README.md, report.html, junit.xml and history.txt into a folder, each replaced as one act.

    The record comes first, so that the others can be rendered again from it whatever happens to them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in ("record.json", "README.md", "report.html", "junit.xml", "history.txt")]
    save(record, paths[0])
    for path, render in zip(paths[1:], (render_readme, render_html, render_junit, render_history), strict=True):
        write_text(path, render(record))
    return paths
