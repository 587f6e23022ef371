"""How far the streams are that print: by checkpoints in the sandbox, which a stranger may have written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from harness.grade.rerun import looks
from harness.grade.rerun.confined import Confined, Failed, Job
from harness.grade.rerun.consoles import Consoles
from harness.grade.rerun.limits import Limits
from harness.grade.rerun.looks import Looks
from harness.grade.rerun.loops import Loops
from harness.grade.rerun.script import script
from harness.grade.rerun.streams import Streams
from harness.grade.rerun.terminals import Terminal, Terminals
from harness.grade.rerun.units import Way
from harness.grade.submission import load

ONE = "/tmp/temporary-1"
PLANNED = 'v1\n{"batchWatermarkMs":0}\n{"events":{"0":%d}}'


class Sandbox:
    """A sandbox whose files are these."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files

    def ask(self, op: str, **more: Any) -> Mapping[str, Any]:
        if op == "list":
            return {"paths": list(self.files)}
        return {"text": self.files.get(more["path"], "")}


def offsets(files: Mapping[str, str]) -> list[Mapping[str, Mapping[str, int]]]:
    return Consoles(cast("Confined", Sandbox(files))).offsets()


def test_the_last_finished_batch_says_how_far_a_query_is() -> None:
    files = {f"{ONE}/offsets/{batch}": PLANNED % (10 * batch) for batch in range(12)}
    files |= {f"{ONE}/commits/{batch}": "v1\n{}" for batch in range(11)}
    assert offsets(files) == [{"events": {"0": 100}}]


def test_a_query_without_a_finished_batch_has_printed_nothing() -> None:
    files = {f"{ONE}/offsets/0": PLANNED % 10, f"{ONE}/sources/0/0": 'v1{"events":{"0":4}}'}
    files |= {f"{ONE[:-1]}2/{kind}/0": PLANNED % 5 for kind in ("offsets", "commits")}
    assert offsets(files) == [{}, {"events": {"0": 5}}]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {f"{ONE}/metadata": "{}"},
        {f"{ONE}/offsets/x": "", f"{ONE}/commits/²": ""},
        {f"{ONE}/offsets/0": "no json", f"{ONE}/commits/0": ""},
        {f"{ONE}/offsets/0": 'v1\n{}\n{"events": 7}', f"{ONE}/commits/0": ""},
        {"": "", "/": "", "offsets/0": ""},
    ],
)
def test_what_makes_no_sense_says_nothing(files: Mapping[str, str]) -> None:
    assert not any(offsets(files))


def test_a_sandbox_that_cannot_list_says_nothing() -> None:
    class Broken(Sandbox):
        def ask(self, op: str, **more: Any) -> Mapping[str, Any]:
            raise Failed(op)

    assert Consoles(cast("Confined", Broken({}))).offsets() == []


@pytest.mark.parametrize(
    ("code", "prints"),
    [
        ('a.writeStream.format("console").start()', True),
        ("a.writeStream.format('console').start()", True),
        ("a.writeStream.foreachBatch(show).start()", True),
        ("a.writeStream.foreach(show).start()", True),
        ('a.writeStream.format("parquet").option("path", "/tmp/a").start()', False),
    ],
)
def test_a_job_prints_what_it_streams_when_its_code_says_so(code: str, prints: bool) -> None:
    streams = Streams(lambda *_: {}, {"jobs/stream.py": code})
    assert streams.prints("spark-submit jobs/stream.py") is prints
    assert streams.prints("spark-submit elsewhere.py")


class Typed(list[Terminal]):
    """The terminals, each with what it has printed at a look."""

    def going(self, *_: Way) -> list[Terminal]:
        return []

    def capture(self, terminal: Terminal) -> str:
        return terminal.job.out.read_text()


@pytest.mark.parametrize("seen", [True, False])
def test_a_console_is_looked_at_when_it_has_read_all_that_was_sent_or_has_printed_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    monkeypatch.setattr(looks, "QUIET_TIME", 0.5)
    command = "docker-compose exec spark spark-submit s.py"
    (tmp_path / "s.py").write_text('a.writeStream.format("console").start().awaitTermination()\n')
    (tmp_path / "README.md").write_text(f"# A\n\n```\n{command}\n```\n\nIt prints:\n\n```\nBatch: 0\n```\n")
    given = load(tmp_path)
    units = script(given)
    job = Job(1, tmp_path / "out", tmp_path / "err")
    job.out.write_text("")
    asked = iter(range(4))

    class Sandbox:
        """The query reads two messages, and prints each."""

        def offsets(self) -> list[Mapping[str, Mapping[str, int]]]:
            at = next(asked, 3)
            job.out.write_text("Batch\n" * min(at, 2))
            return [{"events": {"0": at}} if at else {}] if seen else []

    terminal = Terminal(units[0], job, 0, "", 60.0, "")
    streams = Streams(lambda *_: {"checkpoints": {}, "topics": {"events": {"0": 2}}}, given.files)
    typed = cast("Terminals", Typed([terminal]))
    look = Looks(given, units, typed, cast("Loops", None), streams, cast("Consoles", Sandbox()), Limits())
    assert look.take(None) > 0
    assert terminal.looks == ["Batch\nBatch\n"]
    assert next(asked, None) == (3 if seen else None)
