"""What a block may be in a text that this project did not write: never certain, always with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.readme.blocks import Block, Kind
from harness.readme.tokens import Element, Shape

_SHELLS: Final = frozenset({"bash", "console", "sh", "shell", "shell-session", "shellsession", "zsh"})
_PLAIN: Final = frozenset({"", "log", "output", "text", "txt"})
_PROSE: Final = {
    Shape.LIST: "a list",
    Shape.PARAGRAPH: "a paragraph",
    Shape.QUOTE: "a quotation",
    Shape.RULE: "a rule",
}


def guess(elements: Sequence[Element]) -> Iterator[Block]:
    """Classify each element by its own looks and by the block before it."""
    before: Kind | None = None
    for element in elements:
        kind, confidence, reason = _looks(element, before)
        if not element.closed:
            confidence, reason = min(confidence, 0.3), f"{reason}; its fence is never closed"
        yield Block(kind, element.text, element.first_line, element.last_line, element.info, confidence, reason)
        before = kind


def _looks(element: Element, before: Kind | None) -> tuple[Kind, float, str]:
    if element.shape is Shape.HEADING:
        return Kind.HEADING, 0.95, "a heading of Markdown"
    if element.shape is Shape.TABLE:
        return Kind.TABLE, 0.9, "a table of Markdown"
    if element.shape in _PROSE:
        return Kind.PROSE, 0.9, _PROSE[element.shape]
    language = element.info.partition(" ")[0].lower()
    if language == "mermaid":
        return Kind.GRAPH, 0.9, "a fence for Mermaid"
    if element.text.startswith("$ "):
        return Kind.COMMAND, 0.7, "its first line has a shell's prompt"
    if language in _SHELLS:
        return Kind.COMMAND, 0.8, "a fence for a shell"
    if language not in _PLAIN:
        return Kind.LISTING, 0.6, f"a fence that names a language, {language}"
    if before is Kind.COMMAND:
        return Kind.OUTPUT, 0.7, "a plain fence after a command"
    return Kind.OUTPUT, 0.4, "a plain fence that follows no command"
