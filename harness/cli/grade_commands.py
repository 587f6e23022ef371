"""`harness grade`: a submission's report, held against itself and against its code."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import click

from harness.errors import EnvironmentFault, ExitCode, UsageError
from harness.grade import grade
from harness.grade.results.findings_json import exit_code, render_json
from harness.grade.results.github import render_github
from harness.grade.results.markdown import render_markdown
from harness.grade.results.page import render_page
from harness.grade.results.terminal import render_text
from harness.grade.submission import load
from harness.readme.plan import plan
from harness.record import write_text

_PATH = click.Path(path_type=Path)


@click.command("grade")
@click.argument("path", type=_PATH)
@click.option("--static", is_flag=True, help="Check the report without a cluster; nothing of it is executed.")
@click.option("--plan", "show_plan", is_flag=True, help="Show how the report is read: what would be run where.")
@click.option("--report", metavar="FILE", help="The report in the folder [default: the one with most commands].")
@click.option("--reading", type=_PATH, help="A file that corrects how the report is read.")
@click.option("--out", type=_PATH, help="Write findings.json, findings.md and findings.html to this folder.")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown", "github"]), default="text")
@click.option("--all", "everything", is_flag=True, help="List what agrees and what was not checked, too.")
def grade_command(
    path: Path,
    static: bool,
    show_plan: bool,
    report: str | None,
    reading: Path | None,
    out: Path | None,
    form: str,
    everything: bool,
) -> ExitCode:
    """Find what does not hold in a report: in its numbers, against its commands, its code and its own words.

    PATH is a submission's folder, or a report alone: Markdown, a notebook, or a shell history. Every claim gets a
    verdict with its line and both values: agrees, volatile, tolerated, disagrees, not checked. Errors are wrong for
    sure; warnings may have a reason that the report does not show.
    Exit codes: 0 no error, 1 errors, 2 usage, 4 no report or nothing to check, 5 our own fault.

    \b
    Examples:
      harness grade --static ~/submissions/kim
      harness grade --static README.md --format json | jq '.findings[] | select(.verdict == "disagrees")'
      harness grade --static ~/submissions/kim --out /tmp/kim
      harness grade --plan ~/submissions/kim
    """
    if static is show_plan:
        raise UsageError(
            "harness grade needs to know what to do.",
            wanted="--static to check the report without a cluster, or --plan to see how it is read",
        )
    if show_plan:
        submission = load(path, report, reading)
        click.echo(plan(submission.reading), nl=False)
        return ExitCode.OK if submission.blocks else ExitCode.NOTHING_CHECKED
    grading = grade(path, report, reading)
    forms = {
        "json": lambda: render_json(grading),
        "markdown": lambda: render_markdown(grading),
        "github": lambda: render_github(grading, _from_here(path)),
        "text": lambda: render_text(grading, everything=everything),
    }
    if out:
        files = {
            "findings.json": render_json(grading),
            "findings.md": render_markdown(grading),
            "findings.html": render_page(grading, grading.submission.text),
        }
        _write(out, files)
    click.echo(forms[form](), nl=False)
    return exit_code([grading])


def _write(folder: Path, files: dict[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            write_text(folder / name, text)
    except OSError as problem:
        raise EnvironmentFault(
            f"{folder} cannot be written.", seen=str(problem), remedy="choose another folder with --out"
        ) from problem


def _from_here(path: Path) -> PurePosixPath:
    """Give a submission's folder as the repository in which this runs names it."""
    folder = path if path.is_dir() else path.parent
    return PurePosixPath(os.path.relpath(folder))
