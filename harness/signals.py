"""SIGTERM and SIGHUP end a run as Ctrl-C does: every `finally` is run, and the exit code is that of a shell."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final, TypeAlias

from harness.errors import ExitCode

ENDING: Final = (signal.SIGTERM, signal.SIGHUP)

_Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | None


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = ExitCode(128 + number)


@contextmanager
def orderly() -> Iterator[None]:
    """Raise Terminated for the first SIGTERM or SIGHUP; what is ignored, as nohup leaves it, stays so."""
    numbers = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    with _handled(numbers, _end):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore these signals and Ctrl-C while something is ended."""
    with _handled((signal.SIGINT, *ENDING), signal.SIG_IGN):
        yield


@contextmanager
def _handled(numbers: Sequence[int], handler: _Handler) -> Iterator[None]:
    before: dict[int, _Handler] = {}
    try:
        for number in numbers:
            before[number] = signal.signal(number, handler)
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _end(number: int, _frame: FrameType | None) -> None:
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise Terminated(number)
