"""Python of notebooks and of the pyspark prompt, typed cell by cell at one interpreter that stays."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.cluster.captures import captured, decode, utc_now
from harness.grade.rerun.confined import Confined, Gone, Job
from harness.grade.rerun.model import Ending
from harness.model import Capture


class Interpreter:
    """One interpreter in the sandbox. It is started with the first cell, and again after one that did not end."""

    def __init__(
        self, confined: Confined, words: Sequence[str], environment: Mapping[str, str], work: str, folder: Path
    ) -> None:
        self._confined = confined
        self._words = words
        self._environment = environment
        self._work = work
        self._folder = folder
        self._job: Job | None = None
        self._pipe = -1
        self._number = 0

    def run(self, file: str, text: str, limit: float) -> tuple[Ending, Capture]:
        """Run the cell in a file of the sandbox. Gives how it ended and what it printed."""
        started, clock = utc_now(), time.monotonic()
        if self._job is None or self._job.done.is_set():
            self._start()
        job = self._job
        assert job is not None
        mark = f"--cell-{secrets.token_hex(8)}--"
        before = [path.stat().st_size for path in (job.out, job.err)]
        os.write(self._pipe, json.dumps({"file": file, "mark": mark}).encode() + b"\n")
        printed = ["", ""]
        ending = Ending.TIMED_OUT
        while time.monotonic() - clock < limit:
            printed = [_after(path, at) for path, at in zip((job.out, job.err), before, strict=True)]
            if all(mark in text for text in printed):
                ending = Ending.ENDED
                break
            if job.done.wait(0.05):
                ending = Ending.ENDED
                break
        if ending is Ending.TIMED_OUT:
            self._confined.stop(job, 2.0)
        out, err = (text.partition(mark)[0] for text in printed)
        code = (1 if "Traceback (most recent call last)" in err else 0) if ending is Ending.ENDED else None
        seconds = time.monotonic() - clock
        return ending, captured("spark", text, out, err, code, started=started, seconds=seconds)

    @property
    def cut(self) -> bool:
        """Whether its cells have printed more than they may."""
        return self._job is not None and self._job.cut is not None

    def _start(self) -> None:
        self._number += 1
        out, err = (self._folder / f"cells-{self._number}.{kind}" for kind in ("out", "err"))
        reading, self._pipe = os.pipe()
        try:
            self._job = self._confined.start(
                self._words, out, err, folder=self._work, environment=self._environment, stdin=reading
            )
        finally:
            os.close(reading)

    def close(self) -> None:
        """Let it go."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1


def _after(file: Path, at: int) -> str:
    try:
        with file.open("rb") as opened:
            opened.seek(at)
            return decode(opened.read(4_000_000))
    except OSError as problem:
        raise Gone(str(problem)) from problem
