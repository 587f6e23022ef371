"""`harness up`, `exec`, `logs`, `ps` and `down`: a cluster to play with."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from harness import plugin, progress, settings
from harness.cli.running_options import given, running_options
from harness.cluster import backends, runs
from harness.cluster.addresses import API
from harness.cluster.protocol import Cluster
from harness.errors import EnvironmentFault, ExitCode
from harness.run import server_table


def joined(run_id: str | None = None) -> Cluster:
    """Join this project's cluster that is up: the one named, else the newest. Raises EnvironmentFault when none is."""
    found = settings.resolve()
    living = runs.living(found.project)
    if run_id:
        living = [folder for folder in living if folder.name == run_id]
    if not living:
        raise EnvironmentFault(
            "No cluster is up.",
            wanted=f"a cluster of {found.project}" + (f" with the id {run_id}" if run_id else ""),
            seen="none that `harness up` or --keep left",
            remedy="harness up",
        )
    return backends.join(living[-1], found)


run_option = click.option(
    "--run", "run_id", metavar="ID", help="Which cluster, where several are up [default: the newest]."
)


@click.command()
@click.option("--backend", metavar="|".join(settings.BACKENDS), help="Where the cluster runs [default: local].")
@click.option("--mode", type=click.Choice(settings.MODES), help="private: in a sandbox; open [default].")
@click.option("--port", multiple=True, metavar="SERVICE=N", help="Port of a service, such as kafka=29092.")
@click.option(
    "--compose-file",
    type=click.Path(path_type=Path),
    help="A docker-compose.yml that names the course's images; it comes up unchanged on the harness' own.",
)
@running_options
def up(
    backend: str | None, mode: str | None, port: Sequence[str], compose_file: Path | None, **running: Any
) -> ExitCode:
    """Bring up a cluster of all servers and the API, and leave it up until `harness down`.

    It listens on 127.0.0.1 alone. A port of the assignment that is taken is replaced by a free one, and that is said.

    \b
    Examples:
      harness up
      harness up --port kafka=39092
      harness up --backend compose
      harness up --compose-file ~/assignment-12/docker-compose.yml
    """
    if compose_file and backend is None:
        backend = "compose"
    found = settings.resolve(
        backend=backend,
        mode=mode,
        ports=plugin.parse_ports(port),
        compose_file=compose_file,
        running=given(running),
    )
    if found.backend == "local" and found.mode is None:
        found = replace(found, mode="open")
    console = Console(highlight=False)
    for folder in runs.living(found.project):
        console.print(f"the cluster {folder.name} is up already (`harness down` ends it)")
        click.echo(server_table(backends.join(folder, found).status()), nl=False)
        return ExitCode.OK
    logs = settings.cache_dir() / "logs" / f"up-{os.getpid()}"
    shown = progress.make(console, {})

    def tell(event: Mapping[str, object]) -> None:
        name = str(event.get("service", ""))
        if event["event"] == "starting":
            shown.begin("service", name)
        elif event["event"] == "ready":
            shown.end("service", name, "ready", float(str(event["seconds"])))
        else:
            shown.say(str(event["text"]))

    try:
        cluster = backends.start(found, lambda: logs, progress.DownloadProgress(console), tell)
        for note in cluster.notes:
            shown.say(note)
        try:
            # A compose file of somebody's own comes without the project's API.
            cluster.up([*found.stack.servers, *([] if compose_file else [API])], tell)
        except BaseException:
            with suppress(EnvironmentFault):
                cluster.down(quick=True)
            raise
        cluster.keep()
    finally:
        shown.close()
    click.echo(server_table(cluster.status()), nl=False)
    if by_hand := cluster.by_hand():
        click.echo(f"to reach it with docker compose: {by_hand}")
    click.echo(f"the cluster {cluster.folder.name} is up; `harness down` ends it")
    return ExitCode.OK


@click.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@run_option
@click.argument("service")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def execute(run_id: str | None, service: str, command: Sequence[str]) -> int:
    """Run a command in a service of the cluster that is up, on this terminal, and give its exit code.

    SERVICE is one of zookeeper, kafka, cloudera, spark, presto, mids; each has its own commands, as its container in
    the assignment has. The assignment's names and ports in COMMAND mean this cluster's.

    \b
    Examples:
      harness exec kafka kafka-topics --list --bootstrap-server kafka:29092
      harness exec cloudera hadoop fs -ls /tmp/
      harness exec mids bash -c 'while true; do ab -n 10 http://localhost:5000/; sleep 10; done'
      harness exec presto presto --server presto:8080 --catalog hive --schema default
    """
    return joined(run_id).attach(service, command)


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Go on as the log grows, until Ctrl-C.")
@run_option
@click.argument("service")
def logs(follow: bool, run_id: str | None, service: str) -> ExitCode:
    """Print the log of a server: zookeeper, kafka, namenode, datanode, metastore, presto or api.

    \b
    Examples:
      harness logs presto
      harness logs -f api
    """
    cluster = joined(run_id)
    with cluster.logs(service).open("rb") as file:
        while True:
            if block := file.read(65536):
                sys.stdout.buffer.write(block)
                sys.stdout.buffer.flush()
            elif not follow or not cluster.folder.exists():
                return ExitCode.OK
            else:
                time.sleep(0.2)


@click.command()
@run_option
def ps(run_id: str | None) -> ExitCode:
    """Show the servers of the cluster that is up: state, seconds to ready, peak memory, address."""
    cluster = joined(run_id)
    states = cluster.status()
    click.echo(server_table(states), nl=False)
    return ExitCode.ENVIRONMENT if any(state.state == "dead" for state in states) else ExitCode.OK


@click.command()
@run_option
def down(run_id: str | None) -> ExitCode:
    """Take down the cluster of this project that is up, with all its data."""
    cluster = joined(run_id)
    for state in cluster.down():
        click.echo(f"{state.name} {state.state}")
    if cluster.log_folder.is_relative_to(settings.cache_dir()):
        shutil.rmtree(cluster.log_folder, ignore_errors=True)
    click.echo("nothing is left: no process, no port, no folder")
    return ExitCode.OK
