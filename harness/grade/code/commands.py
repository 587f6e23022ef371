"""The commands of a submission: typed in the report or written in a script, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from harness.grade.model import Submission
from harness.grade.traffic import Load, of_block
from harness.outputs.shell import EXEC_VALUES, HEREDOC, Program, parse
from harness.readme.blocks import Block, Kind
from harness.readme.statements import quote_after

_LINE_LIMIT: Final = 400
"""Most lines that are joined to one command: an open quote must not swallow a report."""

_TEXT_LIMIT: Final = 16_384
_CURL_VERBS: Final = ("-G", "--get", "-T", "--upload", "--json", "--data-", "-I", "--head", "-K", "--config")
_PORT: Final = 5000
_SERVERS: Final = frozenset({"mids"})
_WRITERS: Final = frozenset({"echo", "printf"})
_TARGET: Final = re.compile(r"(?:>>?|\btee(?: +-a)?) *[\"']?([\w./~-]{1,200})")
_PLACEHOLDERS: Final = ("$", "<", "{", "*", "...", "…")


@dataclass(frozen=True, slots=True)
class Command:
    """A logical line: its programs, its text, and where it stands. `block` is None in a script."""

    text: str
    programs: Sequence[Program]
    file: str
    line: int
    block: Block | None = None


def typed(submission: Submission) -> Iterator[Command]:
    """Give what the report types at a shell."""
    for block in submission.blocks:
        if block.kind is Kind.COMMAND and block.form in ("", "shell"):
            yield from _commands(block.printed(), str(submission.report), block)


def scripted(submission: Submission) -> Iterator[Command]:
    """Give the lines of the folder's shell scripts."""
    for path, text in submission.files.items():
        if path.endswith((".sh", ".bash")) or text.startswith(("#!/bin/bash", "#!/bin/sh", "#!/usr/bin/env bash")):
            yield from _commands(list(enumerate(text.split("\n"), 1)), path, None)


def calls(command: Command) -> list[Load]:
    """Give the requests that a command sends to the API.

    Those whose URL the shell has to fill in have no target; the method is empty where an option may change it.
    """
    if not any(program.name in ("ab", "curl") for program in command.programs):
        return []
    found = of_block(Block(Kind.COMMAND, command.text, command.line, command.line, form="shell"), 0, {})
    unsure = any(word.startswith(_CURL_VERBS) for program in command.programs for word in program.args)
    return [
        replace(load, method="") if unsure and load.tool == "curl" else load
        for load in found
        if load.tool in ("ab", "curl") and (load.port == _PORT or load.server in _SERVERS)
    ]


def written(given: Iterable[Command]) -> Iterator[tuple[str, Command]]:
    """Give the path of each file whose text a command has in itself, by a here-document or by `echo`."""
    for command in given:
        says = any(program.name in _WRITERS for program in command.programs)
        if (says or HEREDOC.search(command.text)) and len(command.text) < _TEXT_LIMIT:
            for found in _TARGET.finditer(command.text):
                yield found[1], command


def is_literal(word: str) -> bool:
    """Whether a word stands for itself: no variable, no placeholder."""
    return not any(mark in word for mark in _PLACEHOLDERS)


def services(command: Command) -> Iterator[str]:
    """Give the services that `docker-compose exec` is told in a command."""
    words = command.text.replace(";", " ; ").split()
    for at, word in enumerate(words):
        if word != "exec":
            continue
        before = words[max(0, at - 1)]
        if not (before.endswith("docker-compose") or (before == "compose" and words[at - 2 : at - 1] == ["docker"])):
            continue
        rest = iter(words[at + 1 :])
        for name in rest:
            if name in EXEC_VALUES:
                next(rest, None)
            elif not name.startswith("-"):
                if is_literal(name) and name.replace("-", "").replace("_", "").isalnum():
                    yield name
                break


def _commands(rows: Sequence[tuple[int, str]], file: str, block: Block | None) -> Iterator[Command]:
    for line, text in _logical(rows):
        yield Command(text, parse(text).programs, file, line, block)


def _logical(rows: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Join lines that a backslash or an open quote continues; leave out comments."""
    first = 0
    kept: list[str] = []
    quote = ""
    for line, text in rows:
        if not quote and (not text.strip() or text.lstrip().startswith("#")):
            continue
        first = first if kept else line
        quote = quote_after(text, quote)
        bare = text.rstrip()
        ends = not quote and bare.endswith("\\")
        kept.append(f"{bare[:-1]} " if ends else f"{text}\n")
        if (ends or quote) and len(kept) < _LINE_LIMIT:
            continue
        yield first, "".join(kept).strip()
        kept, quote = [], ""
    if kept:
        yield first, "".join(kept).strip()
