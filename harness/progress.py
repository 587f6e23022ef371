"""Progress: one live line per service and step on a terminal, plain start and end lines elsewhere.

Both are told the same events. Elapsed time stands against what the last run took.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as RichProgress
from rich.table import Table
from rich.text import Text

HEARTBEAT = 20.0
"""Seconds after which a plain output says that something still goes on."""

MARKS = {
    "passed": ("✓", "green"),
    "ready": ("✓", "green"),
    "reused": ("↺", "cyan"),
    "failed": ("✗", "red"),
    "blocked": ("–", "yellow"),
    "infrastructure": ("!", "magenta"),
}


class Progress(Protocol):
    """Told of what a run does."""

    def begin(self, kind: str, name: str) -> None:
        """A service or a step starts."""

    def end(self, kind: str, name: str, outcome: str, seconds: float, words: str = "") -> None:
        """It is ready, or ended, after so many seconds."""

    def say(self, text: str) -> None:
        """Say a sentence."""

    def close(self) -> None:
        """End, and leave the terminal as it was."""


def make(console: Console, expected: Mapping[str, float]) -> Progress:
    """Give the progress that fits the console. `expected` maps `step load` to the seconds of the last run."""
    return LiveProgress(console, expected) if console.is_terminal else PlainProgress(console, expected)


class PlainProgress:
    """A line when something starts that may take long, a line when it ended, a heartbeat in between."""

    def __init__(self, console: Console, expected: Mapping[str, float]) -> None:
        self._console = console
        self._expected = expected
        self._running: dict[str, float] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def begin(self, kind: str, name: str) -> None:
        """Remember when it started."""
        with self._lock:
            self._running[f"{kind} {name}"] = time.monotonic()

    def end(self, kind: str, name: str, outcome: str, seconds: float, words: str = "") -> None:
        """Print its line."""
        with self._lock:
            self._running.pop(f"{kind} {name}", None)
        self._print(_line(kind, name, outcome, seconds, self._expected) + (f"  {words}" if words else ""))

    def say(self, text: str) -> None:
        """Print the sentence."""
        self._print(text)

    def close(self) -> None:
        """Stop the heartbeat."""
        self._closed.set()

    def _beat(self) -> None:
        while not self._closed.wait(HEARTBEAT):
            now = time.monotonic()
            with self._lock:
                ages = {what: now - since for what, since in self._running.items()}
            going = [f"{what} ({age:.0f} s)" for what, age in ages.items() if age >= HEARTBEAT / 2]
            if going:
                self._print(f"… still at {', '.join(going)}")

    def _print(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)


class LiveProgress:
    """The lines of what goes on are redrawn in place; what ended scrolls up."""

    def __init__(self, console: Console, expected: Mapping[str, float]) -> None:
        self._console = console
        self._expected = expected
        self._running: dict[str, float] = {}
        self._lock = threading.RLock()
        self._live = Live(get_renderable=self._draw, console=console, refresh_per_second=5, transient=True)
        self._live.start()

    def begin(self, kind: str, name: str) -> None:
        """Add its line."""
        with self._lock:
            self._running[f"{kind} {name}"] = time.monotonic()

    def end(self, kind: str, name: str, outcome: str, seconds: float, words: str = "") -> None:
        """Take its line away and print how it ended."""
        with self._lock:
            self._running.pop(f"{kind} {name}", None)
        style = MARKS.get(outcome, ("", ""))[1]
        text = Text(_line(kind, name, outcome, seconds, self._expected), style=style)
        if words:
            text.append(f"  {words}", style="default")
        self._live.console.print(text)

    def say(self, text: str) -> None:
        """Print the sentence above the live lines."""
        self._live.console.print(Text(text), soft_wrap=True)

    def close(self) -> None:
        """Take the live lines away."""
        self._live.stop()

    def _draw(self) -> Table:
        table = Table.grid(padding=(0, 2))
        now = time.monotonic()
        with self._lock:
            for what, since in self._running.items():
                kind, name = what.split(" ", 1)
                usual = self._expected.get(what)
                table.add_row("…", kind, name, f"{now - since:5.1f} s", f"(last run {usual:.1f} s)" if usual else "")
        return table


def _line(kind: str, name: str, outcome: str, seconds: float, expected: Mapping[str, float]) -> str:
    usual = expected.get(f"{kind} {name}")
    against = f" (last run {usual:.1f} s)" if usual else ""
    return f"{MARKS.get(outcome, ('·', ''))[0]} {kind:<8} {name:<14} {outcome:<8} {seconds:6.1f} s{against}"


class DownloadProgress:
    """The fetcher's progress: a bar on a terminal, a line each tenth elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: RichProgress | None = None
        self._total = self._done = self._said = 0
        self._lock = threading.Lock()

    def start(self, files: int, total_bytes: int) -> None:
        """Begin."""
        self._total, self._done, self._said = total_bytes, 0, 0
        self.say(f"fetching {files} files, {total_bytes / 1e6:.0f} MB")
        if self._console.is_terminal:
            columns = (
                TextColumn("servers' parts"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
            )
            self._bar = RichProgress(*columns, console=self._console, transient=True)
            self._bar.add_task("fetch", total=total_bytes)
            self._bar.start()

    def advance(self, nbytes: int) -> None:
        """Count bytes."""
        with self._lock:
            self._done += nbytes
            if self._bar:
                self._bar.update(self._bar.task_ids[0], completed=self._done)
            elif self._done * 10 // max(self._total, 1) > self._said:
                self._said = self._done * 10 // self._total
                self.say(f"  {self._done / 1e6:.0f} of {self._total / 1e6:.0f} MB")

    def say(self, text: str) -> None:
        """Say a sentence."""
        self._console.print(Text(text), soft_wrap=True)

    def stop(self) -> None:
        """End."""
        if self._bar:
            self._bar.stop()
            self._bar = None
