"""`harness doctor`, `setup`, `cache` and `lock`: what is installed, what is fetched, and its versions."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
from rich.console import Console

from harness import doctor as doctors
from harness import settings
from harness.cluster import runs, toolchain
from harness.cluster.toolchain import fetch
from harness.cluster.toolchain import lock as locks
from harness.errors import ExitCode
from harness.progress import DownloadProgress


@click.command()
def doctor() -> ExitCode:
    """Say what is installed, what is missing, and the command that mends it. Installs nothing.

    Exit code 3 when something is missing that a run could not install by itself.
    """
    findings = doctors.examine(settings.cache_dir(), settings.stack_here())
    for finding in findings:
        click.echo(finding.line())
    return ExitCode.OK if all(finding.state != "missing" for finding in findings) else ExitCode.ENVIRONMENT


@click.command()
def setup() -> ExitCode:
    """Fetch and install everything that a run needs, so that later runs need no network."""
    made = toolchain.ensure(settings.cache_dir(), DownloadProgress(Console(highlight=False)), settings.stack_here())
    click.echo(
        f"ready: Java {made.java.version}, {', '.join(sorted(made.programs))}; {made.fetched / 1e6:.0f} MB fetched"
    )
    return ExitCode.OK


@click.command()
@click.option("--check", is_flag=True, help="Read every file again and compare it with the lock.")
@click.option("--prune", is_flag=True, help="Remove what the lock does not name, and the logs of old clusters.")
@click.option("--dry-run", is_flag=True, help="With --prune: only say what would be removed.")
def cache(check: bool, prune: bool, dry_run: bool) -> ExitCode:
    """Show what the cache holds; check or prune it.

    \b
    Examples:
      harness cache
      harness cache --check
      harness cache --prune --dry-run
    """
    folder, own = settings.cache_dir(), settings.stack_here().lock
    items = [*fetch.all_artifacts(), *(fetch.all_artifacts(own) if own else ())]
    wanted = {fetch.maven_dir(folder) / item.path: item for item in items}
    present = [path for path in wanted if path.exists()]
    click.echo(
        f"{folder}: {len(present)} of {len(wanted)} files, {sum(p.stat().st_size for p in present) / 1e6:.0f} MB"
    )
    code = ExitCode.OK
    if check:
        damaged = [path for path in present if fetch.sha256(path) != wanted[path].sha256]
        for path in damaged:
            click.echo(f"damaged: {path} (the next run fetches it again)")
        code = ExitCode.DISAGREES if damaged else code
    if prune:
        for path in _unneeded(folder, set(wanted), own):
            click.echo(f"{'would remove' if dry_run else 'removing'} {path}")
            if not dry_run:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    return code


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def lock(file: Path | None, dry_run: bool) -> ExitCode:
    """Resolve the servers' parts again and renew their lock file (needs the network).

    FILE is a project's own toolchain.lock: write the components into it whose versions are to be others, with `roots`
    and `alone` alone, and this adds the artifacts. Without FILE it is the harness' own.

    \b
    Examples:
      harness lock toolchain.lock
      harness lock toolchain.lock --dry-run
    """
    from harness.cluster.toolchain import resolve

    before = locks.of_project(file, locks.components(), renewing=True) if file else locks.components()
    after = resolve.renew(before, click.echo)
    for name, part in after.items():
        old = {item.coordinate for item in before[name].artifacts}
        new = {item.coordinate for item in part.artifacts}
        for sign, coordinates in (("-", old - new), ("+", new - old)):
            for coordinate in sorted(coordinates):
                click.echo(f"{sign} {name}: {coordinate}")
    if not dry_run:
        (file or locks.lock_path()).write_text(locks.dump(after, resolve.HEADER), encoding="utf-8")
    return ExitCode.OK


def _unneeded(folder: Path, wanted: set[Path], own: Path | None) -> list[Path]:
    files = [p for p in fetch.maven_dir(folder).rglob("*") if p.is_file() and p not in wanted]
    current = [toolchain.prepared_now(folder, lock) for lock in {None, own}]
    prepared = [p for p in (folder / "prepared").glob("*") if p not in current]
    logs = [] if any(runs.runs_dir().glob("*")) else list((folder / "logs").glob("*"))
    return [*files, *prepared, *logs]
