"""Where a submission's folder must stand so that its own commands find their files.

The course mounted `~/w205` at `/w205` of every container, and each student named the folder in it as they liked. So
the paths that the commands name are held against the files that were handed in: `/w205/project-3-kim/jobs/a.py` with a
file `jobs/a.py` says that the submission stands at `/w205/project-3-kim`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

WORK: Final = PurePosixPath("/w205")
HOME: Final = PurePosixPath("/home/science")
"""The author's home on the host, where `w205` is the same folder."""

_PATH: Final = re.compile(r"(?<![\w.-])(?:~|\$HOME|/home/[\w.-]+|/root)?/w205((?:/[\w.@+-]+)*)")
_FOLDER: Final = re.compile(r"\bcd\s+(?:(?:~|\$HOME|/home/[\w.-]+|/root)?/)?w205((?:/[\w.@+-]+)+)/?(?=\s|$|[;&])")
_NAMED: Final = re.compile(r"(?<![\w./-])\.?/?((?:[\w.@+-]+/)*[\w@+-]+\.\w{1,6})(?![\w/])")
COMPOSE_FILES: Final = ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the submission is copied to, the links that lead there from elsewhere, and the folder to type in."""

    target: PurePosixPath
    links: Sequence[tuple[PurePosixPath, PurePosixPath]]
    folder: PurePosixPath


def places(name: str, files: Iterable[str], texts: Sequence[str]) -> Places:
    """Give the places of a submission: `name` is its folder's, `texts` are its commands and scripts in their order."""
    known = [PurePosixPath(file) for file in files]
    named = _roots(known, texts)
    whole = [root for root, below in named if below == PurePosixPath() and root != WORK]
    target = max(whole, key=lambda root: named[root, PurePosixPath()], default=WORK / _safe(name))
    links: dict[PurePosixPath, PurePosixPath] = {}
    for root, below in named:
        if root == WORK:
            for entry in sorted({file.relative_to(below).parts[0] for file in known if file.is_relative_to(below)}):
                links.setdefault(WORK / entry, target / below / entry)
        elif root != target:
            links.setdefault(root, target / below)
    inside = [(path, to) for path, to in links.items() if path != to and not to.is_relative_to(path)]
    return Places(target, inside, target / _folder(known, texts))


def _roots(known: Sequence[PurePosixPath], texts: Sequence[str]) -> Counter[tuple[PurePosixPath, PurePosixPath]]:
    """Give each mount point that the texts name, with the submission's folder that belongs there, and how often."""
    found: Counter[tuple[PurePosixPath, PurePosixPath]] = Counter()
    for text in texts:
        for match in _PATH.finditer(text):
            if root := _root(known, PurePosixPath(match[1].strip("/"))):
                found[root] += 1
    for text in texts:
        for match in _FOLDER.finditer(text):
            path = PurePosixPath(match[1].strip("/"))
            below = next((file.parent for file in known if file.parent.name == path.name), PurePosixPath())
            if not any(WORK / path == root for root, _ in found):
                found[WORK / path, below] += 1
    return found


def _root(known: Sequence[PurePosixPath], path: PurePosixPath) -> tuple[PurePosixPath, PurePosixPath] | None:
    """Give the mount point of a path and the folder that belongs there: the file with most of the path in common."""
    best: tuple[int, int, PurePosixPath] | None = None
    for file in known:
        common = 0
        for one, other in zip(reversed(file.parts), reversed(path.parts), strict=False):
            if one != other:
                break
            common += 1
        if common and (best is None or (common, -len(file.parts)) > best[:2]):
            best = common, -len(file.parts), file
    if best is None:
        return None
    common, _, file = best
    return WORK.joinpath(*path.parts[:-common]), PurePosixPath(*file.parts[:-common])


def _folder(known: Sequence[PurePosixPath], texts: Sequence[str]) -> PurePosixPath:
    """Give the folder in which most files that the commands name without a path are; then the compose file's."""
    votes: Counter[PurePosixPath] = Counter()
    for text in texts:
        for match in _NAMED.finditer(text):
            wanted = PurePosixPath(match[1])
            for file in known:
                if file == wanted or file.parts[-len(wanted.parts) :] == wanted.parts:
                    votes[PurePosixPath(*file.parts[: -len(wanted.parts)])] += 1
    for file in known:
        if file.name in COMPOSE_FILES:
            votes[file.parent] += 1
    if not votes:
        return PurePosixPath()
    return min(votes, key=lambda folder: (-votes[folder], len(folder.parts), str(folder)))


def _safe(name: str) -> str:
    """Give a folder's name that needs no quotes anywhere."""
    return re.sub(r"[^\w.@+-]", "_", name, flags=re.ASCII).strip(".") or "submission"
