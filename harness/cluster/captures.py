"""What commands printed, from the files that their output went to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness.model import Capture
from harness.outputs import derive


def captured(
    service: str,
    command: str,
    stdout: str,
    stderr: str,
    exit_code: int | None,
    *,
    started: str,
    seconds: float,
    background: bool = False,
    typed: str | None = None,
) -> Capture:
    """Give a capture with the facts of its output; its id is given by the step that records it."""
    facts = derive(command, stdout, stderr)
    return Capture(
        "", service, command, stdout, stderr, exit_code, started, round(seconds, 3), background, facts, typed
    )


def ended_late(stderr: str, limit: float) -> str:
    """Give the stderr of a command that its time limit ended, with a line that says so."""
    return f"{stderr}\nharness: ended after its time limit of {limit:.0f} s\n"


def read(file: Path) -> str:
    """Give a file's text; nothing when it is not there."""
    try:
        return decode(file.read_bytes())
    except FileNotFoundError:
        return ""


def decode(data: bytes) -> str:
    """Give bytes as text, those that are not UTF-8 as escapes."""
    return data.decode("utf-8", "backslashreplace")


def utc_now(ago: float = 0.0) -> str:
    """Give the time, now or some seconds `ago`, in ISO 8601, UTC, to the millisecond."""
    return (datetime.now(UTC) - timedelta(seconds=ago)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
