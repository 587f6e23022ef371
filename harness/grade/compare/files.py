"""Files that a report shows with a command: the rerun's command shows the same text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.grade.checks.context import is_cut, text
from harness.grade.compare.model import Group
from harness.grade.compare.said import excused, same, unchecked, unlike
from harness.grade.model import Finding, Weight
from harness.grade.rerun.model import Ran
from harness.outputs.text import lines

CHECK: Final = "rerun-file"
_PRINTERS: Final = frozenset({"cat", "head", "less", "more", "tail"})


def compare(group: Group) -> Iterator[Finding]:
    """Compare each file shown with what the rerun printed, line by line, but for blanks at the ends of lines."""
    ends = [view for view in group.ends() if view.capture.stdout.strip() and _prints(view.ran)]
    again = [_lines(view.capture.stdout) for view in ends]
    for one in group.shown:
        printed = one.block.printed()
        line = printed[0][0]
        shown = _lines(text(one.block))
        if not shown or not again:
            yield unchecked(CHECK, one.block, line, "The rerun printed no file to compare this one with.")
            continue
        known = {each for other in again for each in other}
        new = next(((at, each) for at, each in printed if each.strip() and each.rstrip() not in known), None)
        if shown in again or "\n".join(shown) in max(("\n".join(other) for other in again), key=len):
            yield same(CHECK, one.block, line, f"The rerun shows the same {len(shown)} lines.", len(shown))
        elif new is None:
            message = "Every line of the file is in the rerun's, but not all are in this order."
            yield excused(CHECK, one.block, line, message, (len(again[0]), len(shown)), ends[0].ran)
        elif is_cut(group.submission, one.place):
            yield unchecked(CHECK, one.block, line, "The report does not show the whole file.")
        else:
            message = f"The rerun's file has no line {new[1].strip()[:80]!r}."
            text_of = next((each for each in again[0] if each not in shown), "")
            values = (text_of.strip()[:120], new[1].strip()[:120])
            yield unlike(CHECK, one.block, new[0], message, values, ends[0].ran, text_of, Weight.WARNING)


def _prints(ran: Ran) -> bool:
    return any(program.name in _PRINTERS for program in ran.typed.programs)


def _lines(printed: str) -> list[str]:
    return [line.rstrip() for line in lines(printed) if line.strip()]
