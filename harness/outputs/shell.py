"""A command line as the programs it runs: just enough shell to know whose output was captured."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_LENGTH_LIMIT: Final = 16_384
"""Longer commands are not read: `shlex` takes time quadratic in the length of a word."""

_NESTING_LIMIT: Final = 3
_PUNCTUATION: Final = "();<>|&\n"
HEREDOC: Final = re.compile(r"""(?<!<)<<-?[ \t]*+(['"]?)(\w++)\1""")
"""The start of a here-document; its second group is the line that ends it."""

ENDLESS: Final = re.compile(
    r"\b(?:while|until)\s*(?:true|:|false|\[+\s*(?:1|true|0)\s*\]+|\(\(\s*1\s*\)\))\s*(?:;|\n)"
    r"|for\s*\(\(\s*;\s*;\s*\)\)|while +True\s*:"
)
"""The head of a loop that only somebody from outside ends, in a shell's script or in Python."""

_LOOPS: Final = frozenset({"for", "until", "while"})
_OPENERS: Final = frozenset({"!", "do", "elif", "else", "if", "then", "until", "while", "{"})
_CLOSERS: Final = frozenset({"done", "esac", "fi", "for", "}"})
_SHELLS: Final = frozenset({"bash", "dash", "sh", "zsh"})
_PYTHONS: Final = frozenset({"python", "python3"})
_WRAPPERS: Final = frozenset({"command", "env", "exec", "nice", "nohup", "stdbuf", "sudo", "time", "timeout"})
_CONTAINERS: Final = frozenset({"docker", "docker-compose"})
EXEC_VALUES: Final = frozenset(
    {"--detach-keys", "--env", "--env-file", "--index", "--user", "--workdir", "-e", "-u", "-w"}
)
"""The options of `docker exec` and of Compose's that take a value of their own."""

_SILENT: Final = frozenset(
    {":", "cd", "chmod", "cp", "exit", "export", "kill", "mkdir", "mv", "rm", "set", "sleep", "test", "true", "wait"}
)


@dataclass(frozen=True, slots=True)
class Program:
    """One program of a script: its base name without `.sh`, and its arguments.

    `audible` is false where nothing it prints is captured: it writes into a pipe or a file, or says nothing.
    """

    name: str
    args: tuple[str, ...]
    audible: bool


@dataclass(frozen=True, slots=True)
class Script:
    """The programs of one command line, in order, and whether any of it runs in a loop."""

    programs: tuple[Program, ...] = ()
    looped: bool = False


@dataclass(frozen=True, slots=True)
class _Stage:
    words: Sequence[str]
    redirected: bool
    piped: bool


def parse(command: str) -> Script:
    """Give the programs that `command` runs; none where its quotes do not close or it is over 16 KiB long."""
    return _parse(command, _NESTING_LIMIT)


def _parse(command: str, nesting: int) -> Script:
    if len(command) > _LENGTH_LIMIT or nesting == 0:
        return Script()
    try:
        tokens = _tokens(command)
    except ValueError:
        return Script()
    programs: list[Program] = []
    looped = False
    for pipeline in _pipelines(tokens):
        looped = looped or any(stage.words[:1] and stage.words[0] in _LOOPS for stage in pipeline)
        for stage in pipeline:
            inner = _programs(stage, nesting)
            programs += inner.programs
            looped = looped or inner.looped
    return Script(tuple(programs), looped)


def _tokens(command: str) -> list[str]:
    lexer = shlex.shlex(without_heredocs(command.replace("\\\n", " ")), posix=True, punctuation_chars=_PUNCTUATION)
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)


def without_heredocs(command: str) -> str:
    """Give a command line without the lines of its here-documents."""
    kept: list[str] = []
    ending: str | None = None
    for line in command.split("\n"):
        if ending is None:
            kept.append(line)
            found = HEREDOC.search(line)
            ending = found[2] if found else None
        elif line.strip() == ending:
            ending = None
    return "\n".join(kept)


def _pipelines(tokens: Sequence[str]) -> Iterator[list[_Stage]]:
    """Give each pipeline as its stages; only a last stage, or one before nothing but `tee`, is not piped away."""
    pipeline: list[tuple[list[str], bool]] = []
    for words, redirected, operator in _stages(tokens):
        pipeline.append((words, redirected))
        if operator.strip() in ("|", "|&"):
            continue
        last = len(pipeline) - 1
        while last > 0 and pipeline[last][0][:1] == ["tee"]:
            last -= 1
        yield [_Stage(words, redirected, at < last) for at, (words, redirected) in enumerate(pipeline[: last + 1])]
        pipeline = []


def _stages(tokens: Sequence[str]) -> Iterator[tuple[list[str], bool, str]]:
    """Give the words between two operators, whether their stdout goes to a file, and the second operator.

    What stands in `$(…)`, and a redirection with its target, is left out.
    """
    words: list[str] = []
    redirected = target = False
    depth = 0
    for token in (*tokens, "\n"):
        operator = token if token and not token.strip(_PUNCTUATION) else ""
        if depth:
            depth += operator.count("(") - operator.count(")")
            operator = operator.rpartition(")")[2]
            if depth > 0 or not operator:
                continue
            depth = 0
        if not operator:
            if not target:
                words.append(token)
            target = False
        elif "(" in operator and (operator[0] in "<>" or (words and words[-1].endswith("$"))):
            depth = max(0, operator.count("(") - operator.count(")"))
        elif "<" in operator or ">" in operator:
            descriptor = words.pop() if words and words[-1] in ("0", "1", "2") else "1"
            redirected = redirected or (">" in operator and descriptor == "1")
            target = True
        else:
            yield words, redirected, operator
            words, redirected, target = [], False, False


def _programs(stage: _Stage, nesting: int) -> Script:
    words = _unwrapped(stage.words)
    if not words:
        return Script()
    name, args = _basename(words[0]), tuple(words[1:])
    if name == "docker" and args[:1] == ("compose",):
        name, args = "docker-compose", args[1:]
    if name in _PYTHONS and "-m" in args[:-1] and all(arg.startswith("-") for arg in args[: args.index("-m")]):
        at = args.index("-m") + 1  # a module is a program: `python -m flask run` is `flask run`
        name, args = args[at], args[at + 1 :]
    audible = not (stage.redirected or stage.piped)
    if name in _SHELLS:
        for at, arg in enumerate(args[:-1]):
            if arg.startswith("-") and not arg.startswith("--") and "c" in arg:
                inner = _parse(args[at + 1], nesting - 1)
                programs = (Program(one.name, one.args, one.audible and audible) for one in inner.programs)
                return Script(tuple(programs), inner.looped)
    return Script((Program(name, args, audible and name not in _SILENT),))


def _unwrapped(words: Sequence[str]) -> Sequence[str]:
    """Give the words from the program on: after keywords, assignments, `env` and its like, `docker exec`."""
    at = 0
    while at < len(words):
        word, name = words[at], _basename(words[at])
        if word in _CLOSERS:
            return ()
        if word in _OPENERS or _is_assignment(word):
            at += 1
        elif name in _WRAPPERS:
            at += 1
            while at < len(words) and (words[at].startswith("-") or words[at][:1].isdigit()):
                at += 1
        elif name in _CONTAINERS and "exec" in words[at:]:
            at = words.index("exec", at) + 1
            while at < len(words) and words[at].startswith("-"):
                at += 2 if words[at] in EXEC_VALUES else 1
            at += 1
        else:
            return words[at:]
    return ()


def _basename(word: str) -> str:
    return word.rpartition("/")[2].removesuffix(".sh")


def _is_assignment(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.isidentifier()
