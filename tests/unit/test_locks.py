"""A lock has one holder at a time, and none when its holder is dead."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.locks import exclusive, is_held, take

HOLD = "import sys, time; from pathlib import Path; from harness.locks import take; take(Path(sys.argv[1])); print()"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@contextmanager
def taken(path: Path) -> Iterator[int]:
    descriptor = take(path)
    yield descriptor
    os.close(descriptor)


def test_a_lock_that_was_never_taken_is_not_held(lock: Path) -> None:
    assert not is_held(lock)
    assert not lock.exists()


def test_a_lock_is_held_until_its_descriptor_is_closed(lock: Path) -> None:
    with taken(lock):
        assert is_held(lock)
    assert not is_held(lock)
    with taken(lock):
        assert is_held(lock)


def test_asking_does_not_take(lock: Path) -> None:
    with taken(lock):
        pass
    assert not is_held(lock)
    assert not is_held(lock)


def test_a_held_lock_is_refused_and_stays_with_its_holder(lock: Path) -> None:
    with taken(lock):
        with pytest.raises(BlockingIOError):
            take(lock)
        assert is_held(lock)


def test_a_refused_lock_leaves_no_descriptor_open(lock: Path) -> None:
    with taken(lock) as held:
        with pytest.raises(BlockingIOError):
            take(lock)
        lowest = os.dup(held)
        os.close(lowest)
        with pytest.raises(BlockingIOError):
            take(lock)
        again = os.dup(held)
        os.close(again)
        assert again == lowest


def test_only_its_user_may_read_a_lock(lock: Path) -> None:
    with taken(lock):
        assert lock.stat().st_mode & 0o077 == 0


def test_an_exclusive_lock_is_held_inside_alone_and_nobody_waits(lock: Path) -> None:
    with exclusive(lock, on_wait=lambda: pytest.fail("waited")):
        assert is_held(lock)
    assert not is_held(lock)


def test_an_exclusive_lock_is_freed_by_an_error(lock: Path) -> None:
    with pytest.raises(ZeroDivisionError), exclusive(lock):
        raise ZeroDivisionError
    assert not is_held(lock)


def test_the_second_is_told_once_and_comes_after_the_first(lock: Path) -> None:
    order: list[str] = []
    waits = threading.Event()

    def on_wait() -> None:
        order.append("second waits")
        waits.set()

    def second() -> None:
        with exclusive(lock, on_wait):
            order.append("second")

    with exclusive(lock):
        thread = threading.Thread(target=second)
        thread.start()
        waits.wait(10)
        order.append("first is done")
    thread.join()
    assert order == ["second waits", "first is done", "second"]


def test_the_lock_of_a_killed_process_is_free(lock: Path) -> None:
    command = [sys.executable, "-c", f"{HOLD}; sys.stdout.flush(); time.sleep(600)", str(lock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        assert is_held(lock)
        holder.kill()
    assert not is_held(lock)


def test_a_child_of_the_holder_does_not_keep_the_lock(lock: Path) -> None:
    held = take(lock)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False) as child:
        os.close(held)
        assert not is_held(lock)
        assert child.poll() is None
