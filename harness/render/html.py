"""report.html: one page that needs no network, no other file and no JavaScript; a pure function of the record."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from harness.model import Outcome, Record
from harness.render import charts, figures, page
from harness.render.flow import flows
from harness.render.layout import layout
from harness.render.shown import fact, line
from harness.render.text import plural

_VERDICTS = {
    "failed": "Not all of it holds",
    "infrastructure": "The cluster was at fault",
    "empty": "Nothing ran",
    "passed": "Everything holds",
}


def render_html(record: Record) -> str:
    """Give the page. Equal records give equal text."""
    style, script = _file("report.css"), _file("report.js")
    drawn = flows(record)
    steps = page.steps(record)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            style=Markup(style),  # noqa: S704 - a file of our own
            script=Markup(script),  # noqa: S704 - a file of our own
            policy=f"default-src 'none'; base-uri 'none'; form-action 'none'; "
            f"style-src '{_hash(style)}'; script-src '{_hash(script)}'",
            record=record,
            verdict=_verdict(record),
            verdict_words=_VERDICTS[_verdict(record)],
            summary=page.markdown(figures.summary(record)),
            result=figures.result(record),
            steps=steps,
            titles={step.id: (shown.anchor, shown.number) for step, shown in zip(record.steps, steps, strict=True)},
            invariants=page.invariants(record),
            flows=drawn,
            drawing=layout(drawn) if drawn else None,
            events=charts.events(record),
            batches=charts.batches(record),
            timeline=charts.timeline(record),
            chart_width=charts.WIDTH,
        )
    )


def _verdict(record: Record) -> str:
    outcomes = {step.outcome for step in record.steps}
    if Outcome.FAILED in outcomes or not all(invariant.holds for invariant in record.invariants):
        return "failed"
    if Outcome.INFRASTRUCTURE in outcomes:
        return "infrastructure"
    if Outcome.BLOCKED in outcomes:
        return "failed"
    return "passed" if outcomes else "empty"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(line=line, fact=fact, plural=plural)
    return environment


@cache
def _file(name: str) -> str:
    return resources.files("harness.render").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
