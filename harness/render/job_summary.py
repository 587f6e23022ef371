"""summary.md: Markdown for the page of a CI job, such as GitHub's job summary, which takes one MiB and no more.

What did not pass comes first. Where all of it would not fit, the largest section is cut shorter, again and again, and
says so; none is dropped.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, TypeAlias

from harness.model import Capture, Check, Invariant, Outcome, Record, StepRecord
from harness.render import figures
from harness.render.lineage import mermaid
from harness.render.page import fault
from harness.render.readme import SIGNS, status, table
from harness.render.shown import fact, line, shown
from harness.render.text import code, fence, inline, plural, summary_html

LIMIT: Final = 2**20 - 2**12
"""Bytes of UTF-8; GitHub refuses a summary of more than 2**20, and a job may add a line of its own."""

LINES: Final = (200, 40, 10, 4)
"""Lines shown of an output, in a section's forms from the longest on."""

_WIDTH: Final = 200
"""Characters that a shown line counts for where lines are very long."""

Forms: TypeAlias = Sequence[Callable[[], str]]
"""A section in its forms, from the longest to the shortest."""


def render_job_summary(record: Record, limit: int = LIMIT) -> str:
    """Give the Markdown, of at most `limit` bytes. Equal records give equal text.

    What looks like a secret is masked.
    """
    failed = [step for step in record.steps if step.outcome in (Outcome.FAILED, Outcome.INFRASTRUCTURE)]
    return _fitted(
        [
            _head(record),
            *map(_why, failed),
            _steps(record),
            *_graph(record),
            *_invariants(record),
            *(_outputs(number, step) for number, step in enumerate(record.steps, 1) if step.commands),
        ],
        limit,
    )


def _fitted(sections: Sequence[Forms], limit: int) -> str:
    """Shorten the largest section until all fit; of many thousands that are one line each the last are counted."""
    texts = [forms[0]() for forms in sections]
    sizes = [(-_size(text), at, 0) for at, text in enumerate(texts)]
    total = -sum(size for size, _, _ in sizes)
    heapq.heapify(sizes)
    while total > limit and sizes:
        size, at, form = heapq.heappop(sizes)
        if form + 1 < len(sections[at]):
            texts[at] = sections[at][form + 1]()
            total += size + _size(texts[at])
            heapq.heappush(sizes, (-_size(texts[at]), at, form + 1))
    counted = 0
    while total > limit - 100 * bool(counted) and texts:
        total -= _size(texts.pop())
        counted += 1
    if counted:
        texts.append(f"… {plural(counted, 'more section')}; README.md has all.")
    return "\n\n".join(texts) + "\n"


def _head(record: Record) -> Forms:
    good = all(step.outcome is Outcome.PASSED for step in record.steps) and all(i.holds for i in record.invariants)
    head = (
        f"## {SIGNS[Outcome.PASSED if good and record.steps else Outcome.FAILED]} {inline(line(record.assignment))}\n\n"
        f"**{figures.result(record)}.** {inline(line(record.backend))} backend, {record.seconds:.0f} seconds, begun at "
        f"{inline(line(record.started))}."
    )
    return lambda: f"{head}\n\n{figures.summary(record)}", lambda: head


def _why(step: StepRecord) -> Forms:
    """Say why a step did not pass, with the commands that went wrong."""
    party, _ = fault(step)
    title = f"### {status(step.outcome)}: {inline(line(step.title))}" + (f" (the {party}'s fault)" if party else "")
    message = step.message or "no message"

    def text(lines: int) -> str:
        checks = "\n".join(_unmet(check) for check in step.checks if not check.holds)
        printed = (block for each in step.commands if each.went_wrong for block in _command(each, lines))
        return "\n\n".join(filter(None, [title, _text(message, lines), checks, *printed]))

    return *(partial(text, lines) for lines in LINES), lambda: f"{title}\n\n{inline(line(message))}"


def _steps(record: Record) -> Forms:
    def text() -> str:
        rows = (
            (str(number), inline(line(step.title)), _status(step), f"{step.seconds:.1f}")
            for number, step in enumerate(record.steps, 1)
        )
        return table(("#", "step", "outcome", "seconds"), rows)

    return text, lambda: f"{plural(len(record.steps), 'step')}."


def _status(step: StepRecord) -> str:
    by = f" by {inline(line(step.blocked_by))}" if step.blocked_by else ""
    return status(step.outcome) + by + ", reused" * step.reused


def _graph(record: Record) -> Iterator[Forms]:
    if graph := mermaid(record):
        yield lambda: fence(graph, "mermaid"), lambda: "The graph of the pipeline is in README.md."


def _invariants(record: Record) -> Iterator[Forms]:
    unmet = [invariant for invariant in record.invariants if not invariant.holds]
    counted = f"{len(record.invariants) - len(unmet)} of {plural(len(record.invariants), 'invariant')} hold."
    if record.invariants:
        yield lambda: _relations(record.invariants), lambda: f"{counted}\n\n{_relations(unmet)}", lambda: counted


def _relations(invariants: Sequence[Invariant]) -> str:
    rows = ((inline(line(i.id)), code(fact(i.expected)), code(fact(i.actual)), _sign(i.holds)) for i in invariants)
    return table(("invariant", "expected", "actual", "holds"), rows)


def _outputs(number: int, step: StepRecord) -> Forms:
    """Give a step's commands with what they printed, folded away."""
    title = f"{SIGNS[step.outcome]} {number}. {line(step.title)}: {plural(len(step.commands), 'command')}"

    def folded(*blocks: str) -> str:
        return "\n\n".join([f"<details><summary>{summary_html(title)}</summary>", *blocks, "</details>"])

    def text(lines: int) -> str:
        return folded(*(block for capture in step.commands for block in _command(capture, lines)))

    def commands() -> str:
        return folded("\n".join(f"- {inline(line(capture.as_typed))}" for capture in step.commands))

    return *(partial(text, lines) for lines in LINES), commands, lambda: f"{inline(title)}; README.md has them."


def _command(capture: Capture, lines: int) -> Iterator[str]:
    ended = f" (exit code {capture.exit_code})" if capture.went_wrong else ""
    yield f"**{inline(line(capture.service))}**{ended}\n{_text(capture.as_typed, lines, 'sh')}"
    if capture.stdout:
        yield _text(capture.stdout, lines)
    if capture.stderr and capture.shows_stderr:
        yield f"stderr:\n{_text(capture.stderr, lines)}"


def _text(text: str, lines: int, language: str = "text") -> str:
    cut = shown(text, most_lines=lines, most_characters=lines * _WIDTH)
    return fence("\n".join(filter(None, [cut.head, cut.note, cut.tail])), language)


def _unmet(check: Check) -> str:
    expected, actual = code(fact(check.expected)), code(fact(check.actual))
    return f"- {_sign(False)} {inline(line(check.what))}: expected {expected}, got {actual}"


def _sign(holds: bool) -> str:
    return SIGNS[Outcome.PASSED if holds else Outcome.FAILED]


def _size(text: str) -> int:
    return len(text.encode()) + len("\n\n")
