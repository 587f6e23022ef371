"""Captured text is hostile, and every form it is shown in is safe."""

from __future__ import annotations

import hashlib

import pytest
from markdown_it import MarkdownIt

from harness.render.text import MAX_CHARACTERS, MAX_LINES, code, digest, fence, inline, shorten, value, visible

HOSTILE = [
    "``` \n# a heading\n",
    "````````\n</details>\n",
    "~~~\n<script>alert(1)</script>\n",
    "a | b\n| --- |\n",
    "a \\| b \\\\| c`|",
    "<!-- \n-->\n[x](javascript:alert(1)) ![x](y) **bold** _it_ `code` & &amp; \\",
    "\x1b[2Jred\x1b[0m\r\nnext\rback\x00\x7f\x9b",
    "\u202eevil\u2066 \u2028 \ufeff",
    b"\xff\xfe".decode(errors="surrogateescape") + "\ud800",
    "    indented\n\n\n- item\n1. one\n",
    "",
]


def tokens(markdown: str) -> list[tuple[str, str]]:
    parser = MarkdownIt("commonmark").enable("table")
    return [(each.type, each.content) for token in parser.parse(markdown) for each in [token, *(token.children or ())]]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_fence_holds_the_text_and_nothing_escapes_from_it(text: str) -> None:
    seen = tokens(f"before\n\n{fence(text, 'text')}\n\nafter")
    shown = visible(text).removesuffix("\n") + "\n"
    assert [content for kind, content in seen if kind == "fence"] == [shown]
    assert {kind for kind, _ in seen} == {"paragraph_open", "inline", "text", "paragraph_close", "fence"}


@pytest.mark.parametrize("text", HOSTILE)
def test_running_text_stays_text_on_one_line(text: str) -> None:
    seen = tokens(f"x {inline(text)} x")
    assert {kind for kind, _ in seen} <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}
    plain = "".join(content for kind, content in seen if kind.startswith("text"))
    assert plain.split() == ["x", *visible(text).split(), "x"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("escape", [inline, code, value])
def test_a_table_cell_holds_any_text(text: str, escape: type) -> None:
    seen = tokens(f"| a | b |\n| --- | --- |\n| {escape(text)} | end |\n\nafter")
    cells = [content for kind, content in seen if kind == "inline"]
    assert cells[2:] == [escape(text).strip(), "end", "after"]
    assert {kind for kind, _ in seen} & {
        "fence",
        "heading_open",
        "link_open",
        "image",
        "html_block",
        "strong_open",
    } == set()
    assert {content for kind, content in seen if kind == "html_inline"} <= {"<code>", "</code>"}


def test_control_characters_are_shown_and_nothing_else_is_changed() -> None:
    assert visible("\x1b[2K\r\n\ta\rb\x00 é 漢 😀") == "\\x1b[2K\n\ta\\x0db\\x00 é 漢 😀"
    assert visible(b"\xe9".decode(errors="surrogateescape")) == "\\xe9"


def test_strings_and_numbers_are_told_apart() -> None:
    assert (value(20), value("20"), value(None)) == ("`20`", '`"20"`', "`null`")


def test_a_name_within_a_word_keeps_its_underscore() -> None:
    assert inline("purchase_sword _x_") == r"purchase_sword \_x\_"


def test_the_digest_is_that_of_the_bytes_printed() -> None:
    printed = b"caf\xe9\r\n"
    assert digest(printed.decode(errors="surrogateescape")) == hashlib.sha256(printed).hexdigest()


def test_a_text_at_the_limit_is_shown_whole() -> None:
    text = "x\n" * MAX_LINES
    assert shorten(text) == text


@pytest.mark.parametrize("lines", [MAX_LINES + 1, 10_000])
def test_many_lines_lose_their_middle_and_say_how_many(lines: int) -> None:
    text = "".join(f"{number}\n" for number in range(lines))
    shown = shorten(text).split("\n")
    assert (shown[0], shown[-1], len(shown)) == ("0", str(lines - 1), MAX_LINES + 1)
    noun = "line" if lines == MAX_LINES + 1 else "lines"
    assert shown[MAX_LINES // 2] == f"… {lines - MAX_LINES:,} {noun} left out here; the record has all …"


def test_wide_lines_are_cut_to_the_same_limit() -> None:
    shown = shorten("\n".join(["a" * 9_000] * 100))
    assert len(shown) < MAX_CHARACTERS + 2_000
    assert "86 lines left out" in shown
    assert "… 5,000 characters left out" in shown


def test_one_endless_line_is_cut() -> None:
    assert len(shorten("a" * 10_000_000)) < 5_000


def test_what_only_sets_colours_is_left_out() -> None:
    assert visible("\x1b[31m\x1b[1mWARNING\x1b[0m: on\x1b[m") == "WARNING: on"
