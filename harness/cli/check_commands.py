"""`harness diff`, `check` and `approve`: records held against each other, without a cluster."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from harness import extend
from harness import record as records
from harness.check import approve as approval
from harness.check import compare, golden, show
from harness.check.files import CheckFiles, short
from harness.check.formats import Place, to_github, to_json
from harness.check.review import Decision, ask, by_name, on_terminal
from harness.check.show import show_some
from harness.errors import EnvironmentFault, ExitCode, UsageError
from harness.model import Record
from harness.render.text import plural

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("expected", metavar="A", type=_PATH)
@click.argument("actual", metavar="B", type=_PATH)
def diff(expected: Path, actual: Path) -> ExitCode:
    """Compare two records, A as expected and B as what came: outcomes, commands, exit codes, facts, invariants.

    The facts are derived again from the stored outputs. What differs between any two runs (times, the split of a
    stream) is masked by rules, and the end says which rule masked how many values.
    Exit codes: 0 equal, 1 differences, 2 a record that cannot be read.

    \b
    Examples:
      harness diff reports/sample/record.json reports/latest/record.json
    """
    extend.load_here()
    found = compare(records.load(expected), records.load(actual))
    click.echo(show(found), nl=False)
    return ExitCode.OK if found.equal else ExitCode.DISAGREES


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--steps", metavar="A,B", help="Only these steps and their invariants.")(command)
    return click.option(
        "--golden", "golden_path", type=_PATH, help="The golden record [default: reports/golden/record.json]."
    )(command)


@click.command()
@click.argument("record", required=False, type=_PATH)
@_options
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
@click.option("--time-limit", type=click.FloatRange(min=0), default=10.0, show_default=True, metavar="SECONDS")
def check(record: Path | None, golden_path: Path | None, steps: str | None, form: str, time_limit: float) -> ExitCode:
    """Hold a run's record [default: reports/latest/record.json] against the golden one.

    A record that differs is left beside the golden one as record.pending.json, for `harness approve`; not where CI
    is set. After the time limit differences are counted, no longer shown. A listing of the project's own file
    (`cat jobs/x.py`) is no output of the pipeline: that it changed is said, and is no difference.
    Exit codes: 0 equal, 1 differs, 2 usage or a record that cannot be read, 4 nothing to check, 5 our own fault.

    \b
    Examples:
      harness check
      harness check --steps load,batch
      harness check --format github
    """
    until = time.monotonic() + time_limit
    at = CheckFiles.of(record, golden_path, steps)
    path = at.record or at.latest
    actual = golden.masked(records.load(path), at.project)
    if at.golden.exists():
        verdict = golden.judge(records.load(at.golden), actual, at.is_source, at.steps)
    else:
        verdict = golden.nothing(f"there is no golden record {at.golden}")
    place = Place(at.golden, path, at.project)
    notes: list[str] = []
    if verdict.exit_code is ExitCode.DISAGREES and not golden.in_ci():
        try:
            records.save(actual, at.pending)
            place = replace(place, pending=at.pending)
            notes.append(f"Pending: {short(at.pending)}")
        except OSError as problem:
            notes.append(f"The pending file {short(at.pending)} cannot be written: {problem.strerror}")
    elif verdict.exit_code is ExitCode.OK and not (golden.in_ci() or at.steps):
        with suppress(OSError):
            at.pending.unlink(missing_ok=True)
    if verdict.exit_code is not ExitCode.OK and actual.steps:
        place = replace(place, commands=at.commands(path))
        where = " on your machine, with this record there" if golden.in_ci() else ""
        notes += [f"If this is what is right, type{where}:", *(f"  {each}" for each in place.commands)]
    head = f"Golden: {short(at.golden)}\nRecord: {short(path)}\n\n"
    text = head + _text(verdict, until) + "".join(f"{note}\n" for note in notes)
    forms = {"json": lambda: to_json(verdict, place), "github": lambda: to_github(verdict, place, text)}
    _emit(forms[form]() if form in forms else text)
    return verdict.exit_code


@click.command()
@click.argument("record", required=False, type=_PATH)
@_options
@click.option("--all", "everything", is_flag=True, help="Accept every difference without asking.")
@click.option("--only", multiple=True, metavar="NAME", help="Accept this difference without asking, such as load-6.")
@click.option("--dry-run", is_flag=True, help="Show what would be accepted, write nothing.")
@click.option("--even-failed", is_flag=True, help="Approve a record in which something did not pass.")
def approve(
    record: Path | None,
    golden_path: Path | None,
    steps: str | None,
    everything: bool,
    only: Sequence[str],
    dry_run: bool,
    even_failed: bool,
) -> ExitCode:
    """Take a record's differences over into the golden record: one by one on a terminal, by name, or all.

    Without RECORD it is the pending one, or reports/latest/record.json. What was rejected is decided, what was
    skipped stays pending. Listings of sources are taken over too. Names of the person and the machine are masked.
    Nothing is written where CI is set. Exit codes: 0 all accepted or nothing to accept, 1 differences are left,
    2 usage, 4 a record without steps.

    \b
    Examples:
      harness approve
      harness approve reports/latest/record.json --all
      harness approve --only load-6 --only load
    """
    if golden.in_ci() and not dry_run:
        raise UsageError("Nothing is approved in CI.", seen=f"CI={os.environ['CI']}", remedy="approve where you work")
    if everything and only:
        raise UsageError("--all and --only exclude each other.")
    at = CheckFiles.of(record, golden_path, steps)
    path = at.record or (at.pending if at.pending.exists() else at.latest)
    actual = golden.masked(records.load(path), at.project)
    if not actual.steps:
        click.echo(f"{short(path)} has no steps.", err=True)
        return ExitCode.NOTHING_CHECKED
    whole = records.load(at.golden) if at.golden.exists() else replace(actual, steps=(), invariants=())
    ours, actual = golden.scoped(whole, actual, at.steps)
    found = compare(ours, actual, at.is_source)
    items = approval.items(found, ours, actual)
    faults = tuple(golden.not_passed(actual))
    here = {step.id for step in actual.steps}
    lacking = [step.id for step in ours.steps if step.id not in here] if everything else []
    approval.blocking(actual, faults, lacking, even_failed)
    click.echo(f"Golden: {short(at.golden)}\nRecord: {short(path)}, of {actual.started}\n")
    if unsettled := approval.unsettled(found):
        click.echo("Not to be settled by an approval:\n" + show_some(unsettled))
    if not items:
        click.echo("Nothing to approve.")
        if found.sources and not unsettled and not dry_run:
            _save(at, approval.merged(whole, actual, found, ()))
            click.echo(f"The listings of changed sources were taken over: {', '.join(found.sources)}")
        return ExitCode.DISAGREES if unsettled else ExitCode.OK
    if everything or (dry_run and not only):
        decision = Decision(tuple(items), ())
    elif only:
        decision = by_name(items, only)
    elif on_terminal():
        decision = ask(items)
    else:
        click.echo("No terminal to ask on. Type one of:")
        names = [shlex.join(["--only", item.name]) for item in items]
        click.echo("".join(f"  {at.command(path)} {words}\n" for words in ("--all", *names)), nl=False)
        return ExitCode.USAGE
    if dry_run:
        for item in decision.accepted:
            click.echo(f"would accept {item.name!r}")
            click.echo(show_some(item.differences), nl=False)
        return ExitCode.OK
    new = approval.merged(whole, actual, found, decision.accepted)
    if len(decision.accepted) == len(items) and not at.steps:
        new = replace(actual, steps=new.steps, invariants=new.invariants, mode=new.mode)  # its time and versions
    return _write(at, path, new, items, decision)


def _write(at: CheckFiles, path: Path, new: Record, items: Sequence[approval.Item], decision: Decision) -> ExitCode:
    """Write what was accepted, remove a pending record that is decided, and say what is left."""
    count = len(decision.accepted)
    if count:
        _save(at, new)
    if not decision.left and (count == len(items) or path.absolute() == at.pending):
        with suppress(OSError):
            at.pending.unlink(missing_ok=True)
    click.echo(f"{plural(count, 'difference')} of {len(items)} accepted" + ("." if count else "; nothing was written."))
    return ExitCode.OK if count == len(items) else ExitCode.DISAGREES


def _save(at: CheckFiles, new: Record) -> None:
    try:
        at.golden.parent.mkdir(parents=True, exist_ok=True)
        records.save(new, at.golden)
    except OSError as problem:
        raise EnvironmentFault(f"{at.golden} cannot be written.", seen=str(problem)) from problem


def _text(verdict: golden.Verdict, until: float) -> str:
    if verdict.nothing:
        return f"Nothing was checked: {verdict.nothing}.\n"
    lines: list[str] = []
    if verdict.equal and not verdict.comparison.equal:
        lines.append(f"Equal, not shown: {', '.join(verdict.equal)}")
    if verdict.lacking:
        lines.append(f"Steps that only the golden record has: {', '.join(verdict.lacking)}")
        lines.append("  A run cut short, or of selected steps; --steps A,B checks only those that you name.")
    if verdict.unknown:
        lines.append(f"Steps that only this record has: {', '.join(verdict.unknown)}")
    return show(verdict.comparison, until) + "".join(f"{line}\n" for line in lines)


def _emit(text: str) -> None:
    """Print the result so that neither a closed pipe nor a poor encoding takes the place of the exit code."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding), nl=False)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
