"""What all tests share."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ordinary import User, ordinary_user
from side_by_side import OneClusterAtATime
from xdist.remote import Producer

# A shell that starts tests in the background leaves Ctrl-C ignored, and every process below them inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Records and gradings that unit tests make are looked at elsewhere too, and so are the submissions that are made up.
sys.path += [str(Path(__file__).parent / folder) for folder in ("unit", "grading")]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let what tests draw by chance be drawn otherwise: submissions in `tests/grading`, moments in `tests/faults`."""
    group = parser.getgroup("chance")
    group.addoption("--seed", type=int, default=1, help="what all is drawn by (%(default)s)")
    group.addoption("--at-once", type=int, help="how many whole runs are side by side, at most 4 (2, on containers 1)")
    group.addoption("--each", type=int, default=3, help="how many submissions for each kind of mistake (%(default)s)")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneClusterAtATime:
    """Run tests of our own logic side by side, where `--numprocesses` asks for it, and clusters one after another."""
    return OneClusterAtATime(config, log)


@pytest.fixture(scope="session")
def user() -> Iterator[User | None]:
    """A user without any right, with a clone, an environment and a cache of its own; None where there can be none."""
    with ordinary_user() as user:
        yield user
