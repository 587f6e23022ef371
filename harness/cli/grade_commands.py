"""`harness grade`: submissions, held against themselves, their code, and a rerun of their own commands."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from harness import extend
from harness.errors import PRECEDENCE, ExitCode, UsageError
from harness.grade import grade
from harness.grade.class_folder import submissions
from harness.grade.model import Grading
from harness.grade.rerun.script import typed_first
from harness.grade.results.findings_json import exit_code, render_json
from harness.grade.results.markdown import render_markdown
from harness.grade.results.terminal import render_text
from harness.grade.submission import load
from harness.readme.plan import plan
from harness.render.text import visible
from harness.signals import Terminated, orderly, undisturbed

if TYPE_CHECKING:
    from harness.cluster.protocol import Cluster
    from harness.cluster.stack import Stack
    from harness.grade.rerun.stage import Stage
    from harness.grade.results.graded import Graded

_PATH = click.Path(path_type=Path)


@click.command("grade")
@click.argument("paths", type=_PATH, nargs=-1, required=True, metavar="PATH...")
@click.option("--static", is_flag=True, help="Check the report without a cluster; nothing of it is executed.")
@click.option("--plan", "show_plan", is_flag=True, help="Show how the report is read: what would be run where.")
@click.option("--rubric", metavar="NAME|FILE", help="Points by 2018, 2019, or a file of your own [default: 2019].")
@click.option("--backend", type=click.Choice(["local", "compose"]), help="Where it is rerun [default: local].")
@click.option("--package", "packages", multiple=True, metavar="NAME", help="Allow submissions this Python package.")
@click.option("--report", metavar="FILE", help="The report in the folder [default: the one with most commands].")
@click.option("--extend", "extension", type=_PATH, help="A file of Python with checks of your own.")
@click.option("--reading", type=_PATH, help="A file that corrects how the report is read.")
@click.option("--out", type=_PATH, help="Write the results to this folder; a class goes on from what is in it.")
@click.option("--again", is_flag=True, help="Rerun also what --out has a rerun of.")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown", "github"]), default="text")
@click.option("--all", "everything", is_flag=True, help="List what agrees and what was not checked, too.")
def grade_command(
    paths: Sequence[Path],
    static: bool,
    show_plan: bool,
    rubric: str | None,
    backend: str | None,
    packages: Sequence[str],
    report: str | None,
    extension: Path | None,
    reading: Path | None,
    out: Path | None,
    again: bool,
    form: str,
    everything: bool,
) -> ExitCode:
    """Rerun submissions on the real stack, and say what of their reports holds.

    PATH is a submission's folder, a report alone (Markdown, a notebook, a shell history), or a folder of submissions.
    Their commands run unmodified in a sandbox; what they print is compared with the report; a rubric makes points of
    it. Every claim gets a verdict with its line and both values. Errors are wrong for sure; warnings may have a reason
    that the report does not show. --static does without a cluster: nothing is executed.
    Exit codes: 0 no error, 1 errors, 2 usage, 3 the cluster failed, 4 no report or nothing to check, 5 our own fault,
    129, 130 or 143 interrupted.

    \b
    Examples:
      harness grade ~/submissions/kim --out /tmp/kim
      harness grade ~/submissions --rubric 2018 --out /tmp/class
      harness grade --static README.md --format json | jq '.findings[] | select(.verdict == "disagrees")'
      harness grade --plan ~/submissions/kim
    """
    if show_plan and (static or len(paths) > 1):
        raise UsageError("--plan shows how one report is read, and runs nothing.", remedy="leave out --static")
    for_reruns = [("--backend", backend), ("--package", packages), ("--again", again)]
    if given := [option for option, value in for_reruns if value and (static or show_plan)]:
        raise UsageError(f"{', '.join(given)}: without a rerun this says nothing.", remedy="leave it out")
    if again and not out:
        raise UsageError("--again is for the reruns in a folder.", remedy="add --out FOLDER, or leave it out")
    if show_plan:
        submission = load(paths[0], report, reading)
        click.echo(plan(submission.reading, typed_first(submission)), nl=False)
        return ExitCode.OK if submission.blocks else ExitCode.NOTHING_CHECKED
    if extension:
        extend.load_file(extension)
    found = submissions(paths, out, _say)
    if len(found) > 1:
        _refuse_for_one(len(found), form, report, reading, out)
    if static and rubric is None and len(found) == 1:
        return _static(found[0], report, reading, out, form, everything)
    try:
        with orderly(), _stage(None if static else backend or "local", packages) as stage:
            return _points(found, rubric or "2019", stage, report, reading, out, again, form, everything)
    except Terminated as ended:
        return ended.exit_code


def _refuse_for_one(count: int, form: str, report: str | None, reading: Path | None, out: Path | None) -> None:
    """Refuse for a class what only one submission can have, and one without a folder for its results."""
    seen = f"{count} submissions"
    if report or reading:
        raise UsageError("--report and --reading are for one submission.", seen=seen)
    if form != "text":
        raise UsageError(f"--format {form} is for one submission.", seen=seen, remedy="result.json of each, in --out")
    if out is None:
        raise UsageError("The results of a class need a folder.", seen=seen, remedy="add --out FOLDER")


def _static(
    path: Path, report: str | None, reading: Path | None, out: Path | None, form: str, everything: bool
) -> ExitCode:
    grading = grade(path, report, reading)
    if out:
        from harness.grade.results.files import write_files
        from harness.grade.results.page import render_page

        files = {
            "findings.json": render_json(grading),
            "findings.md": render_markdown(grading),
            "findings.html": render_page(grading, grading.submission.text),
        }
        write_files(out, files)
    click.echo(_shown(grading, path, form, everything), nl=False)
    return exit_code([grading])


def _points(
    found: Sequence[Path],
    rubric: str,
    stage: Stage | None,
    report: str | None,
    reading: Path | None,
    out: Path | None,
    again: bool,
    form: str,
    everything: bool,
) -> ExitCode:
    from harness.grade.grade_class import Order, grade_class
    from harness.grade.rerun.limits import Limits
    from harness.grade.rubric import load_rubric

    loaded = load_rubric(rubric)
    graded = grade_class(Order(found, loaded, out, Limits(), stage, report, reading, again), _say)
    if len(graded) == 1 and graded[0].grading:
        click.echo(_shown(graded[0].grading, found[0], form, everything), nl=False)
    for each in graded:
        if each.problem and not each.fault:
            _say(f"{each.name}: {each.problem}")
    if form == "text":
        for each in graded:
            click.echo(_points_of(each))
    if out:
        _say(f"results: {out}")
    codes = {_code(each) for each in graded}
    return next((code for code in PRECEDENCE if code in codes), ExitCode.OK)


@contextmanager
def _stage(backend: str | None, packages: Sequence[str]) -> Iterator[Stage | None]:
    """Give where submissions are rerun, and end it whatever happens."""
    if backend is None:
        yield None
        return
    from rich.console import Console

    from harness.cluster import backends
    from harness.grade.rerun.leftovers import own_folder
    from harness.grade.rerun.stage import stage_of
    from harness.progress import DownloadProgress
    from harness.settings import Settings

    with own_folder() as folder:
        project = folder / "project"
        project.mkdir()
        mode = "private" if backend == "local" else None
        settings = Settings(project=project, out=folder, title="rerun", mode=mode, backend=backend, guests=True)
        console = Console(stderr=True, highlight=False)

        def start(made_of: Stack | Path) -> Cluster:
            if isinstance(made_of, Path):
                found = replace(settings, compose_file=made_of)
            else:
                found = replace(settings, stack=made_of)
            return backends.start(found, lambda: folder / "logs", DownloadProgress(console), _tell)

        stage = stage_of(backend, start, _say, packages)
        try:
            yield stage
        finally:
            with undisturbed():
                stage.close()


def _say(text: str) -> None:
    click.echo(visible(text), err=True)


def _tell(event: Mapping[str, object]) -> None:
    if event.get("event") == "note":
        _say(str(event["text"]))


def _points_of(graded: Graded) -> str:
    from harness.grade.results import words

    return visible(f"{graded.name}: {words.points(graded.score)}")


def _code(graded: Graded) -> ExitCode:
    if graded.rerun and graded.rerun.fault:
        return ExitCode.ENVIRONMENT
    if graded.grading is None:
        return ExitCode.OWN_FAULT if graded.fault else ExitCode.NOTHING_CHECKED
    return exit_code([graded.grading])


def _shown(grading: Grading, path: Path, form: str, everything: bool) -> str:
    forms = {
        "json": lambda: render_json(grading),
        "markdown": lambda: render_markdown(grading),
        "github": lambda: _as_annotations(grading, path),
        "text": lambda: render_text(grading, everything=everything),
    }
    return forms[form]()


def _as_annotations(grading: Grading, path: Path) -> str:
    """Give the findings with the submission's folder as the repository in which this runs names it."""
    from harness.grade.results.github import render_github

    folder = path if path.is_dir() else path.parent
    return render_github(grading, PurePosixPath(os.path.relpath(folder)))
