"""Captured text made safe to show: every output is taken for hostile.

Three places want three forms: a fence (`fence`), running Markdown and table cells (`inline`, `code`), and HTML
(`html.escape` after `visible`). Control characters are shown as escapes in all of them.
"""

from __future__ import annotations

import hashlib
import html
import json
import re

from harness.model import Fact

MAX_LINES = 400
MAX_CHARACTERS = 60_000

_LONGEST_LINE = 4_000
_LONGEST_VALUE = 200

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but for tab and line feed, DEL, C1
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"  # bidirectional controls, unusual line ends, zero width
    "\ud800-\udfff\ufffe\uffff]"  # no characters at all
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_MARKUP = re.compile(r"[\\`*\[\]<>&~$#]|(?<![^\W_])_|_(?![^\W_])")


def visible(text: str) -> str:
    r"""Show control characters as escapes (`\x1b`), bytes that were not UTF-8 as `\xff`; CR LF becomes LF.

    What only sets colours is left out: a terminal shows the text without it.
    """
    return _INVISIBLE.sub(_escape, _COLOUR.sub("", text).replace("\r\n", "\n"))


def digest(text: str) -> str:
    """Give the sha256 of a captured text, whole and as it came: the same as of the bytes that were printed."""
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()


def inline(text: str) -> str:
    """Escape text for running Markdown, headings and table cells; it stays on one line."""
    text = _MARKUP.sub(r"\\\g<0>", " ".join(visible(text).split()))
    return text.replace("|", "&#124;")


def code(text: str) -> str:
    """Give text as code inside a line or a table cell."""
    text = " ".join(visible(text).split("\n"))
    if text.strip() and not set(text) & {"`", "|"}:
        return f"`{text}`" if text == text.strip() else f"` {text} `"
    return f"<code>{''.join(f'&#{ord(sign)};' if not sign.isalnum() else sign for sign in text)}</code>"


def plain_value(fact: Fact) -> str:
    """Give a fact as JSON, so that "20" and 20 differ, cut where it is long."""
    text = json.dumps(fact, ensure_ascii=False, sort_keys=True, default=dict)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def value(fact: Fact) -> str:
    """Give a fact as code for Markdown."""
    return code(plain_value(fact))


def fence(text: str, info: str) -> str:
    """Give a fenced block that nothing in the text can close."""
    text = shorten(visible(text)).removesuffix("\n")
    ticks = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{ticks}{info}\n{text}\n{ticks}"


def shorten(text: str) -> str:
    """Cut a long text in its middle, between lines, and say there how many lines are left out."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) <= MAX_LINES and len(text) <= MAX_CHARACTERS:
        return text
    lines = [_cut(line) for line in lines]
    head = _fitting(lines)
    tail = _fitting(lines[len(head) :][::-1])[::-1]
    left_out = len(lines) - len(head) - len(tail)
    note = [f"… {plural(left_out, 'line')} left out here; the record has all …"] if left_out else []
    return "\n".join([*head, *note, *tail])


def lines_of(text: str) -> int:
    """Count the lines of a text, whether or not the last one is ended."""
    return text.removesuffix("\n").count("\n") + 1 if text else 0


def plural(number: int, noun: str) -> str:
    """Give `1 step`, `2 steps`, `3 batches`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun}{'es' if noun.endswith(('ch', 's')) else 's'}"


def summary_html(text: str) -> str:
    """Escape text for a `<summary>`, where Markdown is not read."""
    return html.escape(" ".join(visible(text).split()))


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    if 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number - 0xDC00:02x}"
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def _cut(line: str) -> str:
    rest = len(line) - _LONGEST_LINE
    return line if rest <= 0 else f"{line[:_LONGEST_LINE]}… {plural(rest, 'character')} left out"


def _fitting(lines: list[str]) -> list[str]:
    """Give the first lines that take half of what may be shown."""
    room = MAX_CHARACTERS // 2
    for number, line in enumerate(lines[: MAX_LINES // 2]):
        room -= len(line) + 1
        if room < 0:
            return lines[:number]
    return lines[: MAX_LINES // 2]
