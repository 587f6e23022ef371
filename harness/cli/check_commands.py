"""`harness diff`: two records side by side, without a cluster."""

from __future__ import annotations

from pathlib import Path

import click

from harness import record as records
from harness.check import compare, show
from harness.errors import ExitCode


@click.command()
@click.argument("expected", metavar="A", type=click.Path(path_type=Path))
@click.argument("actual", metavar="B", type=click.Path(path_type=Path))
def diff(expected: Path, actual: Path) -> ExitCode:
    """Compare two records, A as expected and B as what came: outcomes, commands, exit codes, facts, invariants.

    The facts are derived again from the stored outputs. What differs between any two runs (times, the split of a
    stream) is masked by rules, and the end says which rule masked how many values.
    Exit codes: 0 equal, 1 differences, 2 a record that cannot be read.

    \b
    Examples:
      harness diff reports/sample/record.json reports/latest/record.json
    """
    found = compare(records.load(expected), records.load(actual))
    click.echo(show(found), nl=False)
    return ExitCode.OK if found.equal else ExitCode.DISAGREES
