"""`harness notebook`: a notebook run on the cluster's Presto."""

from __future__ import annotations

from pathlib import Path

import click

from harness import notebook as notebooks
from harness import settings
from harness.cli.cluster_commands import joined, run_option
from harness.errors import ExitCode
from harness.render.text import visible


@click.command()
@run_option
@click.option("--presto", metavar="HOST:PORT", help="Where Presto is, instead of the cluster that is up.")
@click.option("--schema", default="default", show_default=True, help="Where the tables are, with --presto.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write to [default: that of the report].")
@click.argument("notebook", type=click.Path(path_type=Path))
def notebook(run_id: str | None, presto: str | None, schema: str, out: Path | None, notebook: Path) -> int:
    """Run a notebook from top to bottom on the cluster that is up, and keep it with what its cells showed.

    Its cells find Presto's address, HOST:PORT, in the variable PRESTO, and the schema in PRESTO_SCHEMA. NOTEBOOK itself
    is not changed: with its outputs it is written to the report's folder as NAME.executed.ipynb. A cell that fails ends
    it, with exit code 1.

    \b
    Examples:
      harness report --options all --keep
      harness notebook reports/analysis.ipynb
      harness notebook my.ipynb --presto 127.0.0.1:8080 --out /tmp
    """
    folder = (out or settings.resolve().out).absolute()
    if presto is None:
        ran = notebooks.execute_on(joined(run_id), str(notebook.absolute()), folder)
        click.echo(visible(ran.stdout), nl=False)
        click.echo(visible(ran.stderr), err=True, nl=False)
        return ExitCode.DISAGREES if ran.exit_code is None else ran.exit_code
    target = folder / (notebook.stem + notebooks.EXECUTED)
    printed, error = notebooks.execute(notebook, target, presto, schema)
    click.echo(visible(printed), nl=False)
    if error:
        click.echo(visible(error), err=True)
        return ExitCode.DISAGREES
    click.echo(f"written: {target.name}")
    return ExitCode.OK
