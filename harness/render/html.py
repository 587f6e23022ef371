"""report.html: one page that needs no network, no other file and no JavaScript; a pure function of the record."""

from __future__ import annotations

from harness.model import Outcome, Record
from harness.render import charts, figures, page, webpage
from harness.render.flow import flows
from harness.render.layout import layout

_VERDICTS = {
    "failed": "Not all of it holds",
    "infrastructure": "The cluster was at fault",
    "empty": "Nothing ran",
    "passed": "Everything holds",
}


def render_html(record: Record) -> str:
    """Give the page. Equal records give equal text."""
    drawn = flows(record)
    steps = page.steps(record)
    return webpage.render(
        "report.html.j2",
        styles=("report.css",),
        script="report.js",
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
        answers=charts.answers(record),
        timeline=charts.timeline(record),
        chart_width=charts.WIDTH,
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
