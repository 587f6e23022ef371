"""A report of this project, read by its structure: certain where everything stands where the renderer puts it.

What the structure has no place for is classified by its looks, with at most half the confidence; so is an output that
follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from harness.readme import marks
from harness.readme.blocks import Block, Kind
from harness.readme.step import Step, doubtful
from harness.readme.tokens import Element, Shape, Source

_Place: TypeAlias = tuple[Kind, str, Callable[[Element], bool], bool]
"""A part of the frame: its kind, what it is, how it is known, and whether every report has it."""

SUMMARY: Final = "the summary"
"""The reason of the block that has the numbers of the run in words."""

_APPENDICES: Final = ("Invariants", "Servers", "Versions")


def _titled(title: str) -> Callable[[Element], bool]:
    return lambda element: element.shape is Shape.HEADING and element.level == 2 and element.text == title


def _shaped(shape: Shape) -> Callable[[Element], bool]:
    return lambda element: element.shape is shape


_FRONT: Final[Sequence[_Place]] = (
    (Kind.HEADING, "the report's title", lambda each: each.shape is Shape.HEADING and each.level == 1, True),
    (Kind.HEADING, "the heading of the summary", _titled("Summary"), True),
    (Kind.PROSE, SUMMARY, lambda each: each.text.startswith("All that follows was printed in one run:"), True),
    (Kind.PROSE, "the result", lambda each: marks.RESULT.fullmatch(each.text) is not None, True),
    (Kind.HEADING, "the heading of the graph", _titled("Pipeline"), False),
    (Kind.GRAPH, "the pipeline as a graph", lambda each: each.info == "mermaid", False),
    (Kind.HEADING, "the heading of the table of steps", _titled("Steps"), True),
    (Kind.TABLE, "the table of steps", _shaped(Shape.TABLE), True),
)
_END: Final[Sequence[_Place]] = (
    *(
        place
        for title in _APPENDICES
        for place in (
            (Kind.HEADING, f"the heading of the {title.lower()}", _titled(title), False),
            (Kind.TABLE, f"the table of the {title.lower()}", _shaped(Shape.TABLE), False),
        )
    ),
    (Kind.HEADING, "the heading of the last words", _titled("Run it again"), True),
    (Kind.PROSE, "the last words", lambda each: marks.FAREWELL.fullmatch(each.text) is not None, True),
)


def is_generated(elements: Sequence[Element]) -> bool:
    """Whether a report shows signs of this project: its comments, the anchor of a step, or its result."""
    return any(
        marks.comment_of(each) or marks.ANCHOR.fullmatch(each.text) or marks.RESULT.fullmatch(each.text)
        for each in elements
        if each.shape is Shape.PARAGRAPH
    )


def read_generated(source: Source) -> tuple[list[Block], list[str]]:
    """Give the blocks of a report of this project, and what it lacks."""
    elements = source.elements
    end = _start_of_end(elements)
    starts = [at for at in range(end) if _starts_step(elements, at)]
    annotated = any(marks.comment_of(each) for each in elements)
    front, problems = _fixed(elements[: starts[0] if starts else end], _FRONT)
    blocks = front
    for start, stop in zip(starts, [*starts[1:], end], strict=False):
        blocks += Step(source, start, stop, annotated).read()
    appendix, lacking = _fixed(elements[end:], _END)
    found = [_anchor(elements[start]) for start in starts]
    table = next((block.text for block in front if block.kind is Kind.TABLE), "")
    problems += _steps_that_differ(marks.LINK.findall(table), found)
    return blocks + appendix, problems + lacking


def _starts_step(elements: Sequence[Element], at: int) -> bool:
    if not marks.ANCHOR.fullmatch(elements[at].text):
        return False
    title = elements[at + 1] if at + 1 < len(elements) else None
    return title is not None and title.level == 2 and marks.TITLE.fullmatch(title.text) is not None


def _anchor(element: Element) -> str:
    found = marks.ANCHOR.fullmatch(element.text)
    return found[1] if found else ""


def _start_of_end(elements: Sequence[Element]) -> int:
    """Find what follows the steps. It is sought from the end, since a step may explain itself with any heading."""
    last = _titled("Run it again")
    at = next((at for at in reversed(range(len(elements))) if last(elements[at])), len(elements))
    for title in reversed(_APPENDICES):
        if at >= 2 and _titled(title)(elements[at - 2]) and elements[at - 1].shape is Shape.TABLE:
            at -= 2
        elif at == len(elements) and at >= 1 and _titled(title)(elements[at - 1]):
            at -= 1
    return at


def _fixed(elements: Sequence[Element], places: Sequence[_Place]) -> tuple[list[Block], list[str]]:
    """Read a part of the report whose places are fixed; give its blocks, and what is not there."""
    blocks: list[Block] = []
    lacking: list[str] = []
    at = 0
    for element in elements:
        place = next(_fitting(element, places, at), None)
        if place is None:
            blocks.append(doubtful(element, "the report has no such part here"))
            continue
        lacking += [what for _, what, _, always in places[at:place] if always]
        kind, what, _, _ = places[place]
        block = Block(kind, element.text, element.first_line, element.last_line, element.info, 1.0, what)
        blocks.append(block if element.closed else replace(block, confidence=0.5, reason=f"{what}, cut short"))
        at = place + 1
    lacking += [what for _, what, _, always in places[at:] if always]
    return blocks, [f"The report lacks {what}." for what in lacking]


def _fitting(element: Element, places: Sequence[_Place], at: int) -> Iterator[int]:
    return (index for index in range(at, len(places)) if places[index][2](element))


def _steps_that_differ(listed: Sequence[str], found: Sequence[str]) -> list[str]:
    if listed == found:
        return []
    lacking = [step for step in listed if step not in set(found)]
    if lacking:
        return [f"The table of steps names {step}, which the report lacks." for step in lacking]
    return ["The steps of the report are not those of its table of steps, in its order."]
