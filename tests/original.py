"""The original assignment's folder, rebuilt from its report: the compose file, the web API and the jobs it lists."""

from __future__ import annotations

import os
import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

FOLDER = "assignment-12-dwang-ischool"
_LISTED = re.compile(r"^cat ([\w\-]+\.(?:py|yml))$")


def acceptance_folder() -> Path | None:
    """Give the folder of the acceptance material, or None where there is none."""
    given = os.environ.get("HARNESS_ACCEPTANCE")
    return Path(given) if given else None


def blocks(text: str) -> list[str]:
    """Give the fenced blocks of a report, in order."""
    return re.findall(r"^```[^\n]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(report: Path) -> list[str]:
    """Give the blocks that are commands of docker-compose, line continuations and all."""
    return [b.strip() for b in blocks(report.read_text()) if "docker-compose " in b and not b.startswith("---")]


def rebuild(report: Path, home: Path) -> Path:
    """Write the files that the report lists into HOME/w205, as its author had them. Returns that folder."""
    folder = home / "w205" / FOLDER
    folder.mkdir(parents=True)
    found = blocks(report.read_text())
    for command, listing in pairwise(found):
        if match := _LISTED.match(command.strip()):
            (folder / match[1]).write_text(listing)
    return folder


def submission(home: Path) -> Path:
    """Give that folder in HOME/w205 with the report as its README. Skips where there is no material."""
    material = acceptance_folder()
    if material is None:
        pytest.skip("HARNESS_ACCEPTANCE names no folder")
    report = material / "seed" / "assignment-12.md"
    folder = rebuild(report, home)
    shutil.copy(report, folder / "README.md")
    return folder
