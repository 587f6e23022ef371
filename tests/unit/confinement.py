"""A sandbox for the tests of what types in it: nothing is run, and what each command does is given."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from harness.grade.model import Submission
from harness.grade.rerun.cells import Interpreter
from harness.grade.rerun.confined import Confined, Gone, Job
from harness.grade.rerun.limits import Limits
from harness.grade.rerun.model import Breach
from harness.grade.rerun.runner import Runner
from harness.grade.rerun.script import script
from harness.grade.rerun.streams import Streams
from harness.grade.submission import load

STATE: Mapping[str, Any] = {"topics": {"events": 4}, "paths": {"/tmp/a": 1}, "tables": {}, "errors": {}}
LIMITS = Limits(command=1.0, total=60.0, loop=2.0, settle=0.2)

Does = Callable[["Fake", str, Job], "str | int | None"]
"""What a command does: gives what it prints, its exit code, or None while it goes on. It may raise."""


class Fake:
    """A sandbox in which a command does what the first matching words say; others print nothing and end with 0."""

    def __init__(self, does: Mapping[str, Does]) -> None:
        self.breaches: list[Breach] = []
        self.alive = True
        self.ports: set[int] = set()
        self.files: dict[str, str] = {}
        self.typed: list[str] = []
        self.fed: list[str] = []
        self.jobs: list[Job] = []
        self._does = does

    def start(
        self, argv: Sequence[str], out: Path, err: Path, *, stdin: Path | int = Path(os.devnull), **_: object
    ) -> Job:
        if not self.alive:
            raise Gone
        job = Job(len(self.jobs) + 1, out, err)
        self.jobs.append(job)
        text = (out.parent / "inbox" / Path(argv[4]).name).read_text().strip()
        self.typed.append(text)
        self.fed.append(stdin.read_text() if isinstance(stdin, Path) else "")
        does = next((does for words, does in self._does.items() if words in text), lambda *_: "")
        out.touch()
        err.touch()
        done = does(self, text, job)
        if isinstance(done, str):
            out.write_text(done)
        if done is not None and not job.done.is_set():
            job.end(done if isinstance(done, int) else 0)
        return job

    def end(self) -> None:
        """End, as when a limit is met."""
        self.alive = False
        for job in self.jobs:
            job.end(137)

    def answers(self, port: int) -> bool:
        return port in self.ports

    def ask(self, op: str, *, path: str = "", **_: object) -> Mapping[str, Any]:
        if not self.alive:
            raise Gone
        return {"text": self.files.get(path, ""), "size": 0} if op == "read" else {}

    def signal(self, job: Job, number: int = 2) -> None:
        job.end(128 + number)

    def stop(self, job: Job, grace: float = 5.0) -> None:
        job.end(130)

    def close(self) -> None:
        self.end()


def submission(folder: Path, *commands: str, **files: str) -> Submission:
    """Give a report with these commands, each in a fence of its own; files are given with `__` for the dot."""
    fences = "\n\n".join(f"Then I type this:\n\n```\n{command}\n```" for command in commands)
    (folder / "README.md").write_text(f"# Report\n\n{fences}\n")
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return load(folder)


def runner(
    folder: Path,
    given: Submission,
    does: Mapping[str, Does],
    ask: Callable[..., Mapping[str, Any]] | None = None,
    limits: Limits = LIMITS,
) -> tuple[Runner, Fake]:
    """Give the runner of a submission in such a sandbox, whose servers answer `ask`."""
    fake = Fake(does)
    confined = cast("Confined", fake)
    private = folder / "private"
    (private / "inbox").mkdir(parents=True)

    def asked(what: str, *_: str) -> Mapping[str, Any]:
        return STATE if what == "state" else {"checkpoints": {}, "topics": {}, "cleared": []}

    interpreter = Interpreter(confined, ["python"], {}, "/w205", private)
    made = Runner(
        confined,
        given,
        script(given),
        Streams(ask or asked, given.files),
        folder=private,
        work="/w205",
        environment={},
        interpreter=interpreter,
        limits=limits,
    )
    return made, fake
