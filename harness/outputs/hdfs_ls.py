"""Listings of HDFS: `hadoop fs -ls`, `hdfs dfs -ls`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.model import Fact
from harness.outputs.text import Output, integer, label, lines

_LISTINGS: Final = frozenset({"-ls", "-lsr"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a listing."""

    path: str
    directory: bool
    empty: bool

    @property
    def is_part(self) -> bool:
        """Whether the name is one that Spark gives its data files, different in every run."""
        return self.path.rpartition("/")[2].startswith("part-")


def entry(line: str) -> Entry | None:
    """Read a line `mode replication owner group size date time path`, or give None.

    `-h` writes a size as two words (`2.3 K`), and a path may hold spaces.
    """
    for words in (8, 9):
        fields = line.split(None, words - 1)
        if len(fields) == words and _is_mode(fields[0]) and _is_date(fields[-3]):
            directory = fields[0].startswith("d")
            return Entry(label(fields[-1]), directory, not directory and fields[4] == "0")
    return None


def facts(output: Output) -> dict[str, Fact]:
    """Count the entries of all listings and compare them with `Found N items`; `{}` for other commands.

    An empty folder, a single file and `-R` print no `Found` line: then `found` and `found_agrees` are None.
    """
    if not _LISTINGS.intersection(output.args):
        return {}
    found: int | None = None
    entries: list[Entry] = []
    for line in lines(output.stdout):
        listed = entry(line)
        if listed is not None:
            entries.append(listed)
        elif (stated := stated_items(line)) is not None:
            found = (found or 0) + stated
    files = [one for one in entries if not one.directory]
    return {
        "kind": "hdfs_ls",
        "found": found,
        "entries": len(entries),
        "directories": len(entries) - len(files),
        "files": len(files),
        "empty_files": sum(one.empty for one in files),
        "part_files": sum(one.is_part for one in files),
        "paths": sorted({one.path for one in entries if not one.is_part}),
        "found_agrees": None if found is None else found == len(entries),
    }


def stated_items(line: str) -> int | None:
    """Give the N of the line `Found N items`, or None for any other line."""
    first, _, rest = line.strip().partition(" ")
    number, _, noun = rest.partition(" ")
    return integer(number) if first == "Found" and noun in ("item", "items") else None


def _is_mode(word: str) -> bool:
    return len(word) in (10, 11) and word[0] in "-dl" and not word[1:10].strip("rwxsStT-")


def _is_date(word: str) -> bool:
    return len(word) == 10 and word[4] == word[7] == "-" and integer(word.replace("-", "")) is not None
