"""Background commands of the local backend."""

from __future__ import annotations

import signal as signals
import time
from pathlib import Path

from harness.cluster.captures import captured, decode, utc_now
from harness.cluster.control import Message
from harness.cluster.keeper_client import KeeperClient
from harness.model import Capture


class LocalBackground:
    """A command that the keeper runs in the background."""

    def __init__(self, keeper: KeeperClient, service: str, command: str, out: Path, err: Path) -> None:
        self.id = 0
        self._keeper = keeper
        self._service = service
        self._command = command
        self._files = (out, err)
        self._seen = [0, 0]
        self._started = utc_now()
        self._clock = time.monotonic()

    def state(self) -> Message:
        """Give what another process needs to find it again."""
        return {
            "id": self.id,
            "service": self._service,
            "command": self._command,
            "files": [str(file) for file in self._files],
            "seen": self._seen,
            "started": self._started,
        }

    @classmethod
    def restore(cls, keeper: KeeperClient, state: Message) -> LocalBackground:
        """Find a command again that another process started."""
        out, err = map(Path, state["files"])
        found = cls(keeper, state["service"], state["command"], out, err)
        found.id, found._seen, found._started = state["id"], list(state["seen"]), state["started"]
        return found

    def look(self, *, since_last: bool = False) -> Capture:
        """Give what it printed so far, or the whole lines since the last look that asked for news."""
        state = self._keeper.ask(op="wait", id=self.id, timeout=0)
        return self._capture(state["exit_code"], since_last)

    def stop(self, signal: int = signals.SIGTERM, *, group: bool = False, grace: float = 10.0) -> Capture:
        """End it. Gives all that it printed."""
        state = self._keeper.ask(op="stop", id=self.id, signal=int(signal), group=group, grace=grace)
        return self._capture(state["exit_code"], False)

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
