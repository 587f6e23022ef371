"""The marks by which a report of this project is known, as `harness.render.readme` writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from harness.model import Outcome
from harness.readme.blocks import Comment
from harness.readme.tokens import Element, Shape
from harness.render.readme import CHECKS, status

ANCHOR: Final = re.compile(r'<a id="step-([\w.-]*)"></a>')
TITLE: Final = re.compile(r"\d+\. .*|\d+\.")
STATUS: Final = re.compile(
    rf"\*\*(?P<outcome>{'|'.join(map(status, Outcome))})\*\*(?: in [\d.]+ seconds)?"
    r"(?:; the kept cluster already held its result)?"
)
NOT_RUN: Final = re.compile(r"Not run: it needs .*, which did not pass\.")
RESULT: Final = re.compile(r"\*\*Result:\*\* \d+ of \d[\d,]* steps? passed.*\.")
FAREWELL: Final = re.compile(r"`\./run report` does all of the above .* in use at its peak\.")
LINK: Final = re.compile(r"^\| \d+ \| .*\]\(#step-([\w.-]*)\) \| [^|]* \| [\d.]+ \|$", re.MULTILINE)

_COMMENT = re.compile(
    r"<!-- (?:sha256:(?P<sha256>[0-9a-f]{64})|(?P<kind>excerpt|message)) step=(?P<step>[\w.-]*)"
    r"(?: command=(?P<command>[\w.-]*) stream=(?P<stream>stdout|stderr)(?: shown=(?P<shown>[0-9a-f]{64}))?)? -->"
)
_DETAILS = re.compile(r"<details><summary>(?P<label>.*): \d[\d,]* lines</summary>")
_SERVICE = re.compile(
    r"\*\*(?P<service>.+?)\*\*"
    r"(?: \((?P<background>in the background)?(?:, )?(?:(?:stopped, )?exit code (?P<code>-?[0-9]{1,10}))?\))?"
)
_CHECK = re.compile(r"- [✓✗] .*")
_ESCAPED = re.compile(r"\\(.)|&#124;")
_SHOWS_FILE = re.compile(r"(?:[^|;&<>]*\s)?cat +[^\s|;&<>]+\s*")


@dataclass(frozen=True, slots=True)
class Fenced:
    """A fence with what stands around it: its comment, and the label where it is folded away.

    `whole` says that the fence, and what folds it, ends. `next` is the index after all of it.
    """

    fence: Element
    comment: Comment | None
    label: str | None
    whole: bool
    next: int


@dataclass(frozen=True, slots=True)
class Service:
    """The line before a command: where it ran, and how that ended."""

    name: str
    background: bool
    exit_code: int | None


def fenced(elements: Sequence[Element], at: int, end: int) -> Fenced | None:
    """Read a fence from `at`, with its comment and its `<details>`; None where there is none."""
    comment, label = None, None
    if elements[at].shape is Shape.PARAGRAPH:
        lines = elements[at].text.split("\n", 2)
        comment = comment_of(elements[at])
        folded = _DETAILS.fullmatch(lines[-1])
        label = folded["label"] if folded else None
        if len(lines) != (comment is not None) + (folded is not None):
            return None
        at += 1
    if at >= end or elements[at].shape is not Shape.FENCE:
        return None
    fence, whole = elements[at], elements[at].closed
    at += 1
    if label is not None:
        ended = at < end and elements[at].text == "</details>"
        whole, at = whole and ended, at + ended
    return Fenced(fence, comment, label, whole, at)


def comment_of(element: Element) -> Comment | None:
    """Give the comment of this project's that a paragraph begins with."""
    if element.shape is not Shape.PARAGRAPH or not element.text.startswith("<!-- "):
        return None
    found = _COMMENT.fullmatch(element.text.split("\n", 1)[0])
    if found is None or ((found["kind"] != "message") is (found["stream"] is None)):
        return None
    kind = found["kind"] or "output"
    return Comment(
        element.first_line, kind, found["step"], found["command"], found["stream"], found["sha256"], found["shown"]
    )


def service_of(element: Element) -> Service | None:
    """Read the line before a command."""
    if element.shape is not Shape.PARAGRAPH or not element.text.startswith("**"):
        return None
    found = _SERVICE.fullmatch(element.text)
    if found is None:
        return None
    code = int(found["code"]) if found["code"] else None
    return Service(unescaped(found["service"]), bool(found["background"]), code)


def is_checks(label: Element, checks: Element) -> bool:
    """Whether two elements are the checks of a step."""
    if label.text != CHECKS or checks.shape is not Shape.LIST:
        return False
    return all(map(_CHECK.fullmatch, checks.text.split("\n")))


def shows_file(command: str) -> bool:
    """Whether a command does nothing but print one file, here or in a container."""
    return _SHOWS_FILE.fullmatch(command) is not None


def unescaped(text: str) -> str:
    """Give the text that `harness.render.text.inline` escaped."""
    return _ESCAPED.sub(lambda found: found[1] or "|", text)
