"""What the servers say while a submission runs: how far its streams are, and what it left."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from harness.grade.rerun.confined import Job
from harness.grade.rerun.model import State

Ask = Callable[..., Mapping[str, Any]]
"""Asks the servers: see `harness.grade.rerun.asks`."""

Offsets = Mapping[str, Mapping[str, int]]
"""The next offset by topic and partition."""

_QUERY: Final = re.compile(r"\.\s*writeStream\b")
_SINK: Final = re.compile(r"""["']path["']\s*,\s*["'](?:hdfs://[\w.:-]+)?(/[\w./-]+)["']""")
_PRINTS: Final = re.compile(r"""["']console["']|\.\s*foreach(?:Batch)?\b""")
_INTERVAL: Final = 1.0
_BATCH: Final = re.compile(rb"^Batch: \d+$", re.MULTILINE)


class Streams:
    """The streaming queries of a submission, as their checkpoints in HDFS tell."""

    def __init__(self, ask: Ask, files: Mapping[str, str]) -> None:
        self._ask = ask
        self._files = files

    def seen(self) -> Mapping[str, Any]:
        """Give the checkpoints that are there now."""
        found: Mapping[str, Any] = self._ask("progress")["checkpoints"]
        return found

    def began(self, before: Mapping[str, Any], job: Job, command: str) -> bool:
        """Say whether the queries of a job that was just started have fixed where they read from."""
        now = self.seen()
        new = [path for path, state in now.items() if state["began"] and path not in before]
        again = [path for path in before if path in now and now[path]["planned"] > before[path]["planned"]]
        wanted = max(1, sum(len(_QUERY.findall(text)) for text in self._named(command)))
        if len(new) >= wanted or again:
            return True
        try:
            return bool(_BATCH.search(job.out.read_bytes()[:1_000_000]))
        except OSError:
            return False

    def sinks(self, command: str) -> list[str]:
        """Give the folders that the streams of a job write, as its files name them."""
        return sorted({path for text in self._named(command) for path in _SINK.findall(text)})

    def _named(self, command: str) -> list[str]:
        return [text for name, text in self._files.items() if PurePosixPath(name).name in command]

    def settle(self, limit: float) -> bool:
        """Wait until every query has finished what was in its topics when this was called. Says whether it came."""
        until = time.monotonic() + limit
        wanted: Offsets | None = None
        last: object = None
        moved = time.monotonic()
        while time.monotonic() < until:
            now = self._ask("progress")
            wanted = wanted or now["topics"]
            if all(reached(state["offsets"], wanted) for state in now["checkpoints"].values()):
                return True
            if now["checkpoints"] != last:
                last, moved = now["checkpoints"], time.monotonic()
            elif time.monotonic() - moved > limit / 2:
                return False  # a query that has ended never gets there
            time.sleep(_INTERVAL)
        return False

    def ends(self) -> Offsets:
        """Give the offset at which each topic ends now."""
        found: Offsets = self._ask("progress")["topics"]
        return found

    def prints(self, command: str) -> bool:
        """Say whether a job may print what it streams: its files say so, or are not known."""
        named = self._named(command)
        return not named or any(_PRINTS.search(text) for text in named)

    def state(self) -> State:
        """Give what the submission left in the cluster."""
        found = self._ask("state")
        return State(found["topics"], found["paths"], found["tables"], found["errors"])

    def clear(self, paths: Sequence[str]) -> list[str]:
        """Empty the folders among those that a stream is about to write which another job has filled. Gives them."""
        return list(self._ask("clear", *paths)["cleared"]) if paths else []

    def clean(self) -> None:
        """Make the cluster as new, as `docker-compose down` and `up` do."""
        self._ask("clean")


def reached(offsets: Offsets, wanted: Offsets) -> bool:
    """Say whether a query has read all that there was of the topics that it reads."""
    return all(
        isinstance(offset, int) and offset >= wanted[topic].get(partition, 0)
        for topic, parts in offsets.items()
        if topic in wanted
        for partition, offset in parts.items()
    )
