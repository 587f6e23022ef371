"""`harness init`: an assignment of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from harness.errors import ExitCode


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--from",
    "submission",
    type=click.Path(path_type=Path),
    help="A folder with a report: its commands become the steps.",
)
@click.option("--report", metavar="FILE", help="The report in that folder [default: the one with most commands].")
@click.option("--dry-run", is_flag=True, help="Only say what would be written.")
def init(folder: Path, submission: Path | None, report: str | None, dry_run: bool) -> ExitCode:
    """Begin an assignment of your own in DIR, which is new or empty.

    It has a web API, a Spark job, three steps, a rubric, a README and a CI file, and runs at once: `cd DIR; pytest`.
    With --from the steps are those of somebody's report, ready to be edited: each heading with commands becomes one,
    and what belongs to the author's own machine stands there as a comment. Nothing of it is executed.

    \b
    Examples:
      harness init visits
      harness init mine --from ~/submissions/kim
      harness init mine --from ~/submissions/kim --dry-run
    """
    from harness.init import folder as folders

    folders.refuse_taken(folder)
    files, notes = folders.from_submission(submission, report) if submission else (folders.starter(folder.name), [])
    for name in sorted(files):
        click.echo(f"{'would write' if dry_run else 'writing'} {folder / name}")
    if not dry_run:
        folders.write(folder, files)
        for note in notes:
            click.echo(note)
        click.echo(f"next: cd {folder} && pytest")
    return ExitCode.OK
