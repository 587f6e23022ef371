"""Background commands: what they print goes to files, which are looked at while they run."""

from __future__ import annotations

import signal as signals
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.cluster.captures import captured, decode, utc_now
from harness.cluster.control import Message
from harness.cluster.keeper_client import KeeperClient
from harness.model import Capture


class BackgroundCommand(ABC):
    """A command that goes on while others run. A backend's own class knows whether it ended, and how to end it."""

    def __init__(self, service: str, command: str, typed: str | None, out: Path, err: Path) -> None:
        self._service = service
        self._command = command
        self.typed = typed
        self._files = (out, err)
        self._seen = [0, 0]
        self._started = utc_now()
        self._clock = time.monotonic()

    @abstractmethod
    def _exit_code(self) -> int | None:
        """Give its exit code, or None while it runs."""

    @abstractmethod
    def _end(self, signal: int, group: bool, grace: float) -> int | None:
        """End it: a signal, then after `grace` seconds SIGKILL. Gives its exit code."""

    def state(self) -> dict[str, object]:
        """Give what another process needs to find it again."""
        return {
            "service": self._service,
            "command": self._command,
            "typed": self.typed,
            "files": [str(file) for file in self._files],
            "seen": self._seen,
            "started": self._started,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._seen, self._started = list(state["seen"]), state["started"]

    def look(self, *, since_last: bool = False) -> Capture:
        """Give what it printed so far, or the whole lines since the last look that asked for news."""
        return self._capture(self._exit_code(), since_last)

    def stop(self, signal: int = signals.SIGTERM, *, group: bool = False, grace: float = 10.0) -> Capture:
        """End it. Gives all that it printed."""
        return self._capture(self._end(int(signal), group, grace), False)

    def _capture(self, exit_code: int | None, since_last: bool) -> Capture:
        out, err = (self._text(index, exit_code is not None, since_last) for index in (0, 1))
        return captured(
            self._service,
            self._command,
            out,
            err,
            exit_code,
            started=self._started,
            seconds=time.monotonic() - self._clock,
            background=True,
            typed=self.typed,
        )

    def _text(self, index: int, ended: bool, since_last: bool) -> str:
        """Give what a file holds. A line that is still being written is left for the next look at what is new."""
        data = self._files[index].read_bytes()
        if not since_last:
            return decode(data)
        start = self._seen[index]
        end = len(data) if ended else max(start, data.rfind(b"\n") + 1)
        self._seen[index] = end
        return decode(data[start:end])


class LocalBackground(BackgroundCommand):
    """A command that the keeper runs in the background."""

    def __init__(self, keeper: KeeperClient, service: str, command: str, out: Path, err: Path) -> None:
        super().__init__(service, command, None, out, err)
        self.id = 0
        self._keeper = keeper

    def state(self) -> Message:
        """Give what another process needs to find it again."""
        return {**super().state(), "id": self.id}

    @classmethod
    def restore(cls, keeper: KeeperClient, state: Message) -> LocalBackground:
        """Find a command again that another process started."""
        out, err = map(Path, state["files"])
        found = cls(keeper, state["service"], state["command"], out, err)
        found.id = state["id"]
        found._restore(state)
        return found

    def _exit_code(self) -> int | None:
        state = self._keeper.ask(op="wait", id=self.id, timeout=0)
        code: int | None = state["exit_code"]
        return code

    def _end(self, signal: int, group: bool, grace: float) -> int | None:
        state = self._keeper.ask(op="stop", id=self.id, signal=signal, group=group, grace=grace)
        code: int | None = state["exit_code"]
        return code
