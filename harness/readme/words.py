"""A text of commands cut at the operators between them, as a shell or a database cuts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.outputs.shell import HEREDOC


@dataclass(frozen=True, slots=True)
class Part:
    """What stands between two operators, the report's line where it begins, and whether `&` ends it."""

    text: str
    line: int
    background: bool = False


def parts(lines: Sequence[tuple[int, str]], operators: str = ";&\n", comment: str = "#") -> list[Part]:
    r"""Cut lines at `;`, `&`, `&&`, `||` and line ends, outside of quotations, brackets and comments.

    A backslash before a line's end takes that end away. A pipeline is one part, and so is a line that opens a
    here-document, with the lines of that. With other operators only those cut.
    """
    cutter = _Cutter(operators, comment)
    for number, text in lines:
        cutter.read(number, text)
    cutter.cut()
    return cutter.found


class _Cutter:
    def __init__(self, operators: str, comment: str) -> None:
        self._operators = operators
        self._comment = comment
        self.found: list[Part] = []
        self._characters: list[str] = []
        self._line = 0
        self._quote = ""
        self._depth = 0
        self._ending = ""
        self._detached = False

    def cut(self, background: bool = False) -> None:
        """End the part that is being read."""
        text = "".join(self._characters).strip()
        if text:
            self.found.append(Part(text, self._line, background))
        self._characters = []

    def read(self, number: int, text: str) -> None:
        """Read one line, and its end."""
        if self._is_in_heredoc():
            self._in_heredoc(text)
            return
        at = 0
        while at < len(text):
            character = text[at]
            if not self._characters and not character.isspace():
                self._line = number
            if self._quote:
                at = self._in_quotation(text, at)
            elif text.startswith(self._comment, at) and (at == 0 or text[at - 1].isspace()):
                break
            elif character == "\\" and "\n" in self._operators:
                self._characters.append(text[at : at + 2])
                at += 2
            elif self._opens_heredoc(text, at):
                self._characters.append("<<")
                at += 2
            elif character in self._operators and self._cuts and not self._is_redirection(text, at):
                double = text.startswith("&&", at)
                self.cut(background=character == "&" and not double)
                at += 2 if double or text.startswith(";;", at) else 1
            elif text.startswith("||", at) and self._cuts and "&" in self._operators:
                self.cut()
                at += 2
            else:
                self._quote = character if character in "'\"" else ""
                self._depth = max(0, self._depth + (character == "(") - (character == ")"))
                if self._characters or not character.isspace():
                    self._characters.append(character)
                at += 1
        goes_on = text.rstrip().endswith("\\")
        if self._is_in_heredoc():
            bare = text.rstrip()
            self._detached = bare.endswith("&") and not bare.endswith("&&")
            self._characters.append("\n")
        elif "\n" in self._operators and not self._quote and self._depth == 0 and not goes_on:
            self.cut()
        elif self._characters:
            self._characters.append("\n")

    def _is_in_heredoc(self) -> bool:
        return bool(self._ending)

    @property
    def _cuts(self) -> bool:
        """Whether an operator that comes now ends a part."""
        return self._depth == 0 and not self._ending

    def _opens_heredoc(self, text: str, at: int) -> bool:
        found = HEREDOC.match(text, at) if "\n" in self._operators and text.startswith("<<", at) else None
        if found and not self._ending:
            self._ending = found[2]
        return found is not None

    def _in_heredoc(self, text: str) -> None:
        self._characters.append(text + "\n")
        if text.strip() == self._ending:
            self._ending = ""
            self.cut(self._detached)

    def _in_quotation(self, text: str, at: int) -> int:
        character = text[at]
        if character == "\\" and self._quote == '"':
            self._characters.append(text[at : at + 2])
            return at + 2
        self._characters.append(character)
        if character == self._quote:
            self._quote = ""
        return at + 1

    def _is_redirection(self, text: str, at: int) -> bool:
        return text[at] == "&" and (text[at - 1 : at] == ">" or text[at + 1 : at + 2] == ">")
