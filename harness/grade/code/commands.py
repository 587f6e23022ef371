"""The commands of a submission: typed in the report or written in a script, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from harness.grade.code.sources import own_files
from harness.grade.model import Submission
from harness.outputs.shell import Program, parse
from harness.readme.blocks import Block, Kind

_LINE_LIMIT: Final = 400
"""Most lines that are joined to one command: an open quote must not swallow a report."""

_PLACEHOLDERS: Final = ("$", "<", "{", "*", "...", "…")


@dataclass(frozen=True, slots=True)
class Command:
    """A logical line: its programs, its text, and where it stands. `block` is None in a script."""

    text: str
    programs: Sequence[Program]
    file: str
    line: int
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request that a command sends: the method (None if the command does not tell) and the URL as it was typed."""

    method: str
    url: str
    command: Command


def typed(submission: Submission) -> Iterator[Command]:
    """Give what the report types at a shell."""
    for block in submission.blocks:
        if block.kind is Kind.COMMAND and block.form in ("", "shell"):
            yield from _commands(block.printed(), str(submission.report), block)


def scripted(submission: Submission) -> Iterator[Command]:
    """Give the lines of the folder's shell scripts."""
    for path, text in own_files(submission).items():
        if path.endswith((".sh", ".bash")) or text.startswith(("#!/bin/bash", "#!/bin/sh", "#!/usr/bin/env bash")):
            yield from _commands(list(enumerate(text.split("\n"), 1)), path, None)


def calls(command: Command) -> Iterator[Call]:
    """Give the requests that `ab`, `curl` and `wget` in a command send, those with a shell variable left out."""
    for program in command.programs:
        if program.name not in ("ab", "curl", "wget"):
            continue
        for url in _urls(program):
            yield Call(_method(program), url, command)


def option(program: Program, *names: str) -> str | None:
    """Give the value after an option, or joined to it by `=`."""
    for at, word in enumerate(program.args):
        if word in names and at + 1 < len(program.args):
            return program.args[at + 1]
        head, equals, value = word.partition("=")
        if equals and head in names:
            return value
    return None


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
            if name in ("-e", "--env", "-u", "--user", "-w", "--workdir", "--index"):
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
        quote = _open_quote(text, quote)
        bare = text.rstrip()
        ends = not quote and bare.endswith("\\")
        kept.append(f"{bare[:-1]} " if ends else f"{text}\n")
        if (ends or quote) and len(kept) < _LINE_LIMIT:
            continue
        yield first, "".join(kept).strip()
        kept, quote = [], ""
    if kept:
        yield first, "".join(kept).strip()


def _open_quote(text: str, quote: str) -> str:
    escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
    return quote


def _urls(program: Program) -> Iterator[str]:
    for word in program.args:
        if "://" in word[:9] or (":5000" in word and not word.startswith(("-", "Host"))):
            yield word


def _method(program: Program) -> str:
    args = program.args
    if program.name == "ab":
        if named := option(program, "-m"):
            return named.upper()
        if any(word.startswith("-p") for word in args):
            return "POST"
        if any(word.startswith("-u") for word in args):
            return "PUT"
        return "HEAD" if "-i" in args else "GET"
    if named := option(program, "-X", "--request", "--method"):
        return named.upper()
    joined = next((word[2:] for word in args if word.startswith("-X") and len(word) > 2), "")
    if joined:
        return joined.upper()
    if "-G" in args or "--get" in args:
        return "GET"
    if "-I" in args or "--head" in args:
        return "HEAD"
    if any(word in ("-d", "-F", "--form", "--json") or word.startswith(("--data", "--post")) for word in args):
        return "POST"
    return "PUT" if "-T" in args or "--upload-file" in args else "GET"
