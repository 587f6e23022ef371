"""The command line: `harness COMMAND`. Each command is a thin layer over the package."""

from __future__ import annotations

import io
import sys
import traceback
from importlib import import_module
from types import MappingProxyType
from typing import Final

import click

from harness import extend
from harness.errors import ExitCode, HarnessError
from harness.render.text import visible

COMMANDS: Final = MappingProxyType(
    {
        "report": "run_commands:report",
        "init": "init_commands:init",
        "step": "run_commands:step",
        "up": "cluster_commands:up",
        "exec": "cluster_commands:execute",
        "logs": "cluster_commands:logs",
        "ps": "cluster_commands:ps",
        "down": "cluster_commands:down",
        "notebook": "notebook_commands:notebook",
        "render": "record_commands:render",
        "diff": "check_commands:diff",
        "readme": "readme_commands:readme",
        "check": "check_commands:check",
        "approve": "check_commands:approve",
        "upgrade": "record_commands:upgrade",
        "grade": "grade_commands:grade_command",
        "gradescope": "gradescope_commands:gradescope",
        "images": "compose_commands:build_images",
        "multi": "multi_commands:multi",
        "doctor": "toolchain_commands:doctor",
        "setup": "toolchain_commands:setup",
        "cache": "toolchain_commands:cache",
        "lock": "toolchain_commands:lock",
    }
)
"""The commands in the order in which a newcomer needs them, each with where it is."""


class LazyGroup(click.Group):
    """Imports a command when it is asked for: most need neither pytest nor a cluster, and start faster without."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Give the names of all commands, those of the project's extensions last."""
        extend.load_here()
        return [*COMMANDS, *extend.COMMANDS]

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Give a command, or None where there is none of that name."""
        if name not in COMMANDS:
            extend.load_here()
            return extend.COMMANDS.get(name)
        module, _, attribute = COMMANDS[name].partition(":")
        command = getattr(import_module(f"harness.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
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


def main() -> None:
    """Run the command line; every end has an exit code of `ExitCode` and words that say what to do."""
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        code = ExitCode.INTERRUPTED
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except click.ClickException as problem:
        said = io.StringIO()
        problem.show(said)
        _say(said.getvalue().rstrip("\n"))
        code = ExitCode.USAGE
    except HarnessError as problem:
        _say(f"harness: {problem}")
        code = problem.exit_code
    except Exception:
        _say(traceback.format_exc())
        _say("harness: this is a fault of the harness itself, not of your work.")
        code = ExitCode.OWN_FAULT
    sys.exit(int(code or 0))


def _say(text: str) -> None:
    """Say something that may have names and words of strangers in it."""
    click.echo(visible(text), err=True)
