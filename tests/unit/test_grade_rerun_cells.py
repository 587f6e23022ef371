"""Cells of Python at a real interpreter, here without a sandbox: how each ends, and what follows one that ended it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from harness.grade.rerun import guest
from harness.grade.rerun.cells import Interpreter
from harness.grade.rerun.confined import Confined, Job
from harness.grade.rerun.model import Ending
from harness.model import Capture

OWN = Path(guest.__file__).parent / "cells.py"


class Open:
    """Starts commands as a sandbox does, without one."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, words: Sequence[str], out: Path, err: Path, *, stdin: int, **_: object) -> Job:
        job = Job(len(self.started) + 1, out, err)
        with out.open("wb") as one, err.open("wb") as two:
            process = subprocess.Popen(words, stdin=stdin, stdout=one, stderr=two, start_new_session=True)
        self.started.append(process)
        threading.Thread(target=lambda: job.end(process.wait()), daemon=True).start()
        return job

    def stop(self, job: Job, grace: float = 5.0) -> None:
        self.started[job.number - 1].kill()
        job.done.wait(10)


@pytest.fixture
def interpreter(tmp_path: Path) -> Iterator[Interpreter]:
    where = Open()
    made = Interpreter(cast("Confined", where), [sys.executable, "-I", str(OWN)], {}, "/", tmp_path)
    yield made
    made.close()
    for process in where.started:
        process.kill()
        process.wait()


def typed(interpreter: Interpreter, folder: Path, text: str, limit: float = 30.0) -> tuple[Ending, Capture, str]:
    file = folder / "cell.py"
    file.write_text(text)
    return interpreter.run(str(file), text, limit)


def test_cells_share_one_interpreter(interpreter: Interpreter, tmp_path: Path) -> None:
    typed(interpreter, tmp_path, "a = 1")
    ending, capture, note = typed(interpreter, tmp_path, "a + 1")
    assert (ending, capture.stdout, capture.exit_code, note) == (Ending.ENDED, "2\n", 0, "")
    _, failed, _ = typed(interpreter, tmp_path, "b")
    assert (failed.exit_code, "NameError" in failed.stderr) == (1, True)


@pytest.mark.parametrize(
    ("last", "code"), [("print('x', flush=True); import os; os._exit(9)", 9), ("import os; os.close(0)", 0)]
)
def test_after_a_cell_that_ends_the_interpreter_the_next_gets_a_new_one(
    interpreter: Interpreter, tmp_path: Path, last: str, code: int
) -> None:
    _, ended, _ = typed(interpreter, tmp_path, last)
    assert ended.exit_code == code
    ending, capture, note = typed(interpreter, tmp_path, "print(2)")
    assert (ending, capture.stdout, capture.exit_code) == (Ending.ENDED, "2\n", 0)
    assert note == "typed at a new interpreter, for the last one had ended"
