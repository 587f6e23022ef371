"""Where a check finds its records, and the command lines that settle what it found."""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness import settings
from harness.check.golden import pending
from harness.check.sources import IsSource, of_project
from harness.errors import UsageError


@dataclass(frozen=True, slots=True)
class CheckFiles:
    """The files of a check, resolved, and the options that were given for them."""

    project: Path
    golden: Path
    latest: Path
    record: Path | None
    steps: tuple[str, ...]
    is_source: IsSource
    given: tuple[str, ...]

    @classmethod
    def of(cls, record: Path | None, golden_path: Path | None, steps: str | None) -> CheckFiles:
        """Resolve what a command was given. Raises UsageError for a list of steps without a name."""
        found = settings.resolve(golden=golden_path)
        names = tuple(filter(None, map(str.strip, (steps or "").split(","))))
        if steps is not None and not names:
            raise UsageError("--steps names no step.")
        given = [*(("--golden", str(golden_path)) if golden_path else ())]
        given += ("--steps", ",".join(names)) if names else ()
        is_source = of_project(found.project, found.project / "reports")
        latest = found.out / "record.json"
        return cls(found.project, found.golden_record, latest, record, names, is_source, tuple(given))

    @property
    def pending(self) -> Path:
        """The file for a record that differs."""
        return pending(self.golden)

    def command(self, record: Path) -> str:
        """Give the command line that approves a record."""
        program = "./run harness" if (self.project / "run").is_file() else "harness"
        return f"{program} {shlex.join(['approve', short(record), *self.given])}"

    def commands(self, record: Path) -> tuple[str, str]:
        """Give the command lines that approve a record, each with what it does."""
        return f"{self.command(record)}        # one by one", f"{self.command(record)} --all  # all of it"


def short(path: Path) -> str:
    """Give a path as one types it here."""
    with suppress(ValueError):
        return str(path.absolute().relative_to(Path.cwd()))
    return str(path)
