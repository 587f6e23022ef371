"""One submission or a class: rerun each on a cluster that is clean, score it, and write what came of it at once.

A class can be ended at any time and gone on with: a submission whose rerun is on the disk is not run again. When the
cluster or the harness fails, the cluster is started anew and the submission run again; a fault that comes twice is
marked as ours. One bad submission never stops the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.errors import EnvironmentFault, HarnessError, UsageError
from harness.grade.checks import run as check
from harness.grade.compare import compare
from harness.grade.model import Grading, Submission
from harness.grade.rerun import record
from harness.grade.rerun.digest import digest_of
from harness.grade.rerun.limits import Limits
from harness.grade.rerun.model import Rerun
from harness.grade.rerun.stage import Stage
from harness.grade.results.graded import Graded
from harness.grade.results.write import withdraw, write_class, write_results
from harness.grade.rubric import Rubric
from harness.grade.score import faulty, score, unreadable
from harness.grade.submission import NoReportError, load

ATTEMPTS: Final = 2
RERUN: Final = "rerun.json"


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
            found[-1] = _written(graded, _folder(order, graded), say)
            if len(names) > 1:
                write_class(found, order.out)
    return found


def _written(graded: Graded, folder: Path, say: Callable[[str], None]) -> Graded:
    """Write the results of one submission; where they cannot be shown, write that. Gives what was written."""
    try:
        write_results(graded, folder)
    except EnvironmentFault:
        raise
    except Exception as problem:
        graded = _faulty(graded.name, graded.score.rubric, problem, say)
        write_results(graded, folder)
    return graded


def _faulty(name: str, rubric: Rubric, problem: Exception, say: Callable[[str], None]) -> Graded:
    words = f"{type(problem).__name__}: {problem}"
    say(f"{name}: {words}")
    return Graded(name, faulty(rubric, words), problem=words, fault=True)


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
    except Exception as problem:
        return _faulty(name, order.rubric, problem, say)
    try:
        rerun, attempts = _rerun(path, name, submission, order, say)
        findings = check(submission)
        if rerun is not None:
            findings = sorted([*findings, *compare(submission, rerun)], key=lambda finding: finding.line)
        scored = score(order.rubric, submission, findings, rerun, attempts)
        return Graded(name, scored, Grading(submission, findings), rerun)
    except Exception as problem:
        return _faulty(name, order.rubric, problem, say)


def _rerun(
    path: Path, name: str, submission: Submission, order: Order, say: Callable[[str], None]
) -> tuple[Rerun | None, int]:
    """Give the rerun of a submission: that on the disk where it is of the same input, else a new one."""
    if order.stage is None:
        return None, 1
    digest = digest_of(path, submission, f"{order.stage.variant} {order.limits}")
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
        withdraw(file.parent)
        record.save(rerun, file, digest, attempts)
    return rerun, attempts


def _names(paths: Sequence[Path]) -> list[str]:
    """Give each submission a name of its own: its folder's, with a number where two have the same."""
    found: list[str] = []
    for path in paths:
        name = path.resolve().name if os.path.isdir(path) else path.resolve().stem  # noqa: PTH112 - takes any path
        number = 2
        unique = name
        while unique in found:
            unique, number = f"{name}-{number}", number + 1
        found.append(unique)
    return found
