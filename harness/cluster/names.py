"""The names of what a run makes: topics, folders in HDFS, and a database of tables.

A cluster of the run's own has the original's. On one that others use too, each carries the run's prefix: the topic
`events` is `PREFIX-events`, the folder `/tmp/purchases` is `/tmp/PREFIX/purchases`, and the tables stand in a database
PREFIX in place of `default`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from harness.errors import UsageError

FOLDER = "/tmp"  # noqa: S108 - in HDFS
DATABASE = "default"

_PREFIX = re.compile(r"[a-z][a-z0-9_]{1,38}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one run; without a prefix the original's. `replicas` is how many brokers keep each topic."""

    prefix: str = ""
    folder: str = FOLDER
    replicas: int = 1

    def __post_init__(self) -> None:
        """Raise UsageError for a prefix that is no name of a database, or a folder that is none."""
        if self.prefix and not _PREFIX.fullmatch(self.prefix):
            raise UsageError(
                f"{self.prefix!r} cannot be the prefix of names.",
                wanted="3 to 40 lower-case letters, digits and underscores, with a letter first and no underscore last",
                remedy="--prefix NAME, or leave it out: each run then has one of its own",
            )
        if not re.fullmatch(r"(/[\w.\-]+)+", self.folder) or {".", ".."} & set(self.folder.split("/")):
            raise UsageError(f"{self.folder!r} cannot be the folder of a run.", wanted="an absolute path in HDFS")

    @property
    def root(self) -> str:
        """The folder in HDFS that everything of the run is in: `/tmp`, or one of its own."""
        return f"{self.folder}/{self.prefix}" if self.prefix else self.folder

    @property
    def database(self) -> str:
        """The database of the run's tables, which Presto calls a schema."""
        return self.prefix or DATABASE

    @property
    def database_folder(self) -> str:
        """The folder in HDFS of tables that name none of their own. It stands beside the root, and lists nowhere."""
        return f"{self.root}.db"

    def topic(self, name: str) -> str:
        """Give the name of one of the original's topics."""
        return f"{self.prefix}-{name}" if self.prefix else name

    def path(self, path: str) -> str:
        """Give the path of one of the original's folders, such as `/tmp/purchases`."""
        if path != FOLDER and not path.startswith(f"{FOLDER}/"):
            raise UsageError(f"{path} is not below {FOLDER}.", wanted="a folder in which a run may write")
        return self.root + path.removeprefix(FOLDER)

    def environment(self) -> Mapping[str, str]:
        """Give the variables by which the app and the jobs know the names."""
        topics = {"EVENTS_TOPIC": self.topic("events"), "GAME_TOPIC": self.topic("game-events")}
        return {"HDFS_ROOT": self.root, **(topics if self.prefix else {})}

    def originals(self) -> Mapping[str, str]:
        """Give what each part of the run's names stands for, those that contain others first."""
        if not self.prefix:
            return {}
        return {self.root: FOLDER, f"{self.prefix}-": "", self.prefix: DATABASE}


def new_prefix() -> str:
    """Give a prefix that no other run has. Kafka warns of a name with an underscore, so there is none."""
    return f"w205{secrets.token_hex(4)}"
