"""The harness' side of the talk with a container's agent (`container/agent.py`)."""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from harness.cluster.compose.images import AGENT

QUESTION_TIME = 30.0
_LONGEST = 1 << 20
"""Bytes of an answer: beside a stranger's commands the agent may be anybody."""

Answer = Mapping[str, Any]


class AgentGone(Exception):
    """The agent ended: its container ended, or never ran."""


class Agent:
    """One `docker exec` into a container, over which questions go in and answers come out."""

    def __init__(self, container: str, log: Path) -> None:
        self.container = container
        self.gone = threading.Event()
        self._ids = itertools.count(1)
        self._open: dict[int, Future[Answer]] = {}
        self._lock = threading.Lock()
        words = ["docker", "exec", "--interactive", container, "python3", "-I", str(AGENT)]
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
            )
        threading.Thread(target=self._read, name=f"agent-{container[:12]}", daemon=True).start()

    def ask(self, op: str, *, timeout: float = QUESTION_TIME, **more: object) -> Answer:
        """Ask a question and wait for its answer. Raises AgentGone when the agent ended or does not answer."""
        future: Future[Answer] = Future()
        with self._lock:
            if self.gone.is_set():
                raise AgentGone
            number = next(self._ids)
            self._open[number] = future
            try:
                assert self._process.stdin
                self._process.stdin.write(json.dumps({"id": number, "op": op, "timeout": timeout, **more}).encode())
                self._process.stdin.write(b"\n")
                self._process.stdin.flush()
            except OSError as problem:
                raise AgentGone from problem
        try:
            return future.result(timeout + 10)
        except TimeoutError as problem:
            raise AgentGone from problem

    def _read(self) -> None:
        assert self._process.stdout
        for line in iter(partial(self._process.stdout.readline, _LONGEST), b""):
            if len(line) == _LONGEST:
                self._process.kill()
                break
            try:
                answer = json.loads(line)
                waiting = self._open.pop(answer["id"])
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
            waiting.set_result(answer)
        self._process.wait()
        with self._lock:
            self.gone.set()
            for future in self._open.values():
                future.set_exception(AgentGone())
            self._open.clear()

    def close(self) -> None:
        """End it."""
        assert self._process.stdin
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.gone.wait(5)
        assert self._process.stdout
        self._process.stdout.close()
