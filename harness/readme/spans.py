"""Commands that stand in no fence: a paragraph or a heading that is one, with or without back quotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from harness.readme.forms import form_of, printed_form
from harness.readme.piece import Numbered
from harness.readme.prompts import prompt
from harness.readme.statements import Start, end_of_shell, end_of_sql, starts_shell, starts_sql
from harness.readme.tokens import Element, Shape

_LONGEST: Final = 16_384
_PLAIN: Final = frozenset({"access_log", "hdfs_ls", "json_lines"})


@dataclass(frozen=True, slots=True)
class Span:
    """A command outside of fences: its lines with their numbers, its form, and how sure that is."""

    form: str
    lines: Numbered
    confidence: float
    reason: str


def typed_in_prose(element: Element) -> Span | None:
    """Give the command that a paragraph or a heading is, or None where it is anything else."""
    if element.shape not in (Shape.PARAGRAPH, Shape.HEADING) or len(element.text) > _LONGEST:
        return None
    text = element.text.strip()
    what = "a heading" if element.shape is Shape.HEADING else "a paragraph"
    if text.startswith("`") and text.endswith("`") and len(text) > 2:
        inner = text.strip("`").strip()
        if "`" in inner:
            return None
        found = prompt(inner)
        texts = [found.typed if found else inner.split("\n")[0], *inner.split("\n")[1:]]
        lines = list(enumerate(texts, element.first_line))
        form = found.form if found and found.typed else _form(texts, quoted=True)
        return Span(form, lines, 0.85, f"{what} that is nothing but a command in back quotes") if form else None
    texts = [line.strip(" ") if at == 0 else line for at, line in enumerate(element.text.split("\n"))]
    found = prompt(texts[0])
    if found and found.typed and found.form != "redis":
        lines = list(enumerate([found.typed, *texts[1:]], element.first_line))
        return Span(found.form, lines, 0.85, f"{what} that begins with a prompt of {found.form}")
    form = _form(texts)
    if not form or (form == "sql" and not text.endswith(";")):
        return None
    return Span(form, list(enumerate(texts, element.first_line)), 0.75, f"{what} that is nothing but commands")


def printed_in_prose(element: Element, after_command: bool) -> Span | None:
    """Give the output that a paragraph, a quotation or a table is, or None where it is anything else."""
    if element.shape is Shape.TABLE:
        return _table(element) if after_command else None
    if element.shape not in (Shape.PARAGRAPH, Shape.QUOTE):
        return None
    lines = [(number, _bare(text)) for number, text in enumerate(element.text.split("\n"), element.first_line)]
    filled = [text for _, text in lines if text.strip()]
    form, _ = printed_form(filled)
    shown = sum(form_of(text) in _PLAIN for text in filled)
    if form in _PLAIN and shown >= 0.8 * len(filled):
        return Span(form, lines, 0.8, f"its lines are those that {form} prints, in no fence")
    short = all(len(text) <= 60 and ". " not in text for text in filled)
    if element.shape is Shape.QUOTE and after_command and short and len(filled) <= 5:
        return Span(form, lines, 0.6, "a quotation after a command")
    return None


def _table(element: Element) -> Span:
    """Give a table of Markdown after a query as the query's client prints one."""
    lines = []
    for number, text in enumerate(element.text.split("\n"), element.first_line):
        bare = text.strip()
        inner = bare.removeprefix("|").removesuffix("|")
        rule = not bare.strip("|-: +") and "-" in bare
        lines.append((number, inner.replace("|", "+").replace(" ", "-").replace(":", "-") if rule else inner))
    return Span("presto", lines, 0.7, "a table of Markdown after a query")


def _bare(text: str) -> str:
    text = text.strip().lstrip(">").strip()
    return text.removesuffix("<br>").rstrip() if text.endswith("<br>") else text


def _is_path(text: str) -> bool:
    return text.startswith(("/", "~/")) and len(text.split()) == 1


def _form(texts: Sequence[str], quoted: bool = False) -> str:
    """Give the form of lines that are statements of one form from the first to the last, or ""."""
    form = ""
    at = 0
    while at < len(texts):
        start = starts_shell(texts[at])
        if start is Start.SURE or (start is Start.MAYBE and (quoted or form == "shell") and not _is_path(texts[at])):
            here, at = "shell", end_of_shell(texts, at)
        elif starts_sql(texts[at]):
            here, at = "sql", end_of_sql(texts, at)
        elif form == "shell" and texts[at].strip().startswith("#"):
            here, at = "shell", at + 1
        else:
            return ""
        if form and here != form:
            return ""
        form = here
    return form
