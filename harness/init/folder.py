"""The folder of a new assignment: what is written into it, all or nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Final

from harness.errors import EnvironmentFault, UsageError
from harness.grade.model import Submission
from harness.grade.rerun.places import WORK
from harness.grade.rerun.script import script
from harness.grade.submission import NoReportError, load
from harness.init.report_steps import places_of, plain, steps
from harness.readme.blocks import Kind
from harness.render.text import visible

_STARTER: Final = Path(__file__).parent / "starter"
_PACKAGE: Final = "pipeline-harness"
_NEEDED: Final = f"{_PACKAGE}>=0,<1"
"""What stands in the starter for a version like this one."""

_SKIPPED: Final = frozenset({"__pycache__"})
_RELEASE: Final = re.compile(r"\d+\.\d+")


def starter(name: str) -> dict[str, bytes]:
    """Give the files of the small assignment by their paths; `name` is the new project's."""
    found: dict[str, bytes] = {}
    for file in sorted(_STARTER.rglob("*")):
        if file.is_file() and not _SKIPPED & set(file.parts):
            path = PurePosixPath(*(_dotted(part) for part in file.relative_to(_STARTER).parts))
            found[str(path)] = filled(file.read_text(encoding="utf-8"), name).encode()
    return found


def from_submission(path: Path, report: str | None = None) -> tuple[dict[str, bytes], list[str]]:
    """Give the files of an assignment whose steps a submission's report describes, and sentences about them.

    Its own files stand where its commands look for them: what is at /w205 there is the new project's folder. Raises
    UsageError or NoReportError when it cannot be read.
    """
    submission = load(path, report)
    name = path.name if path.is_dir() else path.parent.name
    found = places_of(submission, script(submission), name)
    texts = {**submission.files, str(submission.report): submission.text}
    made = steps(submission, name)
    if not made:
        raise NoReportError(f"{path} shows no command that a step could run.", wanted="a report with commands")
    files: dict[str, bytes] = {}
    for place, below in [(found.target, found.target), *found.links]:
        if not place.is_relative_to(WORK) or not (below == place or any(str(place) in text for text in made.values())):
            continue
        inside = below.relative_to(found.target) if below.is_relative_to(found.target) else PurePosixPath()
        for file, text in texts.items():
            if inside == PurePosixPath() or PurePosixPath(file).is_relative_to(inside):
                target = place.relative_to(WORK) / PurePosixPath(file).relative_to(inside)
                files.setdefault(str(target), text.encode("utf-8", "surrogateescape"))
    taken = {PurePosixPath(file).parts[0] for file in files}
    steps_folder = next(each for each in ("assignment", "steps", "harness-steps") if each not in taken)
    files |= {f"{steps_folder}/{file}": text.encode() for file, text in made.items()}
    files["pyproject.toml"] = _pyproject(submission, name, steps_folder).encode()
    files[".gitignore"] = (_STARTER / "dot-gitignore").read_bytes()
    skipped = [f"not taken over: {file} ({why})" for file, why in submission.skipped.items()]
    return files, [visible(each) for each in skipped]


def _pyproject(submission: Submission, name: str, steps_folder: str) -> str:
    heading = next((block.text for block in submission.blocks if block.kind is Kind.HEADING), name)
    title = json.dumps(plain(heading) or name, ensure_ascii=False)  # a pair of escapes for one character is no TOML
    return (
        f'[project]\nname = "{project_name(name)}"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'
        f'dependencies = ["{_PACKAGE}>={release()},<1"]\n\n'
        f"[tool.harness]\ntitle = {title}\nassignment = {json.dumps(steps_folder)}\n"
        "course = 2018 # its commands run as the course's versions of that year did\n\n"
        f'[tool.pytest.ini_options]\ntestpaths = ["{steps_folder}"]\n'
    )


def filled(text: str, name: str) -> str:
    """Put the project's name and this harness' version into a text of the starter."""
    return text.replace("the-project", project_name(name)).replace(_NEEDED, f"{_PACKAGE}>={release()},<1")


def project_name(name: str) -> str:
    """Give a name that Python takes for a project: of letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "pipeline"


def release() -> str:
    """Give the version of this harness without its last part."""
    found = _RELEASE.match(metadata.version(_PACKAGE))
    return found[0] if found else "0"


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder that is new or empty; it appears with all of them, or not at all.

    Raises UsageError for a folder that holds something, EnvironmentFault when it cannot be written.
    """
    refuse_taken(folder)
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        for name, data in files.items():
            file = draft / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        if folder.exists():
            for entry in list(draft.iterdir()):
                entry.rename(folder / entry.name)
        else:
            draft.rename(folder)
    except OSError as problem:
        raise EnvironmentFault(f"{folder} cannot be written.", seen=str(problem), remedy="choose another") from problem
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def refuse_taken(folder: Path) -> None:
    """Raise UsageError for a path at which no new assignment can begin."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file.", wanted="a folder that is new or empty", remedy="name another")
    if folder.is_dir() and (there := sorted(path.name for path in folder.iterdir() if path.name != ".git")):
        raise UsageError(
            f"{folder} is not empty.",
            wanted="a folder that is new or empty",
            seen=", ".join(there[:5]) + (", …" if len(there) > 5 else ""),
            remedy="name another folder: nothing is written over",
        )


def _dotted(part: str) -> str:
    return f".{part.removeprefix('dot-')}" if part.startswith("dot-") else part
