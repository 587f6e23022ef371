"""`harness multi`: a cluster of several machines in containers, for the running backend to be tried on."""

from __future__ import annotations

import shlex

import click
from rich.console import Console

from harness import settings
from harness.cluster.compose import engine
from harness.cluster.compose import multi as machines
from harness.cluster.elsewhere import Elsewhere
from harness.errors import EnvironmentFault, ExitCode
from harness.progress import DownloadProgress


@click.group()
def multi() -> None:
    """Bring up a cluster of several machines in containers, and take it down.

    Three brokers, three DataNodes, a metastore on PostgreSQL, a Spark master with two workers, a Presto coordinator
    with two workers: what one machine can show about a cluster. It takes about 10 GB of memory.

    \b
    Examples:
      harness multi up
      eval "$(harness multi show)" && harness report --backend running
      harness multi down
    """


@multi.command()
def up() -> ExitCode:
    """Build the images that are missing, start the containers, and wait until the cluster is whole."""
    console = Console(highlight=False, stderr=True)
    log = settings.cache_dir() / "logs" / "images.log"
    there = machines.up(DownloadProgress(console), console.print, log)
    click.echo(_exports(there))
    console.print('the cluster is up; in another shell: eval "$(harness multi show)"; `harness multi down` ends it')
    return ExitCode.OK


@multi.command()
def show() -> ExitCode:
    """Print the variables by which `--backend running` finds the cluster, for a shell's eval."""
    there = machines.elsewhere()
    click.echo(_exports(there))
    if wrong := machines.missing(there):
        click.echo(f"it is not whole: {'; '.join(wrong)}", err=True)
        return ExitCode.ENVIRONMENT
    return ExitCode.OK


@multi.command()
def down() -> ExitCode:
    """Take the containers down, with all their data."""
    engine.check()
    if left := machines.down():
        raise EnvironmentFault(
            "Something was left.", wanted="no container, network or volume", seen=", ".join(left), remedy="docker rm -f"
        )
    click.echo("nothing is left: no container, no network, no volume")
    return ExitCode.OK


def _exports(there: Elsewhere) -> str:
    lines = [f"export {name}={shlex.quote(value)}" for name, value in machines.exports(there).items()]
    return "\n".join(lines)
