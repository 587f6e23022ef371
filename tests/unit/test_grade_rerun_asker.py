"""The process that answers questions about the servers: one for all of them, and another one when it has failed."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from harness.errors import EnvironmentFault
from harness.grade.rerun.asker import Asker

ANSWERS = """
import os, sys, time
from harness.grade.rerun import asks

def fail(): raise RuntimeError("no broker")
def die(when): sys.exit("out of memory")

known = {"slow": lambda: time.sleep(60), "who": lambda *more: {"pid": os.getpid(), "more": more}}
asks.serve({**known, "fail": fail, "die": die})
"""


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process as a cluster ends what runs in it."""
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait(20)


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes that were started. All have ended when the test has."""
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.wait(20)


@pytest.fixture
def asker(started: list[subprocess.Popen[bytes]], tmp_path: Path) -> Iterator[Asker]:
    def start(streams: tuple[int, int, int]) -> Callable[[], object]:
        stdin, stdout, stderr = streams
        started.append(subprocess.Popen([sys.executable, "-c", ANSWERS], stdin=stdin, stdout=stdout, stderr=stderr))
        return partial(end, started[-1])

    asker = Asker(start, tmp_path / "asker.err")
    yield asker
    asker.close()


def test_one_process_answers_all_questions(asker: Asker, started: list[subprocess.Popen[bytes]]) -> None:
    first, second = asker("who"), asker("who", "/tmp/a b", "ü\n")
    assert second["more"] == ["/tmp/a b", "ü\n"]
    assert first["pid"] == second["pid"]
    assert len(started) == 1


def test_nothing_is_started_before_the_first_question(asker: Asker, started: list[subprocess.Popen[bytes]]) -> None:
    asker.close()
    assert not started


@pytest.mark.parametrize(
    ("question", "words"), [("fail", "RuntimeError: no broker"), ("unheard", "KeyError: 'unheard'")]
)
def test_what_cannot_be_answered_is_said_and_the_next_question_is_answered(
    asker: Asker, started: list[subprocess.Popen[bytes]], question: str, words: str
) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        asker(question)
    assert (caught.value.wanted, caught.value.seen) == (question, words)
    assert asker("who")["more"] == []
    assert len(started) == 1


def test_after_its_end_another_one_is_started(asker: Asker, started: list[subprocess.Popen[bytes]]) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        asker("die", "now")
    assert (caught.value.wanted, caught.value.seen) == ("die now", "out of memory")
    assert asker("who")["more"] == []
    assert len(started) == 2


def test_it_ends_when_it_is_closed(asker: Asker, started: list[subprocess.Popen[bytes]]) -> None:
    asker("who")
    asker.close()
    assert started[0].returncode == 0


def test_a_question_is_not_answered_when_it_is_closed_meanwhile_or_was_before(
    asker: Asker, started: list[subprocess.Popen[bytes]]
) -> None:
    asker("who")
    told: list[EnvironmentFault] = []

    def ask() -> None:
        try:
            asker("slow")
        except EnvironmentFault as problem:
            told.append(problem)

    waiting = threading.Thread(target=ask)
    waiting.start()
    asker.close()
    waiting.join(20)
    ask()
    assert [problem.wanted for problem in told] == ["slow", "slow"]
    assert told[1].seen == "it is closed"
    assert len(started) == 1
