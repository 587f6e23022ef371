"""Where players are kept: each change of state, its event and its answer in one transaction.

This is the transactional outbox: an event is kept with the change that it describes, and leaves the outbox once
Kafka has it. A process that is killed between the two leaves the event there, and it is sent when the API runs again.
So there is never an event without its change, nor a change without its event; an event may be sent twice, with the
same `event_id`.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from players.schemas import Json
from players.state import Player

BUSY_SECONDS = 10.0
"""How long a change waits for the changes before it."""


@dataclass(frozen=True, slots=True)
class Retry:
    """A request that may be repeated: its idempotency key, and the digest of what it asks."""

    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What a change gave: the answer, as JSON. `digest` is that of the request that was answered so first."""

    answer: Json
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that is not known to be in Kafka."""

    event_id: str
    player_id: str
    event: Json


Act = Callable[[Player], tuple[Json, Json | None]]
"""Changes a player. Gives the answer and the event, None where nothing changed; raises Refused to change nothing."""


class Store(Protocol):
    """Keeps players. Every method may be called by several threads, and by several processes that share the store.

    `outages` are the errors that say that the store does not answer.
    """

    outages: tuple[type[Exception], ...]

    def transact(self, player_id: str, retry: Retry | None, act: Act) -> Kept:
        """Change a player, keep the event and the answer; or give what the same idempotency key was answered."""

    def player(self, player_id: str) -> Player:
        """Give a player; one that never did anything is as every player begins."""

    def players(self, after: str, limit: int) -> list[Player]:
        """Give the players whose ids come after `after`, at most `limit`, in the order of their ids' characters."""

    def unsent(self, event_id: str) -> list[Pending]:
        """Give an event while it is in the outbox; nothing when it has left it."""

    def pending(self, older_than: float = 0.0) -> list[Pending]:
        """Give the events in the outbox that were kept `older_than` seconds ago, the oldest first."""

    def sent(self, event_ids: Sequence[str]) -> None:
        """Take events out of the outbox."""


def open_store(url: str) -> Store:
    """Open the store at `sqlite:///FILE` or `redis://HOST:PORT/NUMBER`. Raises ValueError for another URL."""
    if url.startswith("sqlite:///"):
        return SQLiteStore(Path(url.removeprefix("sqlite:///")))
    if url.startswith(("redis://", "rediss://", "unix://")):
        from players.redis_store import RedisStore

        return RedisStore(url)
    raise ValueError(f"GAME_STORE is sqlite:///FILE or redis://HOST:PORT/NUMBER, not {url}")


_TABLES = """\
create table if not exists players (player_id text primary key, state text not null) without rowid;
create table if not exists answers (
  player_id text, key text, digest text not null, answer text not null, primary key (player_id, key)
) without rowid;
create table if not exists outbox (
  number integer primary key autoincrement, event_id text unique not null, player_id text not null,
  event text not null, kept real not null
);
"""


class SQLiteStore:
    """A store in one SQLite file in WAL mode: a commit is on the disk, and readers wait for no writer."""

    outages: tuple[type[Exception], ...] = (sqlite3.DatabaseError,)

    def __init__(self, file: Path) -> None:
        self._file = file
        self._local = threading.local()
        connection = self._connection()
        connection.execute("pragma journal_mode = wal")
        connection.executescript(_TABLES)

    def transact(self, player_id: str, retry: Retry | None, act: Act) -> Kept:
        """See Store."""
        with self._writing() as connection:
            if retry and (kept := self._answer(connection, player_id, retry.key)):
                return kept
            player = self._player(connection, player_id)
            answer, event = act(player)
            if event:
                connection.execute(
                    "insert into players values (?, ?) on conflict do update set state = excluded.state",
                    (player_id, json.dumps(player.to_json())),
                )
                connection.execute(
                    "insert into outbox (event_id, player_id, event, kept) values (?, ?, ?, ?)",
                    (event["event_id"], player_id, json.dumps(event), time.time()),
                )
            if retry:
                connection.execute(
                    "insert into answers values (?, ?, ?, ?)", (player_id, retry.key, retry.digest, json.dumps(answer))
                )
            return Kept(answer, retry.digest if retry else None)

    def player(self, player_id: str) -> Player:
        """See Store."""
        return self._player(self._connection(), player_id)

    def players(self, after: str, limit: int) -> list[Player]:
        """See Store."""
        query = "select state from players where player_id > ? order by player_id limit ?"
        found = self._connection().execute(query, (after, limit))
        return [Player(**json.loads(state)) for (state,) in found]

    def unsent(self, event_id: str) -> list[Pending]:
        """See Store."""
        query = "select event_id, player_id, event from outbox where event_id = ?"
        return _pending(self._connection().execute(query, (event_id,)))

    def pending(self, older_than: float = 0.0) -> list[Pending]:
        """See Store."""
        query = "select event_id, player_id, event from outbox where kept <= ? order by number"
        return _pending(self._connection().execute(query, (time.time() - older_than,)))

    def sent(self, event_ids: Sequence[str]) -> None:
        """See Store."""
        with self._writing() as connection:
            connection.executemany("delete from outbox where event_id = ?", [(event_id,) for event_id in event_ids])

    @staticmethod
    def _player(connection: sqlite3.Connection, player_id: str) -> Player:
        found = connection.execute("select state from players where player_id = ?", (player_id,)).fetchone()
        return Player(**json.loads(found[0])) if found else Player(player_id)

    @staticmethod
    def _answer(connection: sqlite3.Connection, player_id: str, key: str) -> Kept | None:
        query = "select answer, digest from answers where player_id = ? and key = ?"
        found = connection.execute(query, (player_id, key)).fetchone()
        return Kept(json.loads(found[0]), found[1]) if found else None

    def _connection(self) -> sqlite3.Connection:
        """Give this thread's connection."""
        if not hasattr(self._local, "connection"):
            self._local.connection = sqlite3.connect(self._file, timeout=BUSY_SECONDS, isolation_level=None)
        connection: sqlite3.Connection = self._local.connection
        return connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection in a transaction of its own: committed at the end, undone by whatever is raised."""
        connection = self._connection()
        connection.execute("begin immediate")
        try:
            yield connection
        except BaseException:
            connection.execute("rollback")
            raise
        connection.execute("commit")


def _pending(rows: Iterable[tuple[str, str, str]]) -> list[Pending]:
    return [Pending(event_id, player_id, json.loads(event)) for event_id, player_id, event in rows]
