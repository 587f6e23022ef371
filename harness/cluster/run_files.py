"""Files that both backends keep of commands: captures in the run folder, logs of servers beside the report."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.cluster.background import BackgroundCommand

BACKGROUNDS = "backgrounds.json"


class RunFiles:
    """Gives commands their files. Harnesses that join the same run never meet: names begin with their process id."""

    def __init__(self, folder: Path, log_folder: Path) -> None:
        self._folder = folder
        self._log_folder = log_folder
        self._count = 0
        self._captures = folder / "captures"
        self._captures.mkdir(exist_ok=True)

    def new_name(self) -> str:
        """Give a name that no command of this run has had."""
        self._count += 1
        return f"{os.getpid()}-{self._count}"

    def capture(self, kind: str, name: str) -> Path:
        """Give the file of one kind for a command of this name."""
        return self._captures / f"{name}.{kind}"

    def outputs(self) -> tuple[Path, Path]:
        """Give files for the stdout and the stderr of a new command."""
        name = self.new_name()
        return self.capture("out", name), self.capture("err", name)

    def server_logs(self, name: str) -> tuple[Path, Path]:
        """Give new, empty log files of a server that a step starts."""
        logs = (self._log_folder / f"{name}.out.log", self._log_folder / f"{name}.log")
        for file in logs:
            file.write_bytes(b"")
        return logs

    def save_backgrounds(self, named: Mapping[str, object]) -> None:
        """Store how background commands are found again by a harness that joins."""
        states = {name: item.state() for name, item in named.items() if isinstance(item, BackgroundCommand)}
        (self._folder / BACKGROUNDS).write_text(json.dumps(states), encoding="utf-8")

    def backgrounds(self) -> dict[str, Any]:
        """Give what was stored of the background commands of earlier harnesses, by name."""
        try:
            found: dict[str, Any] = json.loads((self._folder / BACKGROUNDS).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return found
