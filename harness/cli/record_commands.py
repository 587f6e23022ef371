"""`harness render`: reports from a record, without a cluster."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path

import click

from harness import record as records
from harness import settings
from harness.errors import ExitCode
from harness.render.renderers import write_all


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
    found = records.load(record)
    if mask:
        folders = {str(settings.cache_dir()): "<cache>", str(settings.find_project()): "<project>"}
        found = records.mask(
            found, user=getpass.getuser(), hostname=socket.gethostname(), home=str(Path.home()), folders=folders
        )
    for path in write_all(found, out or record.parent):
        click.echo(path)
    return ExitCode.OK
