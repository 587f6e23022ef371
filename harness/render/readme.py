"""README.md, the report that is handed in: a pure function of the record.

The text is a list of blocks. Before each captured output stands a comment with the sha256 of the whole output, so
that an edit by hand shows without a rerun; where the fence cannot show it as it was, also the sha256 of what is shown.
Captured text appears inside fences only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from inspect import cleandoc

from harness.model import Capture, Check, Outcome, Record, StepRecord
from harness.render import figures
from harness.render.lineage import mermaid
from harness.render.text import code, digest, fence, inline, lines_of, plural, shorten, summary_html, value, visible

FOLD_LINES = 30
"""Outputs of more lines than this are folded away."""

SIGNS = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.BLOCKED: "–",
    Outcome.INFRASTRUCTURE: "!",
}

# What stands between the parts of a report, by which it is read back.
NO_OUTPUT = "No output."
STDERR = "stderr:"
EXCERPT = "One event of each type:"
CHECKS = "**Checks**"
CLUSTERS_FAULT = "The cluster is at fault here, not the student; this step counts neither way."

SHOWN_FILE = re.compile(r"\bcat +(\S+)\s*")
_LANGUAGES = {
    "json": "json",
    "md": "markdown",
    "py": "python",
    "sh": "sh",
    "sql": "sql",
    "toml": "toml",
    "yaml": "yaml",
    "yml": "yaml",
}


def render_readme(record: Record) -> str:
    """Give the Markdown of the report. Equal records give equal text."""
    graph = mermaid(record)
    blocks = [
        f"# {inline(record.assignment)}",
        "## Summary",
        figures.summary(record),
        f"**Result:** {figures.result(record)}.",
        *(["## Pipeline", fence(graph, "mermaid")] if graph else []),
        "## Steps",
        table(
            ("#", "step", "outcome", "seconds"),
            (
                (str(number), _link(step), status(step.outcome), f"{step.seconds:.1f}")
                for number, step in enumerate(record.steps, 1)
            ),
        ),
    ]
    for number, step in enumerate(record.steps, 1):
        blocks += _step(number, step, record)
    return "\n\n".join([*blocks, *_appendix(record)]) + "\n"


def status(outcome: Outcome) -> str:
    """Give an outcome as the report writes it."""
    return f"{SIGNS[outcome]} {outcome.value}"


def _step(number: int, step: StepRecord, record: Record) -> Iterator[str]:
    yield f'<a id="{_anchor(step.id)}"></a>'
    yield f"## {number}. {inline(step.title)}"
    reused = "; the kept cluster already held its result" if step.reused else ""
    took = "" if step.outcome is Outcome.BLOCKED else f" in {step.seconds:.1f} seconds"
    yield f"**{status(step.outcome)}**{took}{reused}"
    yield from _why_not_passed(step, record)
    if step.explanation.strip():
        yield cleandoc(step.explanation)
    for capture in step.commands:
        yield from _command(step, capture)
    if step.checks:
        yield CHECKS
        yield "\n".join(map(_check, step.checks))


def _why_not_passed(step: StepRecord, record: Record) -> Iterator[str]:
    if step.outcome is Outcome.INFRASTRUCTURE:
        yield CLUSTERS_FAULT
    if step.outcome is Outcome.BLOCKED and step.blocked_by:
        cause = next((other for other in record.steps if other.id == step.blocked_by), None)
        yield f"Not run: it needs {_link(cause) if cause else code(step.blocked_by)}, which did not pass."
    if step.message:
        yield f"<!-- message step={_word(step.id)} -->\n{_folded(step.message, 'text', 'message')}"


def _command(step: StepRecord, capture: Capture) -> Iterator[str]:
    notes = ["in the background"] * capture.background
    if capture.exit_code not in (0, None):
        notes.append(f"{'stopped, ' * capture.stopped}exit code {capture.exit_code}")
    yield f"**{inline(capture.service)}**" + (f" ({', '.join(notes)})" if notes else "")
    yield fence(capture.as_typed, "sh")
    if capture.stdout:
        yield from _output(step, capture, "stdout")
    elif not capture.stderr:
        yield NO_OUTPUT
    if capture.stderr and capture.shows_stderr:
        yield STDERR
        yield from _output(step, capture, "stderr")


def _output(step: StepRecord, capture: Capture, stream: str) -> Iterator[str]:
    text = capture.stdout if stream == "stdout" else capture.stderr
    shown = SHOWN_FILE.fullmatch(capture.command)
    label = stream if stream == "stderr" else shown[1] if shown else "output"
    origin = f"step={_word(step.id)} command={_word(capture.id)} stream={stream}"
    seen = fence_text(text)
    altered = "" if text in (seen, f"{seen}\n") else f" shown={digest(seen)}"
    yield f"<!-- sha256:{digest(text)} {origin}{altered} -->\n{_folded(text, _language(text, label), label)}"
    if events := excerpt_of(text):
        yield EXCERPT
        excerpt = fence(events, "json")
        yield f"<!-- excerpt {origin} -->\n{excerpt}"


def fence_text(text: str) -> str:
    """Give what a fence shows of a text."""
    return shorten(visible(text)).removesuffix("\n")


def excerpt_of(text: str) -> str:
    """Give the events that are shown again after an output that is folded away."""
    return "\n".join(_examples(text)) if lines_of(text) > FOLD_LINES else ""


def _folded(text: str, language: str, label: str) -> str:
    block = fence(text, language)
    if (count := lines_of(text)) <= FOLD_LINES:
        return block
    return f"<details><summary>{summary_html(label)}: {plural(count, 'line')}</summary>\n\n{block}\n\n</details>"


def _language(text: str, label: str) -> str:
    if label not in ("output", "stderr"):
        return _LANGUAGES.get(label.rpartition(".")[2], "text")
    bare = text.strip()
    return "json" if bare.startswith("{") and bare.endswith("}") and label == "output" else "text"


def _examples(text: str) -> list[str]:
    """Give the first event of each type among JSON lines."""
    first: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("{") and '"event_type"' in line:
            try:
                first.setdefault(str(json.loads(line)["event_type"]), line)
            except (ValueError, KeyError, RecursionError):
                continue
    return list(first.values())


def _check(check: Check) -> str:
    if check.holds:
        return f"- ✓ {inline(check.what)}: {value(check.actual)}"
    return f"- ✗ {inline(check.what)}: expected {value(check.expected)}, got {value(check.actual)}"


def _appendix(record: Record) -> Iterator[str]:
    if record.invariants:
        yield "## Invariants"
        yield table(
            ("invariant", "expected", "actual", "holds"),
            (
                (inline(each.id), value(each.expected), value(each.actual), "✓" if each.holds else "✗")
                for each in record.invariants
            ),
        )
    if record.services:
        yield "## Servers"
        yield table(
            ("server", "seconds until ready", "peak memory, MiB"),
            (
                (inline(each.name), f"{each.ready_seconds:.1f}", f"{each.peak_rss_bytes / 2**20:,.0f}")
                for each in record.services
            ),
        )
    if record.versions:
        yield "## Versions"
        yield table(
            ("part", "version"),
            ((inline(part), code(record.versions[part])) for part in sorted(record.versions)),
        )
    yield "## Run it again"
    yield (
        f"`./run report` does all of the above and writes this file. This run began at {inline(record.started)} on the "
        f"{code(record.backend)} backend in {code(record.mode)} mode, took {record.seconds:.1f} seconds and had "
        f"{record.peak_memory_bytes / 2**20:,.0f} MiB of memory in use at its peak."
    )
    if record.names:
        yield (
            "It ran on a cluster that others use too. What it made there had names of its own and is gone, and its "
            "servers stand in for the assignment's:"
        )
        names = sorted(record.names.items(), key=lambda pair: (pair[1], pair[0]))
        yield table(
            ("here", "in the assignment"), ((code(here), code(there) if there else "") for here, there in names)
        )


def table(head: tuple[str, ...], body: Iterable[tuple[str, ...]]) -> str:
    """Give a table of cells that are Markdown already."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ("---",) * len(head), *body])


def _link(step: StepRecord) -> str:
    return f"[{inline(step.title)}](#{_anchor(step.id)})"


def _anchor(step: str) -> str:
    return f"step-{_word(step)}"


def _word(text: str) -> str:
    return re.sub(r"[^\w.-]|--+", "_", text)
