"""`harness report` and `harness step`: the assignment's steps through pytest."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import pytest
from rich.console import Console

from harness import plugin, settings
from harness.cli.running_options import given, running_options
from harness.cluster import backends
from harness.errors import PRECEDENCE, ExitCode
from harness.progress import DownloadProgress


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that report and step share."""
    options = (
        click.option("--backend", metavar="|".join(settings.BACKENDS), help="Where the cluster runs [default: local]."),
        click.option(
            "--mode",
            type=click.Choice(settings.MODES),
            help="private: in a sandbox, names and ports as in the assignment; open: on the machine's loopback "
            "[default: private where a sandbox can be had].",
        ),
        click.option("--out", type=click.Path(path_type=Path), help="Folder of the report [default: reports/latest]."),
        click.option("--keep", is_flag=True, help="Leave the cluster up; later steps join it."),
        click.option(
            "--port", multiple=True, metavar="SERVICE=N", help="Port of a service in open mode, such as kafka=29092."
        ),
        click.option("--step-timeout", type=float, metavar="SECONDS", help="Time limit of each step [default: 420]."),
        click.option(
            "--command-timeout", type=float, metavar="SECONDS", help="Time limit of each command [default: 180]."
        ),
    )
    command = running_options(command)
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@run_options
@click.option("--options", "optional", metavar="NAME,…", help="Run these optional steps too, or `all` of them.")
def report(**options: Any) -> ExitCode:
    """The main job: bring up the cluster, run every step, write the report.

    The report is written after each step, in reports/latest: record.json, README.md and report.html for people,
    summary.md, junit.xml and ctrf.json for a CI, history.txt.
    Exit codes: 0 all holds, 1 a step failed, 3 the cluster's fault, 130 interrupted.

    \b
    Examples:
      harness report
      harness report --mode open --keep
      harness report --out /tmp/monday
      harness report --options all
      harness report --backend running --kafka broker:9092 --hdfs hdfs://namenode:8020
                     --metastore hive:9083 --presto presto:8080 --spark spark://master:7077
    """
    return run_steps((), options)


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@run_options
def step(names: Sequence[str], **options: Any) -> ExitCode:
    """Run single steps and what they need, and nothing else.

    With --keep the cluster stays up; the next step joins it and does not repeat what has passed in it.

    \b
    Examples:
      harness step presto
      harness step load --keep
      harness step batch hive --keep
    """
    return run_steps(names, options)


def run_steps(names: Sequence[str], options: dict[str, Any]) -> ExitCode:
    """Run the named steps, or all, through pytest. Gives the run's exit code."""
    found = settings.resolve(
        out=options["out"],
        backend=options["backend"],
        mode=options["mode"],
        keep=options["keep"],
        ports=plugin.parse_ports(options["port"]),
        step_timeout=options["step_timeout"],
        command_timeout=options["command_timeout"],
        running=given(options),
    )
    # The plugin resolves all settings once more; pytest has no flags for these.
    os.environ |= {f"HARNESS_{name.upper()}": value for name, value in given(options).items()}
    backends.prepare(found, DownloadProgress(Console(highlight=False)))
    # This process imported the harness before pytest could rewrite its assertions, and need not.
    imported = "ignore:Module already imported so cannot be rewritten:pytest.PytestAssertRewriteWarning"
    # Plugins that happen to be installed too would only cost time; who wants one runs pytest.
    arguments = ["-W", imported, "--disable-plugin-autoload", "--rootdir", str(found.project)]
    arguments += ["-q", "--no-header", "--tb=no", "-rN"]
    arguments += [f"--{key}={options[key]}" for key in ("backend", "mode", "out") if options[key] is not None]
    arguments += [f"--port={value}" for value in options["port"]]
    for key in ("step_timeout", "command_timeout"):
        if options[key] is not None:
            arguments.append(f"--{key.replace('_', '-')}={options[key]}")
    if options["keep"]:
        arguments.append("--keep")
    if options.get("optional"):
        arguments.append(f"--options={options['optional']}")
    if names:
        arguments += ["--steps", ",".join(names)]
    watcher = _Watcher()
    code = pytest.main([*arguments, str(found.project / found.assignment)], plugins=[plugin, watcher])
    if watcher.steps and watcher.steps.session:
        codes = {watcher.steps.session.exit_code()}
        if code == pytest.ExitCode.INTERNAL_ERROR:
            codes.add(ExitCode.OWN_FAULT)
        return next(item for item in PRECEDENCE if item in codes)
    if watcher.steps and watcher.steps.interrupted:
        return watcher.steps.interrupted
    if watcher.steps and watcher.steps.refused:
        return watcher.steps.refused.exit_code
    return {
        pytest.ExitCode.USAGE_ERROR: ExitCode.USAGE,
        pytest.ExitCode.NO_TESTS_COLLECTED: ExitCode.NOTHING_CHECKED,
        pytest.ExitCode.INTERNAL_ERROR: ExitCode.OWN_FAULT,
    }.get(pytest.ExitCode(code), ExitCode.DISAGREES)


class _Watcher:
    """Finds the plugin's state, for its exit code."""

    steps: plugin.Steps | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Remember the plugin."""
        self.steps = config.pluginmanager.getplugin("harness-steps")
