"""A comparison as text for a terminal; everything captured is taken for hostile."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from harness.check.facts import ABSENT, Side
from harness.check.findings import Command, Comparison, Difference, Kind
from harness.normalise import all_rules
from harness.render.history import fold
from harness.render.text import plural, visible

MOST: Final = 20
"""Differences shown of one step."""

_STORED: Final = (Kind.STORED_IN_EXPECTED, Kind.STORED_IN_ACTUAL)
_LONGEST: Final = 160
_CONTEXT: Final = 40
"""Characters of a long value, and how many of them stand before the first one that differs."""


def show(found: Comparison, until: float | None = None) -> str:
    """Give the differences by step and command, what was masked, and the result in one line.

    After `until` on the monotonic clock, a step's differences are counted and no longer shown, and that is said.
    """
    lines: list[str] = []
    counted = False
    for step, differences in _by_step(found.differences):
        if until is not None and time.monotonic() > until:
            counted = True
            commands = len({each.command for each in differences if each.command})
            lines.append(f"{_heading(step)}: {plural(len(differences), 'difference')} in {plural(commands, 'command')}")
        else:
            lines += [*_step(step, differences), ""]
    if counted:
        lines += ["The time limit is over: from there on differences are only counted.", ""]
    if found.sources:
        lines += [*(f"source changed: {_line(path)}" for path in found.sources), ""]
    masked = list(_masked(found))
    if masked:
        lines += ["Masked by rules (values expected, got):", *masked, ""]
    return "\n".join([*lines, _result(found)]) + "\n"


def show_some(differences: Sequence[Difference]) -> str:
    """Give a few differences of one step under its name."""
    return "\n".join(line for step, group in _by_step(differences) for line in _step(step, group)) + "\n"


def _by_step(differences: Sequence[Difference]) -> Iterator[tuple[str | None, list[Difference]]]:
    for step, group in groupby(differences, key=lambda each: each.step):
        yield step, list(group)


def _step(step: str | None, differences: Sequence[Difference]) -> Iterator[str]:
    """Give a step's lines; its commands in the order in which they first differ."""
    yield _heading(step)
    by_command: dict[Command | None, list[Difference]] = {}
    for each in differences[:MOST]:
        by_command.setdefault(each.command, []).append(each)
    for command, group in by_command.items():
        if command:
            yield f"  {_line(command.id)} on {_line(command.service)}: {_line(fold(command.text))}"
        for each in group:
            yield f"  {'  ' if command else ''}{difference(each)}"
    if len(differences) > MOST:
        yield f"  … {plural(len(differences) - MOST, 'more difference')}"


def _heading(step: str | None) -> str:
    return "Invariants" if step is None else f"Step {_line(step)}"


def difference(found: Difference) -> str:
    """Give one difference on one line: the field, what was expected, what came."""
    if found.command and found.field == "command":
        return f"command: only the {'expected' if found.actual is ABSENT else 'actual'} record has it"
    expected, actual = _values(found.expected, found.actual)
    field = _line(found.field)
    if found.kind not in _STORED:
        return f"{field}: expected {expected}, got {actual}"
    record = "expected" if found.kind is Kind.STORED_IN_EXPECTED else "actual"
    return f"{field}: the output gives {expected}, the {record} record stores {actual}"


def _masked(found: Comparison) -> Iterator[str]:
    """Give one line for each rule that was applied, in the order of the rules."""
    width = max(len(rule.name) for rule in all_rules())
    for rule in all_rules():
        masks = [mask for mask in found.masks if mask.rule == rule.name]
        if masks:
            counts = f"{sum(mask.expected for mask in masks):,}, {sum(mask.actual for mask in masks):,}"
            yield f"  {rule.name:<{width}}  {counts:>9}  in {plural(len(masks), 'command')}: {rule.why}"


def _result(found: Comparison) -> str:
    compared = f"{plural(found.steps, 'step')}, {plural(found.commands, 'command')}"
    if found.without_facts:
        compared += f" ({found.without_facts} by exit code alone)"
    compared += f" and {plural(found.invariants, 'invariant')} compared"
    if found.equal:
        return f"Equal: {compared}."
    stored = sum(each.kind in _STORED for each in found.differences)
    edited = f", {stored} of them facts that a record stores and its output does not give" if stored else ""
    return f"{plural(len(found.differences), 'difference')}{edited}; {compared}."


def _values(expected: Side, actual: Side) -> tuple[str, str]:
    """Give two values as JSON, so that "20" and 20 differ; of long ones the part where they begin to differ."""
    texts = [_json(side) for side in (expected, actual)]
    equal = next((at for at, signs in enumerate(zip(*texts, strict=False)) if signs[0] != signs[1]), 0)
    start = max(0, equal - _CONTEXT)
    one, other = (_cut(text, start) for text in texts)
    return one, other


def _json(side: Side) -> str:
    return "nothing" if side is ABSENT else json.dumps(side, ensure_ascii=False, default=dict)


def _cut(text: str, start: int) -> str:
    if len(text) <= _LONGEST:
        return visible(text)
    shown = text[start : start + _LONGEST]
    after = len(text) - start - len(shown)
    left_out = f"… {plural(after, 'more character')}" if after else ""
    return f"{'…' if start else ''}{visible(shown)}{left_out}"


def _line(text: str) -> str:
    """Give a name or a command on one line; what only sets colours shows too."""
    return _cut(" ".join(text.split("\n")).replace("\x1b", "\\x1b"), 0)
