"""The pieces of one fence: the commands in it, what they printed, and the sources it shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from harness.readme.blocks import Kind
from harness.readme.forms import form_of, is_compose, is_history, is_python, printed_form
from harness.readme.piece import Numbered, Piece, trimmed
from harness.readme.prompted import prompted
from harness.readme.prompts import prompt
from harness.readme.statements import Start, end_of_shell, end_of_sql, is_word, runs_on, starts_shell, starts_sql

SHELLS: Final = frozenset({"bash", "console", "sh", "shell", "shell-session", "shellsession", "zsh", "terminal"})
_SOURCES: Final = {
    "dockerfile": "dockerfile", "hcl": "hcl", "html": "html", "ini": "ini", "java": "java", "javascript": "javascript",
    "js": "javascript", "makefile": "makefile", "py": "python", "python": "python", "python3": "python", "r": "r",
    "scala": "scala", "toml": "toml", "yaml": "yaml", "yml": "yaml",
}  # fmt: skip


_APART: Final = ("ab", "access_log", "hdfs_ls", "json_lines", "spark")
_OWN: Final = ("ab", "compose_ps", "hdfs_ls", "access_log", "flask", "kafka_topics")
"""Forms that no source and no other output looks like."""


def pieces(lines: Numbered, info: str = "") -> list[Piece]:
    """Take a fence apart. There is at least one piece, also of an empty fence; no line of a kind gets lost."""
    texts = [text for _, text in lines]
    language = info.strip("{}. ").partition(" ")[0].lower()
    prompts = [prompt(text) for text in texts]
    if any(prompts):
        first = next(at for at, found in enumerate(prompts) if found)
        before = pieces(lines[:first], info) if any(text.strip() for text in texts[:first]) else []
        return before + prompted(lines[first:], prompts[first:])
    whole = _whole(lines, texts, language)
    if whole:
        return [whole]
    return [part for piece in _merged(_typed_and_printed(lines, language in SHELLS)) for part in _runs(piece)]


def _whole(lines: Numbered, texts: Sequence[str], language: str) -> Piece | None:
    """Give the fence as one source or output, where all of it is."""
    first = next((text.strip() for text in texts if text.strip()), "")
    if first.startswith("#!") and "python" not in first:
        return Piece(Kind.LISTING, "shell", lines, 0.9, "its first line names the shell that runs a script")
    if language == "json":
        return Piece(Kind.OUTPUT, "json_lines", lines, 0.8, "a fence for JSON")
    if not first:
        return Piece(Kind.PROSE, "", lines, 0.5, "a fence with nothing in it")
    form, share = printed_form(texts)
    started = starts_shell(first) is Start.SURE and not (language in _SOURCES and is_word(first))
    if form in _OWN and share >= 0.6 and not started:
        return Piece(Kind.OUTPUT, form, lines, 0.95, f"its lines are those that {form} prints")
    if is_python(texts) and not started and (share < 0.5 or form not in ("json_lines", "spark", "presto")):
        return Piece(Kind.LISTING, "python", lines, 0.9, "its lines are Python source")
    if is_compose(texts) and not started:
        return Piece(Kind.LISTING, "yaml", lines, 0.9, "its lines are those of a compose file")
    if language in ("sql", "hiveql", "hql", "presto", "plsql") and not started and share < 0.2:
        return Piece(Kind.COMMAND, "sql", trimmed(lines), 0.8, "a fence for SQL")
    if is_history(texts):
        return Piece(Kind.OUTPUT, "history", lines, 0.9, "its lines are numbered as a shell's history")
    if form and share >= 0.5 and not started and not starts_sql(first):
        return Piece(Kind.OUTPUT, form, lines, 0.9, f"its lines are those that {form} prints")
    if language in _SOURCES and not started:
        return Piece(Kind.LISTING, _SOURCES[language], lines, 0.7, f"a fence that names a language, {language}")
    return None


def _typed_and_printed(lines: Numbered, shell: bool) -> Iterator[Piece]:
    """Give the commands of a fence without prompts and what stands between them, each statement on its own."""
    texts = [text for _, text in lines]
    least = Start.MAYBE if shell else Start.SURE
    seen = False
    at = 0
    while at < len(texts):
        text = texts[at]
        start = starts_shell(text)
        if start.value >= least.value or (start is Start.MAYBE and (seen or _next_is_sure(texts, at))):
            end = end_of_shell(texts, at)
            while end < len(texts) and runs_on(texts[end]):
                end = end_of_shell(texts, end)
            reason = "its first word is a program's name" if start is Start.SURE else "it looks like a shell's command"
            yield Piece(Kind.COMMAND, "shell", lines[at:end], 0.9 if start is Start.SURE else 0.6, reason)
            at, seen = end, True
        elif starts_sql(text):
            end = end_of_sql(texts, at)
            yield Piece(Kind.COMMAND, "sql", lines[at:end], 0.85, "a statement of SQL")
            at, seen = end, True
        elif text.startswith("#!"):
            yield Piece(Kind.LISTING, "shell", lines[at:], 0.8, "a script, from the line that names its shell")
            return
        elif text.strip().startswith("#") and not text.strip().startswith("#!") and _next_is_sure(texts, at):
            yield Piece(Kind.COMMAND, "shell", lines[at : at + 1], 0.8, "a comment before a command")
            at += 1
        else:
            yield Piece(Kind.OUTPUT, "", lines[at : at + 1], 0.5, "no command", False)
            at += 1


def _next_is_sure(texts: Sequence[str], at: int) -> bool:
    for text in texts[at + 1 : at + 6]:
        if text.strip() and not text.strip().startswith("#"):
            return starts_shell(text) is not Start.NO or starts_sql(text)
    return False


def _merged(parts: Iterator[Piece]) -> Iterator[Piece]:
    """Join statements that follow each other, and the lines of an output; a blank line goes with what is before it."""
    kind: Kind | None = None
    form = ""
    lines: list[tuple[int, str]] = []
    first: Piece | None = None
    for part in parts:
        blank = not any(text.strip() for text in part.texts)
        if blank or (part.kind is kind and (part.form == form or kind is Kind.OUTPUT)):
            lines += part.lines
            continue
        if first is not None:
            yield _joined(replace(first, lines=trimmed(lines)))
            lines = []
        kind, form, first = part.kind, part.form, part
        lines += part.lines
    if first is not None:
        yield _joined(replace(first, lines=trimmed(lines)))


def _joined(piece: Piece) -> Piece:
    if piece.kind is Kind.COMMAND:
        return piece
    form, share = printed_form(piece.texts)
    if piece.kind is Kind.LISTING:
        return replace(piece, form="python") if "python" in piece.texts[0] else piece
    if share < 0.2 and len(piece.lines) > 2:
        form = "python" if is_python(piece.texts) else "yaml" if is_compose(piece.texts) else ""
        if form:
            return replace(
                piece, kind=Kind.LISTING, form=form, confidence=0.8, reason=f"its lines are {form}", sure=True
            )
        form = printed_form(piece.texts)[0]
    if form:
        return replace(
            piece,
            form=form,
            confidence=0.7 + 0.2 * min(share, 1.0),
            reason=f"it has lines that {form} prints",
            sure=True,
        )
    return piece


def _runs(piece: Piece) -> Iterator[Piece]:
    """Split an output that shows several programs, each after a line with its name and a colon."""
    starts = [0]
    form = ""
    label = None
    for at, (_, text) in enumerate(piece.lines if piece.kind is Kind.OUTPUT else ()):
        stripped = text.strip()
        if stripped.endswith(":") and len(stripped) < 60 and " " not in stripped.rstrip(":").strip():
            label = at
            continue
        here = form_of(text)
        if here in _APART and here != form:
            if form and label is not None:
                starts.append(label)
            form, label = here, None
    for start, end in pairwise([*starts, len(piece.lines)]):
        yield piece if len(starts) == 1 else _joined(replace(piece, form="", lines=trimmed(piece.lines[start:end])))
