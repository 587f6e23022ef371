"""The services of a compose file, read by its lines: no anchors, merges or flow style are followed."""

from __future__ import annotations

from harness.grade.code.sources import base_name
from harness.grade.model import Submission


def services(text: str) -> set[str] | None:
    """Give the names under `services:`, or None where the text cannot be read that way."""
    found: set[str] = set()
    inside = False
    indent: int | None = None
    for line in text.split("\n"):
        bare = line.split(" #")[0].rstrip().expandtabs(8)
        name = bare.lstrip()
        if not name or name.startswith("#"):
            continue
        depth = len(bare) - len(name)
        if depth == 0:
            if name.startswith(("include", "<<")) or (inside and name.startswith("{")):
                return None
            inside = name == "services:"
        elif inside:
            indent = depth if indent is None else indent
            if depth == indent:
                if not name.endswith(":"):
                    return None
                found.add(name[:-1].strip("\"' "))
    return found or None


def compose_services(submission: Submission) -> tuple[str, set[str]] | None:
    """Give the path of a compose file in the folder, and all the services that such files have; None if unsure."""
    paths: list[str] = []
    found: set[str] = set()
    for path, text in submission.files.items():
        if not _is_compose(path):
            continue
        names = services(text)
        if names is None:
            return None
        paths.append(path)
        found |= names
    return (paths[0], found) if paths else None


def _is_compose(path: str) -> bool:
    name = base_name(path)
    return name.endswith((".yml", ".yaml")) and name.startswith(("docker-compose", "compose"))
