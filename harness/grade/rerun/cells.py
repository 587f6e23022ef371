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

    def run(self, file: str, text: str, limit: float) -> tuple[Ending, Capture, str]:
        """Run the cell in a file of the sandbox. Gives how it ended, what it printed, and what is to be said of it."""
        started, clock = utc_now(), time.monotonic()
        mark = f"--cell-{secrets.token_hex(8)}--"
        asked = json.dumps({"file": file, "mark": mark}).encode() + b"\n"
        note, last = "", self._job
        job, before = self._typed(asked)
        if last not in (None, job):
            note = "typed at a new interpreter, for the last one had ended"
        printed = ["", ""]
        ending = Ending.TIMED_OUT
        while time.monotonic() - clock < limit:
            printed = [_after(path, at) for path, at in zip((job.out, job.err), before, strict=True)]
            if all(mark in text for text in printed):
                ending = Ending.ENDED
                break
            if ending is Ending.ENDED:
                break
            if job.done.wait(0.05):
                ending = Ending.ENDED  # by itself: what it printed last is still to be read
        if ending is Ending.TIMED_OUT:
            self._confined.stop(job, 2.0)
        out, err = (text.partition(mark)[0] for text in printed)
        code: int | None = 1 if "Traceback (most recent call last)" in err else 0
        if not all(mark in text for text in printed):
            code = job.exit_code if ending is Ending.ENDED else None
        seconds = time.monotonic() - clock
        return ending, captured("spark", text, out, err, code, started=started, seconds=seconds), note

    @property
    def cut(self) -> bool:
        """Whether its cells have printed more than they may."""
        return self._job is not None and self._job.cut is not None

    def _typed(self, asked: bytes) -> tuple[Job, Sequence[int]]:
        """Hand a cell to the interpreter, or to a new one where it has ended or reads no more.

        Gives it with the sizes that its outputs had before.
        """
        for job in (self._job, None):
            if job is None:
                job = self._start()
            elif job.done.is_set():
                continue
            before = [path.stat().st_size for path in (job.out, job.err)]
            try:
                os.write(self._pipe, asked)
            except OSError:
                self._confined.stop(job, 2.0)
            else:
                return job, before
        raise Gone("no interpreter takes a cell")

    def _start(self) -> Job:
        self.close()
        self._number += 1
        out, err = (self._folder / f"cells-{self._number}.{kind}" for kind in ("out", "err"))
        reading, self._pipe = os.pipe()
        try:
            self._job = self._confined.start(
                self._words, out, err, folder=self._work, environment=self._environment, stdin=reading
            )
        finally:
            os.close(reading)
        return self._job

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
