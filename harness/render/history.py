"""history.txt: the commands as bash's `history` prints them."""

from __future__ import annotations

import re

from harness.model import Record
from harness.render.text import visible

_PIECE = re.compile(
    r"""
    (?P<kept> '[^']*' | "(?:\\.|[^"\\])*" | \\[^\n] | <<<                 # quoted, with the line ends inside
      | (?<![^\s;&|(]) \#[^\n]*\n                                         # a comment ends with its line
      | <<-?[ ]*(?P<mark>['"]?)(?P<word>\w+)(?P=mark)[^\n]*\n.*?^\t*(?P=word)(?:\n|\Z) )
    | (?P<continued> \\\n )
    | (?P<ended> \n(?:[ \t]*\n)* )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_GOES_ON = re.compile(
    r"(?:^|[\s;&|(])(?:case|do|elif|else|if|in|then|until|while)$"  # a list follows
    r"|[{(;&|]$|\(\)$"
    r"|^[ \t]*[^\s()]+\)$",  # a pattern of `case`
    re.MULTILINE,
)


def render_history(record: Record) -> str:
    """Give the commands of all steps in order, numbered from 1; a reused step's commands are among them."""
    commands = (capture.as_typed for step in record.steps for capture in step.commands)
    return "".join(f"{number:5}  {visible(fold(command))}\n" for number, command in enumerate(commands, 1))


def fold(command: str) -> str:
    """Give a command as bash remembers it (`cmdhist`): on one line, but for quotes, comments and here documents."""
    return _PIECE.sub(_folded, command.replace("\r\n", "\n").strip("\n"))


def _folded(piece: re.Match[str]) -> str:
    if piece["kept"]:
        return piece["kept"]
    if piece["continued"]:
        return ""
    line = piece.string[: piece.start()].rpartition("\n")[2].rstrip()
    return " " if _GOES_ON.search(line) else "; "
