"""A Jupyter notebook, run from top to bottom against a cluster's Presto, and kept with what it showed."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.cluster.names import DATABASE
from harness.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from harness.cluster.protocol import Cluster
    from harness.model import Capture

PRESTO: Final = "PRESTO"
"""The variable that tells a notebook's cells where Presto is: `host:port`."""

SCHEMA: Final = "PRESTO_SCHEMA"
"""The variable that tells them where the run's tables are."""

EXECUTED: Final = ".executed.ipynb"
SIZE_LIMIT: Final = 20 * 2**20


def execute(
    source: Path, target: Path, presto: str, schema: str = DATABASE, *, cell_timeout: float = 120.0
) -> tuple[str, str | None]:
    """Run every cell of a notebook in a kernel of its own, in the notebook's folder, and write it with its outputs.

    `presto` is `host:port`, `schema` where the tables are. Gives what the cells printed, each under a line with its
    number, and the error of the cell that ended the run, which is then the last one that ran; None where all ran. The
    source is not changed.

    Raises UsageError for a file that is no notebook, EnvironmentFault where Jupyter's packages or the folder to write
    to cannot be had.
    """
    try:
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError
        from traitlets.config import Config
    except ImportError as problem:
        raise EnvironmentFault(
            "A notebook cannot be run here.",
            wanted="the Python packages nbclient and ipykernel",
            seen=str(problem),
            remedy="pip install 'pipeline-harness[notebook]'",
        ) from problem
    notebook = _read(source)
    error: str | None = None
    begun: list[int] = []
    with _scratch() as scratch, _environment(_variables(presto, schema, scratch)):
        sockets = {"transport": "ipc", "ip": f"{scratch}/kernel"}  # TCP ports would be anybody's on this machine
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            config=Config({"ConnectionFileMixin": sockets}),
            timeout=cell_timeout,
            on_cell_execute=lambda cell_index, **_: begun.append(cell_index + 1),
            record_timing=False,
            resources={"metadata": {"path": str(source.parent)}},
        )
        try:
            client.execute()
        except CellExecutionError as problem:
            error = f"cell {begun[-1]} failed: {problem.ename}: {problem.evalue}"
        except (CellTimeoutError, RuntimeError) as problem:  # the kernel died, or did not come
            error = f"{f'cell {begun[-1]}' if begun else 'the kernel'} failed: {str(problem).strip()}"
    import nbformat

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, target)  # type: ignore[no-untyped-call]
    except OSError as problem:
        raise _unwritable(target.parent, problem) from problem
    return "".join(_printed(notebook)), error


def execute_on(cluster: Cluster, path: str, out: Path, *, timeout: float | None = None) -> Capture:
    """Run a notebook of the project where a cluster's Presto is reached, by this module's command.

    With its outputs it is put into the folder `out`. A private cluster sees its own run folder and the project alone.
    """
    scratch = cluster.folder / "notebook"
    words = [sys.executable, "-m", "harness", "notebook", path, "--presto", "presto:8080", "--out", str(scratch)]
    words += ["--schema", cluster.names.database]
    ran = cluster.exec_own(words, timeout=timeout)
    if scratch.exists():
        try:
            out.mkdir(parents=True, exist_ok=True)
            for made in scratch.iterdir():
                shutil.copyfile(made, out / made.name)
        except OSError as problem:
            raise _unwritable(out, problem) from problem
        finally:
            shutil.rmtree(scratch)
    return ran


def _unwritable(folder: Path, problem: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        "The notebook cannot be written.",
        wanted=f"a folder to write to at {folder}",
        seen=str(problem),
        remedy="choose another with --out",
    )


def _read(source: Path) -> NotebookNode:
    import nbformat

    seen = ""
    try:
        if source.stat().st_size > SIZE_LIMIT:
            seen = f"a file of more than {SIZE_LIMIT // 2**20} MB"
        else:
            return nbformat.read(source, as_version=4)  # type: ignore[no-untyped-call, no-any-return]
    except Exception as problem:  # nbformat's readers raise whatever the file's content makes them stumble over
        seen = f"{type(problem).__name__}: {problem}"
    raise UsageError(f"{source} is no notebook that can be run.", wanted="a Jupyter notebook, .ipynb", seen=seen)


def _variables(presto: str, schema: str, scratch: str) -> dict[str, str]:
    """Give the kernel's variables: where Presto is, and folders that go with it, so that nothing is left behind."""
    folders = dict.fromkeys(("IPYTHONDIR", "JUPYTER_RUNTIME_DIR"), scratch)
    return {PRESTO: presto, SCHEMA: schema, **folders, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def _scratch() -> tempfile.TemporaryDirectory[str]:
    """Make a folder for the kernel; its sockets' names have little more than a hundred characters."""
    usual = tempfile.gettempdir()
    return tempfile.TemporaryDirectory(prefix="notebook-", dir=usual if len(usual) < 70 else "/tmp")  # noqa: S108


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _printed(notebook: NotebookNode) -> Iterator[str]:
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        shown = [text for output in cell.outputs for text in _text(output)]
        if shown:
            yield f"cell {number}:\n" + "".join(f"{text.rstrip()}\n" for text in shown) + "\n"


def _text(output: NotebookNode) -> Iterator[str]:
    if output.output_type == "stream":
        yield output.text
    elif output.output_type in ("display_data", "execute_result"):
        picture = next((kind for kind in output.data if kind.startswith("image/")), None)
        if picture:
            yield f"picture: {picture}"
        elif "text/plain" in output.data:
            yield output.data["text/plain"]
