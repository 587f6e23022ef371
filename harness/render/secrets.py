"""Text that looks like a secret, masked where it can be seen that it was.

report.html and a CI job's summary use this: they are passed around more freely than the record. README.md stands beside
record.json and shows what was printed, byte for byte, with a digest that a mask would break.
"""

from __future__ import annotations

import re
from functools import lru_cache

_NAMES = r"pass(?:word|wd|phrase)|pwd|secret|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?token|access[_-]?token"
_VALUE = r"\"[^\"\n]{1,400}\"?|'[^'\n]{1,400}'?|[^\s\"'&,;<>]{1,400}"
_SECRET = re.compile(
    rf"""
    (?P<private_key> -----BEGIN[ ][A-Z ]{{0,40}}PRIVATE[ ]KEY-----
        (?: (?:(?!-----END)[\s\S])*+ (?:-----END[ ][A-Z ]{{0,40}}PRIVATE[ ]KEY-----)? ) )
    | (?P<AWS_key> (?<![A-Za-z0-9]) (?:AKIA|ASIA)[A-Z0-9]{{16}} (?![A-Za-z0-9]) )
    | (?P<token> (?<![A-Za-z0-9_])
        (?: gh[opsur]_[A-Za-z0-9]{{20,255}} | eyJ[\w-]{{8,999}}\.eyJ[\w-]{{4,4999}}\.[\w-]{{0,999}} ) )
    | (?i: \b(?:bearer|authorization:\s{{0,9}}basic)\s{{1,9}} ) (?P<bearer_token> [A-Za-z0-9._~+/=-]{{8,4999}} )
    | (?i: (?:{_NAMES})\w{{0,20}} ["']? \s{{0,4}} [=:] \s{{0,4}} | --password\s{{1,4}} ) (?P<password> {_VALUE} )
    | :// [^\s:/@]{{1,80}} : (?P<password_of_an_address> [^\s:/@]{{1,80}} ) @
    """,
    re.VERBOSE,
)
_END_OF_KEY = re.compile(r"\A(?:(?!-----BEGIN)[\s\S])*?-----END [A-Z ]{0,40}PRIVATE KEY-----")


@lru_cache(maxsize=4096)  # a report is rendered anew after each step, and most of its texts stay
def masked(text: str) -> str:
    """Put `[masked: AWS key]` and the like in the place of what looks like a secret."""
    return _SECRET.sub(_mask, text)


def spans(text: str, *, is_tail: bool = False) -> list[tuple[int, int]]:
    """Give the begin and end of all that `masked` would mask; in the tail of a text, of a key's cut-off end too."""
    found = [match.span(match.lastgroup or 0) for match in _SECRET.finditer(text)]
    cut_off = _END_OF_KEY.match(text) if is_tail else None
    return [cut_off.span(), *found] if cut_off else found


def _mask(match: re.Match[str]) -> str:
    kind = match.lastgroup or "secret"
    begin, end = match.start(kind) - match.start(), match.end(kind) - match.start()
    return f"{match[0][:begin]}[masked: {kind.replace('_', ' ')}]{match[0][end:]}"
