"""What all tests share."""

import signal

import pytest

# A shell that starts tests in the background leaves Ctrl-C ignored, and every process below them inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the made-up submissions of `tests/grading` be others than usual."""
    group = parser.getgroup("made-up submissions")
    group.addoption("--seed", type=int, default=1, help="what the submissions are drawn by (%(default)s)")
    group.addoption("--each", type=int, default=3, help="how many submissions for each kind of mistake (%(default)s)")
