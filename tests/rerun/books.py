"""What is kept of a submission that is made up: the requests that were sent, and the submission itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import corpus
from document import Submission

from rerun.expected import Expected


@dataclass(frozen=True)
class Sent:
    """One request, when it was sent, and the message that it became: its topic and the event."""

    when: datetime
    request: str
    topic: str
    event: Mapping[str, object]
    status: int = 200

    @property
    def json(self) -> str:
        return json.dumps(self.event)

    @property
    def timestamp(self) -> str:
        return f"{self.when:%Y-%m-%d %H:%M:%S}.{self.when.microsecond // 1000:03}".rstrip("0").rstrip(".")


def headers(host: str, agent: str = "ApacheBench/2.3", **more: str) -> dict[str, str]:
    """Give the headers that a client sends, as Flask has them."""
    return {"Host": host, "User-Agent": agent, "Accept": "*/*", **more}


def ab(options: str, path: str) -> str:
    """Give a command of ab as it is typed inside the container."""
    return f"ab {options} {url(path)}"


def url(path: str) -> str:
    """Give the address of a path, quoted where the shell wants that."""
    plain = f"http://localhost:5000{path}"
    return f"'{plain}'" if "?" in path else plain


def row(sent: Sent, columns: Sequence[str]) -> list[object]:
    """Give the values of a row: those of the event, its time, or the whole message."""
    own = {"timestamp": sent.timestamp, "raw_event": sent.json}
    return [own.get(name, sent.event.get(name)) for name in columns]


@dataclass(frozen=True)
class Dress:
    """A submission, and what its rerun must give."""

    name: str
    submission: Submission
    expected: Expected

    def write(self, parent: Path) -> Path:
        """Write the folder below `parent`, under the name that it has. Gives its path."""
        folder = parent / self.submission.name
        folder.mkdir(parents=True)
        return corpus.write(self.submission, folder)
