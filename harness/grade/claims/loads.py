"""What the commands of a report send, as far as that can be told without running them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Final

from harness.grade.claims.model import Group, Load, bounded
from harness.outputs import shell
from harness.outputs.text import integer
from harness.readme.blocks import Block, Kind

_FOR: Final = re.compile(r"\bfor\s+(?:\(\(|\w+\s+in\s)[^\n;]{0,300}(?:;[^;\n]{0,80};[^\n;]{0,80})?")
_BRACES: Final = re.compile(r"\{(\d{1,7})\.\.(\d{1,7})(?:\.\.(\d{1,7}))?\}")
_SEQ: Final = re.compile(r"\bseq\s+(\d{1,7})(?:\s+(\d{1,7}))?(?:\s+(\d{1,7}))?")
_COUNTED: Final = re.compile(r"\(\(\s*(\w+)\s*=\s*(\d{1,7})\s*;\s*\w+\s*(<=?)\s*(\d{1,7})\s*;\s*\w+\+\+\s*\)\)")
_STEPPED: Final = re.compile(
    r"\b(\w{1,40})=(\d{1,7})\b[^`]{0,200}?\bwhile\s+(?:\[\[?|\(\()\s*\$?(\w{1,40})\s*(-l[te]|<=?)\s*(\d{1,7})\b"
)
_ENDLESS: Final = re.compile(r"\bwhile\s+(?:true|:|\[\s*1\s*\]|sleep\s)")
_LOOP: Final = re.compile(r"\b(?:for|while|until)\s")
_DONE: Final = re.compile(r"\bdone\b")
_SCRIPT: Final = re.compile(r"[\w./~-]{1,200}\.sh\b")
_SCRIPT_LIMIT: Final = 16_384


def load(block: Block, files: Mapping[str, str]) -> Load | None:
    """Give what a command's block sends; None where it is not typed at a shell. Scripts are looked up by name."""
    if block.kind is not Kind.COMMAND or block.form not in ("shell", ""):
        return None
    lines = (block.content or block.text).split("\n")
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    found = _read(text, block.first_line + (block.fence is not None))
    scripts = [name.rpartition("/")[2] for name in _SCRIPT.findall(text)[:8]]
    if found.groups or not scripts or "cat " in text:
        return found
    bodies = [files[name] for name in scripts if len(files.get(name, "")) in range(1, _SCRIPT_LIMIT)]
    if len(scripts) == len(bodies) == 1:
        inner = _read(bodies[0], found.line)
        groups = [Group(one.host, one.label, one.count * (found.loops or 1)) for one in inner.groups]
        return replace(
            inner, text=scripts[0], groups=groups, programs=found.programs, loops=found.loops or inner.loops,
            endless=found.endless or inner.endless, opaque=found.opaque or inner.opaque,
        )  # fmt: skip
    return replace(found, opaque=True)


def passes(text: str) -> int | None:
    """Give how often the head of a `for` runs its body, or None where that is not plain."""
    if found := _BRACES.search(text):
        first, last, step = int(found[1]), int(found[2]), int(found[3] or 1)
        return abs(last - first) // step + 1 if step else None
    if found := _SEQ.search(text):
        numbers = [int(each) for each in found.groups() if each is not None]
        first, step, last = (1, 1, numbers[0]) if len(numbers) == 1 else (numbers[0], 1, numbers[-1])
        step = numbers[1] if len(numbers) == 3 else step
        return max(0, (last - first) // step + 1) if step else None
    if found := _COUNTED.search(text):
        return max(0, int(found[4]) - int(found[2]) + (found[3] == "<="))
    _, _, listed = text.partition(" in ")
    words = listed.partition("do")[0].split()
    return len(words) if words and not any(mark in listed for mark in "$`*(){}") else None


def _read(text: str, line: int) -> Load:
    loops = len(_LOOP.findall(text))
    if not loops:
        return _plain(text, line)
    head = _LOOP.search(text)
    ends = _DONE.search(text, head.end()) if head else None
    if loops > 1 or head is None or ends is None:
        whole = _plain(text, line)
        return Load(line, whole.text, whole.groups, whole.options, whole.programs, opaque=True)
    before, body, after = text[: head.start()], text[head.start() : ends.start()], text[ends.end() :]
    inner, outer = _plain(body + "\ndone", line), _plain(before + "\n" + after, line)
    counted = _FOR.search(body)
    times = passes(counted[0]) if counted else _stepped(text)
    endless = times is None and _ENDLESS.search(body) is not None
    groups = [Group(one.host, one.label, one.count * (times or 1)) for one in inner.groups]
    return Load(
        line, inner.text, [*groups, *outer.groups], inner.options | outer.options, inner.programs + outer.programs,
        times, endless, opaque=outer.opaque or inner.opaque or (times is None and not endless),
        partitions=outer.partitions,
    )  # fmt: skip


def _stepped(text: str) -> int | None:
    """Give how often `i=0; while [ $i -lt 10 ]; do …; ((i++)); done` runs, or None for any other loop."""
    found = _STEPPED.search(text)
    if (
        found is None
        or found[1] != found[3]
        or not re.search(rf"\b{found[1]}\s*(?:\+\+|=\S{{0,6}}{found[1]}\s*\+\s*1)", text)
    ):
        return None
    return max(0, int(found[5]) - int(found[2]) + (found[4] in ("-le", "<=")))


def _plain(text: str, line: int) -> Load:
    programs = shell.parse(text).programs
    groups: list[Group] = []
    options: set[int] = set()
    partitions: int | None = None
    opaque = False
    first = ""
    for program in programs:
        if program.name in ("ab", "curl"):
            if not program.args:
                continue  # a script of that name
            one = _requests(program)
            opaque = opaque or one is None
            groups += [one] if one else []
            options |= {one.count} if one else set()
            first = first or " ".join((program.name, *program.args))
        elif program.name == "kafka-topics":
            values = [integer(after) for name, after in _pairs(program.args) if name in ("--partitions", "-partitions")]
            partitions = values[0] if values else None
    shown = first or next((each.strip() for each in text.split("\n") if each.strip()), "")
    opaque = opaque or (not programs and ("ab " in text or "curl " in text))
    return Load(line, shown, bounded(groups), frozenset(options), len(programs), opaque=opaque, partitions=partitions)


def _requests(program: shell.Program) -> Group | None:
    """Give the requests of one program: `-n` of `ab`, one for `curl`; None where a variable stands for a number."""
    count, host, url = 1, None, ""
    for name, after in _pairs((*program.args, "")):
        if program.name == "ab" and name.startswith("-n"):
            value = integer(name[2:] or after)
            if value is None:
                return None
            count = value
        elif program.name == "ab" and name.startswith("-t"):
            return None
        elif name in ("-H", "--header") and after.lower().startswith("host:"):
            host = after[5:].strip()
        elif "://" in name or name.startswith("localhost"):
            url = name
    path = "/" + url.partition("://")[2].partition("/")[2].partition("?")[0] if "://" in url else None
    return Group(host, path, count)


def _pairs(args: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    return pairwise(args)
