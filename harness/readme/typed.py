"""The single commands of a block: each as it was typed, where it runs, and whether it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Final

from harness.outputs import shell
from harness.outputs.shell import HEREDOC
from harness.readme.blocks import Block
from harness.readme.services import inside, service_of
from harness.readme.statements import end_of_shell
from harness.readme.words import Part, parts

_WORD: Final = re.compile(r"\S+")
_LONGEST: Final = 16_384
_HEADS: Final = frozenset({"for", "until", "while"})
_KEYWORDS: Final = frozenset({"!", "do", "elif", "else", "if", "then", "{", "}", "("})
_ENDS: Final = frozenset({"done", "esac", "fi", "}", ")"})
_ALWAYS: Final = re.compile(
    r"(?:while +(?:true|:|\[+ *(?:1|true) *\]+|\(\( *1 *\)\))|until +(?:false|\[+ *0 *\]+)|for *\(\( *; *; *\)\))$"
)


class Loop(StrEnum):
    """Whether a command runs once, a number of times, or until somebody stops it."""

    NONE = ""
    FINITE = "finite"
    ENDLESS = "endless"


@dataclass(frozen=True)
class Typed:
    """One command: its text without the line's end, the report's line where it begins, and what it is typed at.

    `service` is where it runs: the one that `docker-compose exec` or `docker exec` names, or the client's; None for
    the host. `inner` is the command line as that service gets it, else the text.
    """

    text: str
    line: int
    form: str
    service: str | None = None
    inner: str = ""
    background: bool = False
    loop: Loop = Loop.NONE

    @cached_property
    def programs(self) -> tuple[shell.Program, ...]:
        """The programs that it runs; none for a query or Python."""
        return shell.parse(self.text).programs if self.form == "shell" else ()


@dataclass(frozen=True)
class Statement:
    """What is typed at once: a line of a shell, a whole loop, a query; its text verbatim, and the commands in it.

    `line` is the report's line where it begins.
    """

    text: str
    line: int
    commands: Sequence[Typed]


def commands(block: Block) -> list[Typed]:
    """Give the single commands of a block of commands, in their order; those of a loop once, marked as such."""
    return [typed for statement in statements(block) for typed in statement.commands]


def statements(block: Block) -> list[Statement]:
    """Give what a block of commands has typed, each statement with its commands; that of a comment has none."""
    if block.form == "shell":
        lines = block.printed()
        stated = block.service if block.step or service_of("\n".join(text for _, text in lines)) is None else None
        background = block.background and bool(block.step)
        return [
            replace(each, commands=[_in(stated, background, typed) for typed in each.commands])
            for each in _shell(lines)
        ]
    return [Statement(typed.text, typed.line, [typed]) for typed in _others(block)]


def _others(block: Block) -> list[Typed]:
    lines = block.printed()
    if block.form in ("presto", "hive", "sql"):
        return [
            Typed(part.text, part.line, block.form, block.service, part.text)
            for part in parts(lines, ";", comment="--")
            if part.text.strip(" ;\n")
        ]
    text = "\n".join(text for _, text in lines)
    return [Typed(text, lines[0][0], block.form, block.service, text)] if text.strip() else []


def _in(service: str | None, background: bool, typed: Typed) -> Typed:
    """Give a command of our own report the service and the way to run that the line above its block states."""
    return replace(typed, service=typed.service or service, background=typed.background or background)


def _shell(lines: Sequence[tuple[int, str]]) -> Iterator[Statement]:
    texts = [text for _, text in lines]
    at = 0
    while at < len(lines):
        end = end_of_shell(texts, at)
        found = list(_statement(parts(lines[at:end])))
        if text := "\n".join(texts[at:end]).strip():
            yield Statement(text, lines[at][0], found)
        at = end


def _statement(found: Sequence[Part]) -> Iterator[Typed]:
    """Give the commands of one statement. What opens or closes a loop is none, but says how often those in it run."""
    loops: list[Loop] = []
    for part in found:
        text, line = part.text, part.line
        while text:
            word = text.split(None, 1)[0]
            if word in _HEADS:
                loops.append(Loop.ENDLESS if _ALWAYS.match(" ".join(text.split())) else Loop.FINITE)
                text = ""
            elif word in _ENDS:
                if word == "done" and loops:
                    loops.pop()
                text = ""
            elif word in _KEYWORDS and word != "if" and word != "elif":
                line += text[: text.find(word) + len(word)].count("\n")
                rest = text[text.find(word) + len(word) :]
                line += rest[: len(rest) - len(rest.lstrip())].count("\n")
                text = rest.lstrip()
            elif word in ("if", "elif"):
                text = ""
            else:
                break
        if text:
            loop = Loop.ENDLESS if Loop.ENDLESS in loops else Loop.FINITE if loops else Loop.NONE
            yield _typed(text, line, part.background, loop)


def _typed(text: str, line: int, background: bool, loop: Loop) -> Typed:
    found = entered(text)
    if found is None:
        return Typed(text, line, "shell", None, text, background, loop)
    return Typed(text, line, "shell", found.service, found.inner, background or found.detached, loop)


@dataclass(frozen=True, slots=True)
class Entered:
    """A command that `docker-compose exec` or `docker exec` brings to a service: what stands before it on the host,
    the service, the command as that gets it, and whether it goes on in the background.
    """

    before: str
    service: str
    inner: str
    detached: bool


def entered(text: str) -> Entered | None:
    """Give what a command line brings to a service; None for one of the host."""
    flat = text[:_LONGEST].replace("\\\n", "  ")
    heredoc = HEREDOC.search(flat)
    end = flat.find("\n", heredoc.end()) if heredoc else -1
    words = list(_WORD.finditer(flat, 0, end if end >= 0 else len(flat)))
    found = inside([word[0] for word in words])
    if found is None:
        return None
    service, after = found
    at = next(word.start() for word in words if word[0].rpartition("/")[2] in ("docker", "docker-compose"))
    inner = text[words[after].start() :] if after < len(words) else ""
    detached = any(word[0] in ("-d", "--detach", "-dit", "-itd") for word in words[:after])
    return Entered(text[:at], service, inner, detached)
