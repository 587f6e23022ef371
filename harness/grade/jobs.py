"""The jobs that a report's commands submit, as far as their text says what they read."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from harness.grade.model import Submission
from harness.outputs import shell
from harness.readme.blocks import Block, Kind

_TOPIC: Final = re.compile(r"""["']subscribe["'] ?, ?["']([\w.\-]{1,249})["']""")
_STARTING: Final = re.compile(r"""["']startingOffsets["'] ?, ?["']([^"']{0,100})["']""")
_FILE: Final = re.compile(r"\b[\w\-]{1,99}\.py\b")


@dataclass(frozen=True, slots=True)
class Job:
    """One submitted job: the place of its command, the topic it reads, and whether all of it or a stream."""

    place: int
    topic: str
    whole_topic: bool
    streaming: bool


class Jobs:
    """The jobs of a submission, each with its text: the last listing of it above its command, or its file."""

    def __init__(self, submission: Submission) -> None:
        self._files = {path.rpartition("/")[2]: text for path, text in submission.files.items()}
        self._places: dict[int, int] = {}
        self._jobs: dict[int, Job | None] = {}
        self._listed: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        shown: dict[int, list[str]] = {}
        for place, block in enumerate(submission.blocks):
            if block.kind is Kind.COMMAND:
                self._places[block.first_line] = place
                shown[block.first_line] = _FILE.findall(block.text[:2000])
            elif block.kind is Kind.LISTING and block.answers is not None and "import" in block.text:
                for name in shown.get(block.answers, ())[:1]:
                    self._listed[name].append((place, block.text))

    def of(self, block: Block) -> Job | None:
        """Give the job of a command's block, or None where it submits none, or nothing tells what the job reads."""
        if block.first_line not in self._jobs:
            self._jobs[block.first_line] = self._job(block)
        return self._jobs[block.first_line]

    def _job(self, block: Block) -> Job | None:
        programs = shell.parse("\n".join(line for _, line in block.printed())).programs
        names = {
            PurePosixPath(arg).name
            for one in programs
            if one.name in ("spark-submit", "pyspark")
            for arg in one.args
            if arg.endswith(".py")
        }
        if len(names) != 1:
            return None
        place = self._places.get(block.first_line, 0)
        source = self._source(names.pop(), place)
        if source is None or "kafka" not in source:
            return None
        topic, starting = _TOPIC.search(source), _STARTING.search(source)
        streaming = "readStream" in source
        whole = not streaming and ".read" in source and (starting is None or starting[1] == "earliest")
        return Job(place, topic[1] if topic else "", whole, streaming)

    def _source(self, name: str, place: int) -> str | None:
        listed = self._listed.get(name, [])
        at = bisect_left(listed, (place, ""))
        return listed[at - 1][1] if at else self._files.get(name)
