"""Progress in plain lines for logs, redrawn lines for terminals, and a heartbeat where it is silent for long."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator

import pytest
from rich.console import Console

from harness import progress
from harness.progress import DownloadProgress, LiveProgress, PlainProgress, make

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


class Paper(io.StringIO):
    """A text that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()

    def write(self, text: str) -> int:
        with self._changed:
            self._changed.notify_all()
            return super().write(text)

    def has(self, text: str) -> bool:
        """Wait until it says this."""
        with self._changed:
            return self._changed.wait_for(lambda: text in self.getvalue(), timeout=10)


@pytest.fixture
def paper() -> Paper:
    return Paper()


MakePlain = Callable[..., PlainProgress]


@pytest.fixture
def plain(paper: Paper) -> Iterator[MakePlain]:
    opened: list[PlainProgress] = []

    def made(**expected: float) -> PlainProgress:
        usual = {name.replace("_", " "): seconds for name, seconds in expected.items()}
        opened.append(PlainProgress(Console(file=paper, width=80), usual))
        return opened[-1]

    yield made
    for item in opened:
        item.close()


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        ("passed", "✓ step     load           passed      3.5 s"),
        ("ready", "✓ step     load           ready       3.5 s"),
        ("reused", "↺ step     load           reused      3.5 s"),
        ("failed", "✗ step     load           failed      3.5 s"),
        ("blocked", "– step     load           blocked     3.5 s"),
        ("infrastructure", "! step     load           infrastructure    3.5 s"),
        ("other", "· step     load           other       3.5 s"),
    ],
)
def test_what_ended_is_one_line(plain: MakePlain, paper: Paper, outcome: str, line: str) -> None:
    shown = plain()
    shown.begin("step", "load")
    shown.end("step", "load", outcome, 3.5)
    assert paper.getvalue() == f"{line}\n"


def test_the_seconds_stand_against_the_last_run(plain: MakePlain, paper: Paper) -> None:
    shown = plain(step_load=4.25, service_kafka=2.0)
    shown.end("service", "kafka", "ready", 2.5)
    shown.end("step", "load", "passed", 3.5, "as this cluster has it")
    assert paper.getvalue().splitlines() == [
        "✓ service  kafka          ready       2.5 s (last run 2.0 s)",
        "✓ step     load           passed      3.5 s (last run 4.2 s)  as this cluster has it",
    ]


def test_what_is_said_is_printed_as_it_is(plain: MakePlain, paper: Paper) -> None:
    text = "[bold]no markup[/bold] :smile: " + "word " * 40 + "\n  second line"
    plain().say(text)
    assert paper.getvalue() == f"{text}\n"


def test_plain_lines_have_no_colours(plain: MakePlain, paper: Paper) -> None:
    plain().end("step", "load", "failed", 1.0)
    assert "\x1b" not in paper.getvalue()


def test_what_goes_on_for_long_is_said_again(plain: MakePlain, paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "HEARTBEAT", 0.01)
    shown = plain()
    shown.begin("step", "batch")
    shown.begin("step", "ended")
    shown.end("step", "ended", "passed", 0.0)
    assert paper.has("… still at step batch (0 s)\n")
    assert "still at step ended" not in paper.getvalue()


def test_after_the_end_there_is_no_heartbeat(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "HEARTBEAT", 0.01)
    before = set(threading.enumerate())
    shown = PlainProgress(Console(file=paper), {})
    (heartbeat,) = set(threading.enumerate()) - before
    shown.begin("step", "batch")
    shown.close()
    heartbeat.join(10)
    assert not heartbeat.is_alive()


def test_a_terminal_gets_live_lines_and_anything_else_plain_ones(paper: Paper) -> None:
    for terminal, kind in ((True, LiveProgress), (False, PlainProgress)):
        shown = make(Console(file=paper, force_terminal=terminal), {})
        assert type(shown) is kind
        shown.close()


def test_live_lines_show_what_goes_on_and_keep_what_ended(paper: Paper) -> None:
    shown = LiveProgress(Console(file=paper, force_terminal=True, width=80), {"step load": 4.0})
    shown.begin("step", "load")
    assert paper.has("(last run 4.0 s)")
    shown.end("step", "load", "passed", 3.5, "with words")
    shown.say("a [sentence]")
    shown.close()
    text = paper.getvalue()
    assert "✓ step     load           passed      3.5 s (last run 4.0 s)" in text
    assert "with words" in text
    assert "a [sentence]" in text
    assert text.rindex(SHOW_CURSOR) > text.rindex(HIDE_CURSOR)


def test_a_download_says_each_tenth(paper: Paper) -> None:
    shown = DownloadProgress(Console(file=paper))
    shown.start(3, 100_000_000)
    for _ in range(20):
        shown.advance(5_000_000)
    shown.stop()
    lines = paper.getvalue().splitlines()
    assert lines[0] == "fetching 3 files, 100 MB"
    assert lines[1:] == [f"  {tenth}0 of 100 MB" for tenth in range(1, 11)]


def test_bytes_that_are_fetched_again_are_not_said_again(paper: Paper) -> None:
    shown = DownloadProgress(Console(file=paper))
    shown.start(1, 10_000_000)
    for nbytes in (5_000_000, -5_000_000, 5_000_000, 5_000_000):
        shown.advance(nbytes)
    assert paper.getvalue().splitlines()[1:] == ["  5 of 10 MB", "  10 of 10 MB"]


def test_a_terminal_gets_a_bar_that_goes_away(paper: Paper) -> None:
    shown = DownloadProgress(Console(file=paper, force_terminal=True, width=100))
    shown.start(1, 10_000_000)
    shown.advance(5_000_000)
    assert paper.has("5.0/10.0 MB")
    shown.stop()
    shown.stop()
    assert paper.getvalue().rindex(SHOW_CURSOR) > paper.getvalue().rindex(HIDE_CURSOR)
