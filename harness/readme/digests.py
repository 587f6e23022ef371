"""The digests of a report against the texts that it shows.

A fence shows an output without the end of its last line, with control characters as escapes, LF for CR LF, no colours,
and shortened where it is long (`harness.render.text`). Which of these took place cannot be seen. So the few likely
readings are tried, and the one with the right digest is the output as it was captured. Colours and lines that were left
out do not come back; there the digest of the text that is shown decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.readme.blocks import Block, Comment, Finding, Kind
from harness.render.readme import excerpt_of, fence_text
from harness.render.text import digest

_ESCAPE = re.compile(r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})")
_BYTE = 0xDC00
"""What Python adds to a byte that was not UTF-8."""

_LEFT_OUT = re.compile(
    r"^… [\d,]+ lines? left out here; the record has all …$|… [\d,]+ characters? left out$", re.MULTILINE
)


def originals(shown: str) -> Iterator[str]:
    """Give the outputs of which a fence may show this text, the likeliest first; few, whatever the text is."""
    whole = f"{shown}\n"
    yield whole
    yield shown
    head, blank, body = whole.partition("\n\n")
    for text in dict.fromkeys((shown, _unescaped(shown, bytes_from=0x80), _unescaped(shown, bytes_from=0xA0))):
        if text is not shown:
            yield f"{text}\n"
            yield text
        lines = text.replace("\n", "\r\n")
        yield f"{lines}\r\n"
        yield lines
    if blank:  # the head of an HTTP answer, as curl -i prints it
        answer = head.replace("\n", "\r\n") + "\r\n\r\n" + body
        yield answer
        yield answer.removesuffix("\n")


def check(blocks: Sequence[Block]) -> tuple[list[Block], list[Finding], int]:
    """Give the blocks with what their digests prove, the texts that differ, and how many digests there were."""
    checked: list[Block] = []
    findings: list[Finding] = []
    count = 0
    source: Block | None = None
    for block in blocks:
        comment = block.comment
        if block.kind is Kind.COMMAND:
            source = None
        elif comment and comment.sha256:
            count += 1
            block, finding = _output(block, comment, comment.sha256)
            findings += [finding] if finding else []
            source = block
        elif block.kind is Kind.EXCERPT and comment and source and source.original is not None:
            wanted = fence_text(excerpt_of(source.original))
            if wanted != block.text:
                findings.append(_finding(comment, digest(wanted), digest(block.text)))
        checked.append(block)
    return checked, findings, count


def _output(block: Block, comment: Comment, sha256: str) -> tuple[Block, Finding | None]:
    shown = digest(block.text) if comment.shown else None
    if shown != comment.shown:
        finding = _finding(comment, str(comment.shown), str(shown))
        return replace(block, unproven="the text is not the one that was shown"), finding
    for text in originals(block.text):
        if digest(text) == sha256:
            return replace(block, original=text), None
    if shown:
        return replace(block, unproven=_why_not(block.text)), None
    return replace(block, unproven="the text has another digest"), _finding(comment, sha256, digest(f"{block.text}\n"))


def _why_not(shown: str) -> str:
    if _LEFT_OUT.search(shown):
        return "parts of the output are left out here; what is shown agrees with its own digest"
    return "colours or control characters are not shown as they were; what is shown agrees with its own digest"


def _finding(comment: Comment, expected: str, actual: str) -> Finding:
    return Finding(comment.line, comment.step, comment.command, comment.stream, expected, actual)


def _unescaped(shown: str, bytes_from: int) -> str:
    r"""Undo escapes. From `bytes_from` on `\x..` is a byte that was not UTF-8, below it a control character."""

    def character(found: re.Match[str]) -> str:
        number = int(found[1] or found[2], 16)
        return chr(number + _BYTE if found[1] and number >= bytes_from else number)

    return _ESCAPE.sub(character, shown)
