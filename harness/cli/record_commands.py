"""`harness render`: reports from a record, without a cluster."""

from __future__ import annotations

from pathlib import Path

import click

from harness import record as records
from harness.errors import ExitCode
from harness.render import write_all


@click.command()
@click.argument("record", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write to [default: the record's].")
def render(record: Path, out: Path | None) -> ExitCode:
    """Write README.md, junit.xml and history.txt again from a record.json. No cluster is needed.

    \b
    Examples:
      harness render reports/latest/record.json
      harness render old/record.json --out /tmp/again
    """
    for path in write_all(records.load(record), out or record.parent):
        click.echo(path)
    return ExitCode.OK
