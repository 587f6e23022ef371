"""What report.html says of a record. Captured text is safe to show, but for HTML, which the templates escape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc

from markdown_it import MarkdownIt
from markupsafe import Markup

from harness.model import Capture, Outcome, Record, StepRecord
from harness.render.readme import FOLD_LINES, SHOWN_FILE, SIGNS
from harness.render.secrets import masked
from harness.render.shown import Shown, fact, line, shown
from harness.render.text import MAX_CHARACTERS, plural, visible

_OWN_ERROR = re.compile(r"(?!AssertionError:)\w+: .*\([^()\s]+\.py:\d+\)", re.DOTALL)
"""How the session writes an exception that no check or command of the step is the cause of."""

_NARROW = 30
"""A line of this many characters fits a telephone."""

# Nothing in an explanation may fetch, or disturb the page's own headings.
_MARKDOWN = MarkdownIt("js-default", {"html": False}).disable(["image", "heading", "lheading"])


@dataclass(frozen=True, slots=True)
class Output:
    """One stream of a command. `scrolls` is true where its box may be too narrow for it."""

    label: str
    text: Shown
    folded: bool
    scrolls: bool


@dataclass(frozen=True, slots=True)
class Command:
    """One command; `whole` is false where it is cut, so that it cannot be copied."""

    anchor: str
    number: int
    service: str
    notes: tuple[str, ...]
    went_wrong: bool
    text: Shown
    whole: bool
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A check or an invariant."""

    what: str
    expected: str
    actual: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `fault` says whose fault it is that it did not pass; `cause` is the step that blocks it."""

    anchor: str
    number: int
    title: str
    outcome: str
    sign: str
    seconds: float
    reused: bool
    fault: str
    fault_words: str
    reason: str
    message: Shown | None
    cause: tuple[str, str] | None
    explanation: Markup
    commands: tuple[Command, ...]
    checks: tuple[Relation, ...]

    @property
    def command_count(self) -> int:
        """How many commands it ran."""
        return len(self.commands)


def steps(record: Record) -> list[Step]:
    """Give all steps in order, each with an anchor of its own."""
    anchors: list[str] = []
    for step in record.steps:
        anchor = f"step-{_word(step.id)}"
        while anchor in anchors:
            anchor += "_"
        anchors.append(anchor)
    return [_step(number, step, record, anchors) for number, step in enumerate(record.steps, 1)]


def invariants(record: Record) -> list[Relation]:
    """Give all invariants."""
    return [Relation(line(i.id), fact(i.expected), fact(i.actual), i.holds) for i in record.invariants]


def markdown(text: str) -> Markup:
    """Render Markdown without HTML, images or headings."""
    text = masked(visible(cleandoc(text[:MAX_CHARACTERS])))
    return Markup(_MARKDOWN.render(text))  # noqa: S704 - markdown-it escapes what it is given


def fault(step: StepRecord) -> tuple[str, str]:
    """Give the party whose fault it is that a step did not pass, with a sentence; nothing for no party."""
    message = (step.message or "").strip()
    if step.outcome is Outcome.INFRASTRUCTURE:
        return "cluster", "The cluster is at fault, not the student: this step counts neither way."
    if step.outcome is not Outcome.FAILED:
        return "", ""
    if message == "interrupted":
        return "", "The run was interrupted here: nobody is at fault."
    if all(check.holds for check in step.checks) and _OWN_ERROR.fullmatch(message):
        return "harness", "The code that runs the step is at fault, not the student: it ended with an error of its own."
    return "student", "The student’s work is at fault: a command failed, or a number is not what the step asks for."


def _step(number: int, step: StepRecord, record: Record, anchors: list[str]) -> Step:
    anchor = anchors[number - 1]
    party, words = fault(step)
    blockers = [
        (at, line(each.title)) for at, each in zip(anchors, record.steps, strict=True) if each.id == step.blocked_by
    ]
    cause = blockers[0] if blockers else ("", line(step.blocked_by or "an earlier step"))
    first = next(iter((step.message or "").strip().splitlines()), "")
    return Step(
        anchor=anchor,
        number=number,
        title=line(step.title),
        outcome=step.outcome.value,
        sign=SIGNS[step.outcome],
        seconds=step.seconds,
        reused=step.reused,
        fault=party,
        fault_words=words,
        reason=line(first),
        message=shown(step.message) if step.message else None,
        cause=cause if step.outcome is Outcome.BLOCKED else None,
        explanation=markdown(step.explanation),
        commands=tuple(_command(f"{anchor}-{at}", at, each) for at, each in enumerate(step.commands, 1)),
        checks=tuple(Relation(line(c.what), fact(c.expected), fact(c.actual), c.holds) for c in step.checks),
    )


def _command(anchor: str, number: int, capture: Capture) -> Command:
    notes = ["in the background"] * capture.background
    if capture.exit_code is None and not capture.background:
        notes.append("did not end")
    if capture.exit_code not in (0, None):
        notes.append(f"{'stopped, ' * capture.stopped}exit code {capture.exit_code}")
    text = shown(capture.as_typed)
    return Command(
        anchor=anchor,
        number=number,
        service=line(capture.service),
        notes=(*notes, f"{capture.seconds:.1f} s"),
        went_wrong=capture.went_wrong,
        text=text,
        whole=not text.note,
        outputs=tuple(_outputs(capture)),
    )


def _outputs(capture: Capture) -> Iterator[Output]:
    """Give what was printed; a log on stderr of a command that went well is folded, however short."""
    file = SHOWN_FILE.fullmatch(capture.command)
    if capture.stdout:
        yield _output(line(file[1]) if file else "output", shown(capture.stdout))
    if capture.stderr:
        yield _output("stderr", shown(capture.stderr), quiet=not capture.shows_stderr)


def _output(label: str, text: Shown, *, quiet: bool = False) -> Output:
    plain = text.widest <= _NARROW and text.head.isascii() and text.tail.isascii() and "\t" not in text.head + text.tail
    label = f"{label}: {plural(text.lines, 'line')}"
    return Output(label, text, quiet or text.lines > FOLD_LINES, scrolls=not plain)


def _word(text: str) -> str:
    return re.sub(r"[^\w.-]", "_", text)[:80]
