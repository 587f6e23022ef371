"""`harness render` and `harness upgrade`: reports from a record, and older records, without a cluster."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Sequence
from pathlib import Path

import click

from harness import extend, settings
from harness import record as records
from harness.check.upgrade import upgraded
from harness.errors import EnvironmentFault, ExitCode
from harness.render.renderers import RECORD, write_all
from harness.render.text import plural


@click.command()
@click.argument("record", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write to [default: the record's].")
@click.option("--mask", is_flag=True, help="Mask user, host and home folder, for a report that is committed.")
def render(record: Path, out: Path | None, mask: bool) -> ExitCode:
    """Write all that a run writes again from its record.json. No cluster is needed.

    README.md and report.html are for people, summary.md is for the page of a CI job, junit.xml and ctrf.json are for
    its test page, and history.txt lists the commands.

    \b
    Examples:
      harness render reports/latest/record.json
      harness render reports/latest/record.json --mask --out reports/sample
    """
    extend.load_here()
    found = records.load(record)
    if mask:
        folders = {str(settings.cache_dir()): "<cache>", str(settings.find_project()): "<project>"}
        found = records.mask(
            found, user=getpass.getuser(), hostname=socket.gethostname(), home=str(Path.home()), folders=folders
        )
    for path in write_all(found, out or record.parent):
        click.echo(path)
    return ExitCode.OK


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RECORD...")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def upgrade(files: Sequence[Path], dry_run: bool) -> ExitCode:
    """Bring records and golden records of an older harness to the form of this one.

    The facts of each command are derived again from what it printed; nothing that ran or was printed is changed.

    \b
    Examples:
      harness upgrade reports/golden/record.json --dry-run
      harness upgrade reports/golden/*.json
    """
    extend.load_here()
    for given in files:
        path = given / RECORD if given.is_dir() else given
        found = upgraded(records.load(path))
        commands = ", ".join(found.changed)
        said = (
            f"{plural(len(found.changed), 'command')} with other facts: {commands}" if commands else "nothing to change"
        )
        click.echo(f"{path}: {said}")
        if found.changed and not dry_run:
            try:
                records.save(found.record, path)
            except OSError as problem:
                raise EnvironmentFault(f"{path} cannot be written.", seen=str(problem)) from problem
    return ExitCode.OK
