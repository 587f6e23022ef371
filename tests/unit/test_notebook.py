"""A notebook runs in a real kernel from top to bottom, and what its cells showed is kept, printed and read again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.outputs import derive

PROJECT = Path(__file__).parents[2]
TABLE = r'print(" name | n \n------+---\n a    | 1 \n b    | 2 \n(2 rows)")'
PICTURE = "from IPython.display import SVG\nSVG('<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>')"

Ended = subprocess.CompletedProcess[str]
Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(*sources: str) -> Path:
        cells: list[dict[str, object]] = [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(sources)
        ]
        cells.insert(0, {"cell_type": "markdown", "id": "head", "metadata": {}, "source": "# Head"})
        path = tmp_path / "book.ipynb"
        path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return path

    return made


def execute(source: Path, out: Path) -> Ended:
    """Run the command as a process of its own: a kernel's client leaves sockets to the garbage collector."""
    command = [
        sys.executable,
        "-m",
        "harness",
        "notebook",
        str(source),
        "--presto",
        "127.0.0.1:8080",
        "--out",
        str(out),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_what_cells_show_is_printed_kept_and_read_as_facts(make: Make, tmp_path: Path) -> None:
    source = make("import os\nprint(os.environ['PRESTO'])", TABLE, PICTURE)
    before = source.read_text()
    ended = execute(source, tmp_path / "out")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("cell 2:\n127.0.0.1:8080\n\ncell 3:\n name | n \n")
    assert ended.stdout.endswith("\nwritten: book.executed.ipynb\n")
    assert derive("harness notebook book.ipynb", ended.stdout, "") == {
        "kind": "notebook",
        "cells": 3,
        "tables": [{"columns": ["name", "n"], "rows": 2, "values": [["a", "1"], ["b", "2"]]}],
        "pictures": {"image/svg+xml": 1},
    }
    kept = json.loads((tmp_path / "out" / "book.executed.ipynb").read_text())
    assert [cell.get("execution_count") for cell in kept["cells"]] == [None, 1, 2, 3]
    assert source.read_text() == before


def test_a_cell_that_fails_ends_it_and_is_named(make: Make, tmp_path: Path) -> None:
    ended = execute(make("print('begun')", "1 / 0", "print('never')"), tmp_path)
    assert (ended.returncode, ended.stderr) == (1, "cell 3 failed: ZeroDivisionError: division by zero\n")
    assert "begun" in ended.stdout
    assert "never" not in ended.stdout
    assert "ZeroDivisionError" in (tmp_path / "book.executed.ipynb").read_text()


def test_a_kernel_that_dies_is_said_with_its_cell(make: Make, tmp_path: Path) -> None:
    ended = execute(make("import os; os._exit(3)"), tmp_path)
    assert (ended.returncode, ended.stderr) == (1, "cell 2 failed: Kernel died\n")


@pytest.mark.parametrize("content", ["", "{}", '{"cells": 7, "nbformat": 4, "nbformat_minor": 5}', "\udcff", None])
def test_a_file_that_is_no_notebook_is_refused(content: str | None, tmp_path: Path) -> None:
    source = tmp_path / "book.ipynb"
    if content is not None:
        source.write_text(content, errors="surrogateescape")
    ended = execute(source, tmp_path / "out")
    assert ended.returncode == 2
    assert f"{source} is no notebook that can be run" in ended.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_the_environments_fault(make: Make, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    ended = execute(make("1"), tmp_path / "taken")
    assert ended.returncode == 3
    assert "cannot be written" in ended.stderr


def test_the_committed_notebook_was_run_to_its_end() -> None:
    cells = json.loads((PROJECT / "reports" / "analysis.ipynb").read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert not [output for cell in code for output in cell["outputs"] if output["output_type"] == "error"]
