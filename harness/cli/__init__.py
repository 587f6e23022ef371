"""The command line: `harness COMMAND`. Each command is a thin layer over the package."""

from __future__ import annotations

import sys
import traceback

import click

from harness.cli import (
    check_commands,
    cluster_commands,
    compose_commands,
    readme_commands,
    record_commands,
    run_commands,
    toolchain_commands,
)
from harness.errors import ExitCode, HarnessError


class OrderedGroup(click.Group):
    """Lists its commands in the order in which a newcomer needs them."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Give the names in the order of their registration."""
        return list(self.commands)


@click.group(cls=OrderedGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pipeline-harness")
def cli() -> None:
    """Run a data pipeline assignment for real, with one record of every command and output.

    \b
    Examples:
      harness report                      the whole assignment: cluster, steps, report
      harness step presto                 one step and what it needs
      harness up                          a cluster to play with, on this machine's loopback
      harness exec mids kafkacat -C -b kafka:29092 -t events -o beginning -e
      harness down
    """


for command in (
    run_commands.report,
    run_commands.step,
    cluster_commands.up,
    cluster_commands.execute,
    cluster_commands.logs,
    cluster_commands.ps,
    cluster_commands.down,
    record_commands.render,
    check_commands.diff,
    readme_commands.readme,
    check_commands.check,
    check_commands.approve,
    compose_commands.build_images,
    toolchain_commands.doctor,
    toolchain_commands.setup,
    toolchain_commands.cache,
    toolchain_commands.lock,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; every end has an exit code of `ExitCode` and words that say what to do."""
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        code = ExitCode.INTERRUPTED
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except click.ClickException as problem:
        problem.show()
        code = ExitCode.USAGE
    except HarnessError as problem:
        click.echo(f"harness: {problem}", err=True)
        code = problem.exit_code
    except Exception:
        traceback.print_exc()
        click.echo("harness: this is a fault of the harness itself, not of your work.", err=True)
        code = ExitCode.OWN_FAULT
    sys.exit(int(code or 0))
