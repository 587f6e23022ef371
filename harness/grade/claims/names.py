"""The names that a report gives to its users and to its types of events: what a claim's words are understood by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.grade.claims.code import event_types
from harness.grade.claims.model import Group, Piece
from harness.grade.claims.vocabulary import parts

_LIMIT = 400
"""More names than that are noise."""

_DEFAULT = frozenset({"default"})


@dataclass(frozen=True, slots=True)
class Names:
    """Hosts by each way to write them, in small letters, every word of a type or a path, and the types themselves."""

    hosts: dict[str, str]
    words: frozenset[str]
    types: frozenset[str] = frozenset()


def names(pieces: Iterable[Piece]) -> Names:
    """Collect the names from what is shown, sent, and written in code."""
    hosts: dict[str, str] = {}
    words: set[str] = set(_DEFAULT)
    seen: set[str] = set()
    for piece in pieces:
        groups: list[Group] = [group for one in piece.shown for group in one.groups]
        groups += piece.load.groups if piece.load else ()
        labels = {group.label for group in groups if group.label}
        if "event_type" in piece.block.text:
            labels.update(event_types(piece.block.text))
        for label in labels - seen:
            if len(seen) < _LIMIT:
                seen.add(label)
                words |= label_words(label)
        for group in groups:
            if group.host and len(hosts) < _LIMIT:
                hosts.setdefault(group.host.lower(), group.host)
    for host in list(hosts.values()):
        short = host.lower().partition(".")[0]
        owners = {each for each in hosts.values() if each.lower().partition(".")[0] == short}
        if len(owners) == 1 and any(letter.isalpha() for letter in short):
            hosts.setdefault(short, host)
    types = frozenset(label.lower() for label in seen if "/" not in label and " " not in label)
    return Names(hosts, frozenset(words), types)


@lru_cache(maxsize=1024)
def label_words(label: str) -> frozenset[str]:
    """Give the words of a type or a path; those of `/` are `default`."""
    return _DEFAULT if label == "/" else parts(label)


def host_at(words: Sequence[str], at: int, known: Names) -> str | None:
    """Give the host that a word, or `user 1` in two words, names."""
    word = words[at].removesuffix("'s").removesuffix("’s")
    if word in known.hosts:
        return known.hosts[word]
    if word in ("user", "player") and at + 1 < len(words):
        both = words[at + 1]
        return known.hosts.get(f"{word}{both}") or known.hosts.get(f"{word} {both}")
    return None
