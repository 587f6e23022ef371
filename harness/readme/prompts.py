"""The prompts of shells, query clients and interpreters, and what was typed at them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt at the start of a line: the form of what is typed there, and the text after it.

    `root` says that it ends as the prompt of a container's shell does, with `#`.
    """

    form: str
    typed: str
    root: bool = False


_WIDEST: Final = 200
"""No prompt is longer."""

_PROMPTS: Final = (
    ("shell", re.compile(r"\$ (?=\S)|\$$")),
    ("shell", re.compile(r"(?:\([\w.-]{1,40}\) ?)?\[?[\w.-]{1,64}@[\w.-]{1,64}[: ][^\s$#>]{0,100}[$#] ?")),
    ("shell", re.compile(r"[~/][^\s$#>]{0,100}[$#] (?=\S)")),
    ("shell", re.compile(r"(?:ba)?sh-\d\.\d{1,2}[$#] ?")),
    ("shell", re.compile(r"[\w.-]{1,64}@[\w.-]{1,64} \S{1,100} % ?")),
    ("shell", re.compile(r"(?:PS )?[A-Za-z]:\\[^<>|\n]{0,150}> ?")),
    ("shell", re.compile(r"➜ {1,2}\S{1,100} (?:git:\(\S{1,100}\) )?(?:✗ )?")),
    ("presto", re.compile(r"(?:presto|trino)> ?|\w{1,20}:[\w-]{1,64}> ?")),
    ("hive", re.compile(r"hive(?: \([\w-]{1,64}\))?> ?")),
    ("hive", re.compile(r"\d: jdbc:hive2:[^\s>]{0,100}> ?")),
    ("sql", re.compile(r"(?:spark-sql|sqlite|mysql|postgres=#)(?: \([\w-]{1,64}\))?> ?")),
    ("python", re.compile(r">>> ?")),
    ("python", re.compile(r"In \[\d{0,5}\]: ?")),
    ("redis", re.compile(r"(?:redis|[\w.]{1,64}:6379)(?:\[\d{1,2}\])?> ?")),
)
_CONTINUATIONS: Final = {
    "shell": re.compile(r"> "),
    "presto": re.compile(r" *-> ?"),
    "hive": re.compile(r" +> ?|\. \. \.[ .]{0,40}> ?"),
    "sql": re.compile(r" *> ?"),
    "python": re.compile(r"\.\.\.(?: |$)| {3,12}\.\.\.: ?"),
}
_FIRST: Final = frozenset("$([>:._-~/➜")


def prompt(line: str) -> Prompt | None:
    """Give the prompt that a line begins with, or None. Blanks before it do not count."""
    head = line.lstrip()[:_WIDEST]
    if not head or not (head[0].isalnum() or head[0] in _FIRST):
        return None
    for form, pattern in _PROMPTS:
        found = pattern.match(head)
        if found:
            return Prompt(form, line.lstrip()[found.end() :], found[0].rstrip().endswith("#"))
    return None


def continued(line: str, form: str) -> str | None:
    """Give what follows the second prompt of a statement that goes on in this line, or None where there is none."""
    pattern = _CONTINUATIONS.get(form)
    found = pattern.match(line) if pattern else None
    return line[found.end() :] if found else None
