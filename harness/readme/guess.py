"""What the blocks of a text are that this project did not write: by content, never certain, with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from harness.outputs.text import clean
from harness.readme.blocks import Block, Kind
from harness.readme.hints import announced, shows_script
from harness.readme.piece import Numbered, Piece
from harness.readme.pieces import SHELLS, pieces
from harness.readme.rejoin import rejoined
from harness.readme.services import service_of
from harness.readme.spans import printed_in_prose, typed_in_prose
from harness.readme.tokens import Element, Shape

_PROSE: Final = {
    Shape.LIST: "a list",
    Shape.PARAGRAPH: "a paragraph",
    Shape.QUOTE: "a quotation",
    Shape.RULE: "a rule",
}
_FENCES: Final = (Shape.FENCE, Shape.CODE)


def guess(elements: Sequence[Element], first_fence: int = 1) -> Iterator[Block]:
    """Classify each element by its own looks, by the words before it, and by the block before it."""
    fence = first_fence - 1
    before: Kind | None = None
    words = ""
    for element in elements:
        if element.shape in _FENCES and element.info.partition(" ")[0].lower() != "mermaid":
            fence += 1
            blocks = list(_fence(element, fence, words, before))
            words = ""
        else:
            fence += element.shape in _FENCES
            blocks = [_other(element, fence, before)]
            words = blocks[0].text if blocks[0].kind in (Kind.PROSE, Kind.HEADING) else ""
        for block in blocks:
            if not element.closed:
                reason = f"{block.reason}; its fence is never closed"
                block = replace(block, confidence=min(block.confidence, 0.3), reason=reason)
            if block.kind is not Kind.PROSE or element.shape in _FENCES:
                before = block.kind
            yield block


def _other(element: Element, fence: int, before: Kind | None) -> Block:
    """Make a block of an element that is no fence; it may hold a command or an output all the same."""

    def made(kind: Kind, confidence: float, reason: str) -> Block:
        return Block(kind, element.text, element.first_line, element.last_line, element.info, confidence, reason)

    typed = typed_in_prose(element)
    if typed:
        block = made(Kind.COMMAND, typed.confidence, typed.reason)
        return shaped(block, typed.lines, typed.form)
    shown = printed_in_prose(element, before is Kind.COMMAND)
    if shown:
        return shaped(made(Kind.OUTPUT, shown.confidence, shown.reason), shown.lines, shown.form)
    if element.shape is Shape.HEADING:
        return made(Kind.HEADING, 0.95, "a heading of Markdown")
    if element.shape is Shape.TABLE:
        return made(Kind.TABLE, 0.9, "a table of Markdown")
    if element.shape in _FENCES:
        return replace(made(Kind.GRAPH, 0.9, "a fence for Mermaid"), fence=fence)
    return made(Kind.PROSE, 0.9, _PROSE[element.shape])


def _fence(element: Element, fence: int, words: str, before: Kind | None) -> Iterator[Block]:
    inside = element.first_line + (element.shape is Shape.FENCE)
    shown = clean(element.text) if "\x1b" in element.text else element.text
    lines: Numbered = list(enumerate(shown.replace("\xa0", " ").split("\n"), inside))
    found = pieces(lines, element.info)
    for at, piece in enumerate(found):
        decided = _decided(piece, element.info, words if at == 0 else "", before if at == 0 else found[at - 1].kind)
        first = piece.lines[0][0] if at and piece.lines else element.first_line
        last = found[at + 1].lines[0][0] - 1 if at + 1 < len(found) else element.last_line
        text = (
            element.text
            if len(found) == 1
            else "\n".join(element.text.split("\n")[first - inside + (at == 0) : last - inside + 1])
        )
        block = Block(decided.kind, text, first, last, element.info, decided.confidence, decided.reason, fence=fence)
        block = shaped(block, decided.lines, decided.form)
        if len(found) == 1 and element.shape is Shape.FENCE and block.content == element.text:
            block = replace(block, content="", lines=())
        yield block


def shaped(block: Block, lines: Numbered, form: str) -> Block:
    """Give a block the lines it was made of, as they were typed or printed, and its form."""
    if block.kind in (Kind.OUTPUT, Kind.LISTING):
        lines = rejoined(lines, form)
    content = "\n".join(text for _, text in lines)
    numbers = tuple(number for number, _ in lines) if content else ()
    service = service_of(content) if block.kind is Kind.COMMAND and form == "shell" else None
    background = block.kind is Kind.COMMAND and content.rstrip().endswith("&") and not content.rstrip().endswith("&&")
    return replace(block, content=content, lines=numbers, form=form, service=service, background=background)


def _shows(piece: Piece) -> bool:
    """Whether a piece is one command that prints a file: then the words before it speak of what it prints."""
    filled = [text.split() for text in piece.texts if text.strip()]
    return len(filled) == 1 and bool({"cat", "less", "more", "head", "tail", "vi", "vim", "nano"} & set(filled[0]))


def _is_path(piece: Piece) -> bool:
    words = " ".join(piece.texts).split()
    return len(words) == 1 and words[0].startswith(("/", "~/"))


def _decided(piece: Piece, info: str, words: str, before: Kind | None) -> Piece:
    """Decide by what stands around where the piece alone does not tell."""
    language = info.strip("{}. ").partition(" ")[0].lower()
    hint = announced(words)
    if piece.sure:
        written = piece.kind is Kind.COMMAND and piece.form in ("shell", "sql")
        if written and shows_script(words) and not _shows(piece):
            return replace(
                piece, kind=Kind.LISTING, confidence=0.6, reason="commands, announced as the contents of a script"
            )
        return piece
    if hint is Kind.OUTPUT:
        return replace(piece, confidence=0.7, reason="the words before it announce an output")
    if language in SHELLS and before is not Kind.COMMAND and not _is_path(piece):
        return replace(piece, kind=Kind.COMMAND, form="shell", confidence=0.6, reason="a fence for a shell")
    if hint is Kind.LISTING:
        return replace(
            piece, kind=Kind.LISTING, confidence=0.6, reason="the words before it announce a file's contents"
        )
    if before is Kind.COMMAND:
        return replace(piece, confidence=0.7, reason="a plain fence after a command")
    if hint is Kind.COMMAND and any(text.strip() for text in piece.texts):
        return replace(
            piece, kind=Kind.COMMAND, form="shell", confidence=0.5, reason="the words before it announce a command"
        )
    return replace(piece, confidence=0.4, reason="a plain fence that follows no command")
