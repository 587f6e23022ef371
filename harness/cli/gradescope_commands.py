"""`harness gradescope`: an autograder to upload."""

from __future__ import annotations

from pathlib import Path

import click

from harness.errors import EnvironmentFault, ExitCode

_PATH = click.Path(path_type=Path)


@click.command()
@click.option("--rubric", metavar="NAME|FILE", default="2019", show_default=True, help="2018, 2019, or a file.")
@click.option("--out", type=_PATH, default=Path("autograder.zip"), show_default=True, help="The zip to write.")
@click.option("--wheel", type=_PATH, help="A wheel of the harness to put in [default: this version, by pip].")
@click.option("--report", metavar="FILE", help="The report in each submission [default: the one with most commands].")
@click.option("--static", is_flag=True, help="Rerun nothing: hold each report against itself and its code.")
def gradescope(rubric: str, out: Path, wheel: Path | None, report: str | None, static: bool) -> ExitCode:
    """Write the zip of an autograder for Gradescope, which grades each submission and writes its results.json.

    Upload it under "Configure Autograder", for Ubuntu 22.04 or newer, in a container with 6 GB of memory for reruns.
    Where no sandbox can be had there, a submission is graded as with --static, and the log of the autograder says so.

    \b
    Examples:
      harness gradescope --rubric rubric.yaml
      harness gradescope --rubric 2018 --static --out /tmp/assignment-12.zip
    """
    from harness.grade.gradescope import autograder

    data = autograder(rubric, wheel, static=static, report=report)
    try:
        out.write_bytes(data)
    except OSError as problem:
        raise EnvironmentFault(f"{out} cannot be written.", seen=str(problem), remedy="--out FILE") from problem
    click.echo(f"{out}: {len(data) / 1000:.0f} kB; upload it under Configure Autograder")
    return ExitCode.OK
