"""The review of an approval: by names, all at once, or one by one on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import click

from harness.check.approve import Item
from harness.check.show import show_some
from harness.errors import UsageError

_ANSWERS: Final = {"a": "accept", "r": "reject", "s": "skip", "q": "quit"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What was accepted, and what was left open: skipped, or not asked before the end. The rest was rejected."""

    accepted: tuple[Item, ...]
    left: tuple[Item, ...]


def on_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def by_name(items: Sequence[Item], names: Sequence[str]) -> Decision:
    """Accept the named items. Raises UsageError for a name that no item has."""
    if unknown := sorted({*names} - {item.name for item in items}):
        wanted = ", ".join(item.name for item in items) or "nothing: the records agree"
        raise UsageError(f"No difference is named {', '.join(unknown)}.", wanted=f"among {wanted}")
    return Decision(
        tuple(item for item in items if item.name in names), tuple(item for item in items if item.name not in names)
    )


def ask(items: Sequence[Item]) -> Decision:
    """Show each item and ask; after `quit` the rest is left open."""
    accepted: list[Item] = []
    left: list[Item] = []
    for number, item in enumerate(items, 1):
        click.echo(f"\n{number} of {len(items)}: {item.name!r}")
        click.echo(show_some(item.differences), nl=False)
        answer = click.prompt(
            "[a]ccept, [r]eject, [s]kip, [q]uit",
            type=click.Choice([*_ANSWERS, *_ANSWERS.values()], case_sensitive=False),
            show_choices=False,
        )
        answer = _ANSWERS.get(answer, answer)
        if answer == "quit":
            left += items[number - 1 :]
            break
        if answer != "reject":
            (accepted if answer == "accept" else left).append(item)
    return Decision(tuple(accepted), tuple(left))
