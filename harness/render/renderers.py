"""All renderers by the names of their files, and the one place that writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from harness import extend
from harness.model import Record
from harness.record import save, write_text
from harness.render.ctrf import render_ctrf
from harness.render.history import render_history
from harness.render.html import render_html
from harness.render.job_summary import render_job_summary
from harness.render.junit import render_junit
from harness.render.readme import render_readme

RECORD: Final = "record.json"

RENDERERS: Final[Mapping[str, Callable[[Record], str]]] = MappingProxyType(
    {
        "README.md": render_readme,
        "report.html": render_html,
        "summary.md": render_job_summary,
        "junit.xml": render_junit,
        "ctrf.json": render_ctrf,
        "history.txt": render_history,
    }
)
"""What is made of a record, by the name of its file."""

__all__ = ["RECORD", "RENDERERS", "all_renderers", "render_all", "save_record", "write_all"]


def all_renderers() -> Mapping[str, Callable[[Record], str]]:
    """Give the renderers, those of extensions last."""
    return {**RENDERERS, **extend.RENDERERS}


def write_all(record: Record, folder: Path) -> list[Path]:
    """Write record.json and all that is rendered from it into a folder, each file replaced as one act.

    The record comes first, so that the others can be rendered again from it whatever happens to them.
    """
    return [save_record(record, folder), *render_all(record, folder)]


def save_record(record: Record, folder: Path) -> Path:
    """Write record.json alone."""
    folder.mkdir(parents=True, exist_ok=True)
    save(record, folder / RECORD)
    return folder / RECORD


def render_all(record: Record, folder: Path) -> list[Path]:
    """Write all that is rendered from a record."""
    renderers = all_renderers()
    for name, render in renderers.items():
        write_text(folder / name, render(record))
    return [folder / name for name in renderers]
