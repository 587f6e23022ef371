"""A project with the sample as its golden record, and the check as a user runs it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from harness import cli
from harness import record as records
from harness.model import Record
from harness.outputs import derive
from harness.record import load, save

SAMPLE_PATH = Path(__file__).parents[2] / "reports" / "sample" / "record.json"
SAMPLE = load(SAMPLE_PATH)

derived = cache(derive)
"""These tests read nearly the same record hundreds of times."""


class _NoSchema:
    """Takes every record for valid, in no time: the schema has tests of its own."""

    def iter_errors(self, _data: object) -> tuple[()]:
        return ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Project:
    """A project in its own folder; the commands run there."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    @property
    def golden(self) -> Path:
        return self.folder / "reports" / "golden" / "record.json"

    @property
    def pending(self) -> Path:
        return self.golden.with_name("record.pending.json")

    def harness(self, *args: str) -> Ended:
        self.monkeypatch.setattr(sys, "argv", ["harness", *args])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, *self.capsys.readouterr())

    def check(self, actual: Record, *args: str) -> Ended:
        """Check a record as that of the last run."""
        self.ran(actual)
        return self.harness("check", *args)

    def ran(self, actual: Record) -> None:
        (self.folder / "reports" / "latest").mkdir(exist_ok=True)
        save(actual, self.folder / "reports" / "latest" / "record.json")


def project_in(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    for name in ("CI", "HARNESS_GOLDEN", "HARNESS_OUT"):
        monkeypatch.delenv(name, raising=False)
    for module in ("compare", "approve", "golden"):
        monkeypatch.setattr(sys.modules[f"harness.check.{module}"], "derive", derived)
    monkeypatch.setattr(records, "_validator", _NoSchema)
    monkeypatch.setattr("os.fsync", lambda _file: None)  # a busy disk takes its time, and no test here pulls a plug
    (folder / "pyproject.toml").write_text("[tool.harness]\n", encoding="utf-8")
    (folder / "jobs").mkdir()
    (folder / "jobs" / "filtered_writes.py").write_text("# what runs\n", encoding="utf-8")
    made = Project(folder, monkeypatch, capsys)
    made.golden.parent.mkdir(parents=True)
    save(SAMPLE, made.golden)
    monkeypatch.chdir(folder)
    return made
