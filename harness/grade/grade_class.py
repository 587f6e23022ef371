"""One submission or a class: rerun each on a cluster that is clean, score it, and write what came of it at once.

A class can be ended at any time and gone on with: a submission whose rerun is on the disk is not run again. When the
cluster or the harness fails, the cluster is started anew and the submission run again; a fault that comes twice is
marked as ours. One bad submission never stops the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from harness.errors import HarnessError, UsageError
from harness.grade.checks import run as check
from harness.grade.compare import compare
from harness.grade.model import Grading, Submission
from harness.grade.rerun import record
from harness.grade.rerun.limits import Limits
from harness.grade.rerun.model import Rerun
from harness.grade.rerun.stage import Stage
from harness.grade.results.graded import Graded
from harness.grade.results.write import write_class, write_results
from harness.grade.rubric import Rubric
from harness.grade.score import faulty, score, unreadable
from harness.grade.submission import NoReportError, load

ATTEMPTS: Final = 2
RERUN: Final = "rerun.json"
_LARGEST_HASHED: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be graded and how. `stage` gives the cluster when it is first needed; None grades without one."""

    paths: Sequence[Path]
    rubric: Rubric
    out: Path | None
    limits: Limits
    stage: Stage | None
    report: str | None = None
    reading: Path | None = None
    again: bool = False


def grade_class(order: Order, say: Callable[[str], None] = lambda _: None) -> list[Graded]:
    """Grade every submission and write its results as soon as it is done. Gives them in the order of their names."""
    found: list[Graded] = []
    names = _names(order.paths)
    for number, (path, name) in enumerate(zip(order.paths, names, strict=True), 1):
        say(f"[{number}/{len(names)}] {name}")
        graded = _grade(path, name, order, say)
        found.append(graded)
        if order.out:
            write_results(graded, _folder(order, graded))
            if len(names) > 1:
                write_class(found, order.out)
    return found


def _folder(order: Order, graded: Graded) -> Path:
    assert order.out is not None
    return order.out / graded.folder if len(order.paths) > 1 else order.out


def _grade(path: Path, name: str, order: Order, say: Callable[[str], None]) -> Graded:
    try:
        submission = load(path, order.report, order.reading)
    except (UsageError, NoReportError) as problem:
        if len(order.paths) == 1 and not isinstance(problem, NoReportError):
            raise
        return Graded(name, unreadable(order.rubric, str(problem)), problem=str(problem))
    try:
        rerun, attempts = _rerun(path, name, submission, order, say)
        findings = check(submission)
        if rerun is not None:
            findings = sorted([*findings, *compare(submission, rerun)], key=lambda finding: finding.line)
        scored = score(order.rubric, submission, findings, rerun, attempts)
        return Graded(name, scored, Grading(submission, findings), rerun)
    except Exception as problem:
        words = f"{type(problem).__name__}: {problem}"
        say(f"{name}: {words}")
        return Graded(name, faulty(order.rubric, words), problem=words, fault=True)


def _rerun(
    path: Path, name: str, submission: Submission, order: Order, say: Callable[[str], None]
) -> tuple[Rerun | None, int]:
    """Give the rerun of a submission: that on the disk where it is of the same input, else a new one."""
    if order.stage is None:
        return None, 1
    digest = _digest(path, submission, f"{order.stage.variant} {order.limits}")
    file = None
    if order.out:
        shell = Graded(name, faulty(order.rubric, ""))
        file = _folder(order, shell) / RERUN
        if not order.again:
            with suppress(UsageError):
                kept, of, attempts = record.load(file)
                if of == digest and not kept.fault:
                    say("its rerun is there already")
                    return kept, attempts
    rerun = None
    attempts = 0
    while attempts < ATTEMPTS:
        attempts += 1
        try:
            rerun = order.stage.rerun(path if path.is_dir() else None, submission, order.limits, say)
        except HarnessError as problem:
            rerun = Rerun(order.stage.backend, (), fault=str(problem))
        if not rerun.fault:
            break
        say(f"the cluster failed, not the submission: {rerun.fault}")
        order.stage.restart()
    assert rerun is not None
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        record.save(rerun, file, digest, attempts)
    return rerun, attempts


def _digest(path: Path, submission: Submission, variant: str) -> str:
    """Give what a rerun depends on: the files, how the report is read, where it runs, and the harness' version."""
    digest = hashlib.sha256(f"{version('pipeline-harness')}\n{submission.report}\n{variant}\n".encode())
    for block in submission.blocks:
        digest.update(f"{block.kind} {block.form} {block.first_line} {block.answers}\n".encode())
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    for file in files:
        if ".git" not in file.parts:
            with suppress(OSError), file.open("rb") as opened:
                digest.update(f"{file.relative_to(path.parent)}\0".encode("utf-8", "surrogateescape"))
                digest.update(hashlib.sha256(opened.read(_LARGEST_HASHED)).digest())
    return digest.hexdigest()


def _names(paths: Sequence[Path]) -> list[str]:
    """Give each submission a name of its own: its folder's, with a number where two have the same."""
    found: list[str] = []
    for path in paths:
        name = path.resolve().name if path.is_dir() else path.resolve().stem
        number = 2
        unique = name
        while unique in found:
            unique, number = f"{name}-{number}", number + 1
        found.append(unique)
    return found


def submissions(paths: Sequence[Path]) -> list[Path]:
    """Give the submissions that paths name: each path itself, or the folders in one that holds nothing else.

    Raises UsageError for a path that is not there.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} is not there.", wanted="a submission's folder, its report, or a folder of them")
        inside = sorted(each for each in path.iterdir() if not each.name.startswith(".")) if path.is_dir() else []
        folders = [each for each in inside if each.is_dir() and not each.is_symlink()]
        is_class = len(folders) > 1 and not any(_is_work(each) for each in inside if each.is_file())
        found += folders if is_class else [path]
    return found


def _is_work(file: Path) -> bool:
    """Say whether a file belongs to a submission, and not to a folder of them."""
    return file.suffix.lower() in (".md", ".ipynb", ".py", ".yml", ".yaml", ".sh")
