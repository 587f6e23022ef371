"""What the commands of a report send to the web API: each load with its path, its host and how many requests."""

from __future__ import annotations

import getopt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from harness.grade.model import Submission
from harness.outputs import shell
from harness.readme.blocks import Block, Kind
from harness.readme.typed import statements

_AB_OPTIONS: Final = "n:c:t:s:b:B:T:p:u:v:lrkVhwiIx:y:z:C:H:P:A:g:X:de:SqZ:f:m:E:"
_VERBS: Final = {"-p": "POST", "-u": "PUT", "-i": "HEAD"}
_CURL_VALUES: Final = frozenset("AbcCdDeEFhHKmoPQrtTuUwxXyYz")
_CURL_LONG_VALUES: Final = frozenset(
    {"--cookie", "--data", "--data-binary", "--data-raw", "--form", "--header", "--output", "--request", "--url"}
)
_SHELLS: Final = frozenset({"bash", "sh", "source", ".", "zsh"})
_SENDS: Final = ("ab ", "curl ", "requests.", "http://", "wget ")
_SLEEPING: Final = re.compile(r"\bwhile\s+sleep\b")
_BACKGROUND: Final = re.compile(r"(?<![&>|\\])&[ \t]*(?:\n|$)|\bexec\s+(?:-\S+\s+){0,9}(?:-d|--detach)\s")
"""What may be run beside what is typed after it: a line that ends in `&`, a detached command in a container."""

_SCRIPT_LIMIT: Final = 16_384
_NEST_LIMIT: Final = 3
_LOAD_LIMIT: Final = 1_000
"""More loads than anyone types: those after them are one of unknown count."""


@dataclass(frozen=True, slots=True)
class Load:
    """One command that sends requests, as `ab` or `curl` was called.

    `target` is the path with its query, None where the shell has to fill it in; `count` is None where nobody can say
    how many were sent. `repeated` says that it stands in a loop, so that `count` holds for one turn. `lasting` says
    that it goes on while later commands are typed: its loop has no end, or it runs in the background. `line` and
    `place` are those of the command's block in the report.
    """

    line: int
    place: int
    tool: str
    count: int | None
    method: str = "GET"
    target: str | None = None
    host: str | None = None
    server: str | None = None
    port: int | None = None
    repeated: bool = False
    lasting: bool = False
    body: bool = True

    @property
    def path(self) -> str | None:
        """The path without its query, as an access log is counted by it."""
        return None if self.target is None else self.target.partition("?")[0]

    @property
    def certain(self) -> bool:
        """Whether the report says how many requests it sent, where to, and for whom."""
        return self.count is not None and self.target is not None and self.host is not None and not self.repeated


def loads(submission: Submission) -> list[Load]:
    """Give every load of the report in its order; what may send and cannot be read is a load of unknown count."""
    found: list[Load] = []
    for place, block in enumerate(submission.blocks):
        if len(found) >= _LOAD_LIMIT:
            found.append(Load(block.first_line, place, "more", None))
            break
        if block.kind is Kind.COMMAND:
            found += of_block(block, place, submission.files)
        elif (block.kind is Kind.PROSE and _mentions(block.text)) or (
            block.kind is Kind.OUTPUT and block.form in ("", "shell") and any(map(_sends, block.text.split("\n")))
        ):
            found.append(Load(block.first_line, place, "prose", None))
    return found


def of_block(block: Block, place: int, files: Mapping[str, str]) -> list[Load]:
    """Give the loads of one command's block."""
    if block.form not in ("", "shell"):
        return []
    blank = Load(block.first_line, place, "", None)
    text = "\n".join(line for _, line in block.printed())
    found = _read(text, blank, files, _NEST_LIMIT)
    if block.step:  # a report of our own says what a command printed until it was stopped, before what stands below
        return [replace(load, lasting=False) for load in found]
    if not found or not _BACKGROUND.search(text):
        return found
    beside = (one.text for one in statements(block) if _BACKGROUND.search(one.text))
    lasting = any(_read(one, blank, files, _NEST_LIMIT) for one in beside)
    return [replace(load, lasting=load.lasting or lasting) for load in found]


def ab_commands(block: Block, files: Mapping[str, str]) -> list[Load]:
    """Give the calls of `ab` in one command's block."""
    return [load for load in of_block(block, 0, files) if load.tool in ("ab", "script")]


def _read(text: str, blank: Load, files: Mapping[str, str], nesting: int) -> list[Load]:
    typed = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))
    script = shell.parse(typed)
    if not script.programs:
        return [replace(blank, tool="script")] if any(word in typed for word in _SENDS[:2]) else []
    found: list[Load] = []
    for program in script.programs:
        found += _loads(program, blank, files, nesting)
    if not script.looped:
        return found
    lasting = _has_no_end(typed)
    return [replace(load, repeated=True, lasting=load.lasting or lasting) for load in found]


def _has_no_end(text: str) -> bool:
    """Whether a script has a loop that only somebody from outside ends."""
    return shell.ENDLESS.search(text) is not None or _SLEEPING.search(text) is not None


def _loads(program: shell.Program, blank: Load, files: Mapping[str, str], nesting: int) -> Iterator[Load]:
    if program.name == "ab" and any("/" in arg or ":" in arg for arg in program.args):
        yield _ab(program.args, blank)
    elif program.name == "curl":
        yield from _curl(program.args, blank)
    elif program.name in ("http", "wget"):
        yield replace(blank, tool=program.name)
    else:
        name = next((arg for arg in program.args if not arg.startswith("-")), "")
        if program.name not in _SHELLS:
            if program.name.startswith("python") or program.name.endswith(".py"):
                source = _source(files, name if program.name.startswith("python") else program.name)
                if source is None or any(word in source for word in _SENDS):
                    yield replace(blank, tool="script", lasting=source is not None and _has_no_end(source))
                return
            name = f"{program.name}.sh"
            if _source(files, name) is None:
                return
        source = _source(files, name)
        if source is None or nesting == 0 or len(source) > _SCRIPT_LIMIT:
            yield replace(blank, tool="script")
        elif any(word in source for word in _SENDS):
            yield from _read(source, blank, files, nesting - 1)


def _source(files: Mapping[str, str], name: str) -> str | None:
    wanted = PurePosixPath(name).name
    return next((text for path, text in files.items() if wanted and path.rpartition("/")[2] == wanted), None)


def _ab(args: Sequence[str], blank: Load) -> Load:
    try:
        options, rest = getopt.gnu_getopt(list(args), _AB_OPTIONS)
    except getopt.GetoptError:
        return replace(blank, tool="ab")
    given = dict(options)
    hosts = [_header(value) for option, value in options if option == "-H" and value.lower().startswith("host:")]
    implied = next((verb for option, verb in _VERBS.items() if option in given), "GET")
    method = given.get("-m") or implied
    count = None if "-t" in given else _count(given.get("-n", "1"))
    load = replace(blank, tool="ab", count=count, method=method.upper(), body="-i" not in given and "-l" not in given)
    return _at(load, rest[0] if rest else "", hosts[-1] if hosts else None)


def _curl(args: Sequence[str], blank: Load) -> Iterator[Load]:
    method, host, urls = "", None, []
    sends = False
    waiting = iter(args)
    for arg in waiting:
        value: str | None = None
        option = arg
        if arg.startswith("--"):
            option, _, inline = arg.partition("=")
            if option in _CURL_LONG_VALUES:
                value = inline or next(waiting, "")
        elif arg.startswith("-") and len(arg) > 1:
            at = next((at for at, letter in enumerate(arg[1:], 1) if letter in _CURL_VALUES), None)
            if at is not None:
                option, value = f"-{arg[at]}", arg[at + 1 :] or next(waiting, "")
        else:
            urls.append(arg)
        if option in ("-X", "--request"):
            method = value or ""
        elif option in ("-H", "--header") and value and value.lower().startswith("host:"):
            host = _header(value)
        elif option in ("-d", "-F", "--data", "--data-raw", "--data-binary", "--form"):
            sends = True
        elif option == "--url":
            urls.append(value or "")
    for url in urls:
        load = replace(blank, tool="curl", count=1, method=(method or ("POST" if sends else "GET")).upper())
        load = _at(load, url, host)
        if load.server in ("localhost", "127.0.0.1", "0.0.0.0", "mids") or load.port == 5000 or "$" in url:  # noqa: S104
            yield load


def _at(load: Load, url: str, host: str | None) -> Load:
    """Fill in where a load goes. What the shell would fill in stays unknown."""
    if host is not None and "$" in host:
        return replace(load, host=None)
    if "$" in url or "{" in url or "`" in url or not url:
        return replace(load, host=host)
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        server, port = parts.hostname, parts.port
    except ValueError:
        return replace(load, host=host)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return replace(load, target=target, host=host or parts.netloc, server=server, port=port or 80)


def _header(value: str) -> str:
    return value.partition(":")[2].strip()


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _sends(line: str) -> bool:
    """Whether a line among printed ones looks like a command that sends: nobody can say whether it was run."""
    return line.lstrip().startswith(("ab ", "curl ", "docker-compose exec", "docker compose exec"))


def _mentions(text: str) -> bool:
    """Whether prose holds a command that sends, which nobody reads as a command."""
    return "`" in text and any(word in text for word in ("ab -n", "ab -m", "ab -p", "curl http", "curl -"))
