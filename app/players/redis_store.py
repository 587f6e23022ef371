"""The store in Redis, for several API processes that share players. The same transaction, by WATCH and MULTI."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import cast

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError, WatchError

from players.schemas import Json
from players.state import Player
from players.store import Act, Kept, Pending, Retry

PLAYERS = "game:players"
"""A sorted set of all players' ids, each of score 0, which orders them by their characters."""
OUTBOX = "game:outbox"
"""A sorted set of event ids by the time when they were kept, in seconds since 1970."""
EVENTS = "game:events"
"""A hash of the outbox's events by id."""


class RedisStore:
    """A store in the Redis at a URL. What it acknowledged survives a crash of Redis only as its own settings say."""

    outages: tuple[type[Exception], ...] = (RedisError,)

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, decode_responses=True)

    def transact(self, player_id: str, retry: Retry | None, act: Act) -> Kept:
        """See Store."""
        keys = (_player(player_id), _answers(player_id))

        def change(pipe: Pipeline) -> Kept:
            if retry and (found := cast("str | None", pipe.hget(keys[1], retry.key))):
                kept = json.loads(found)
                pipe.multi()
                return Kept(kept["answer"], kept["digest"])
            player = _read(player_id, cast("str | None", pipe.get(keys[0])))
            answer, event = act(player)
            pipe.multi()
            if event:
                pipe.set(keys[0], json.dumps(player.to_json()))
                pipe.zadd(PLAYERS, {player_id: 0})
                pipe.hset(EVENTS, event["event_id"], json.dumps(event))
                pipe.zadd(OUTBOX, {event["event_id"]: time.time()})
            if retry:
                pipe.hset(keys[1], retry.key, json.dumps({"digest": retry.digest, "answer": answer}))
            return Kept(answer, retry.digest if retry else None)

        with self._redis.pipeline(transaction=True) as pipe:
            while True:
                try:
                    pipe.watch(*keys)  # type: ignore[no-untyped-call]
                    kept = change(pipe)
                    pipe.execute()
                    return kept
                except WatchError as problem:
                    # Another process changed the player meanwhile: again. A connection that broke says the same, but
                    # then the change may have been made.
                    if isinstance(problem.__context__, RedisError):
                        raise problem.__context__ from None

    def player(self, player_id: str) -> Player:
        """See Store."""
        return _read(player_id, cast("str | None", self._redis.get(_player(player_id))))

    def players(self, after: str, limit: int) -> list[Player]:
        """See Store."""
        found = cast("list[str]", self._redis.zrangebylex(PLAYERS, f"({after}" if after else "-", "+", 0, limit))
        return [self.player(player_id) for player_id in found]

    def unsent(self, event_id: str) -> list[Pending]:
        """See Store."""
        return self._events([event_id])

    def pending(self, older_than: float = 0.0) -> list[Pending]:
        """See Store."""
        return self._events(cast("list[str]", self._redis.zrangebyscore(OUTBOX, "-inf", time.time() - older_than)))

    def _events(self, ids: Sequence[str]) -> list[Pending]:
        texts = cast("list[str | None]", self._redis.hmget(EVENTS, list(ids))) if ids else []
        events: list[Json] = [json.loads(text) for text in texts if text]
        return [Pending(event["event_id"], event["player_id"], event) for event in events]

    def sent(self, event_ids: Sequence[str]) -> None:
        """See Store."""
        if event_ids:
            with self._redis.pipeline(transaction=True) as pipe:
                pipe.zrem(OUTBOX, *event_ids)
                pipe.hdel(EVENTS, *event_ids)
                pipe.execute()


def _player(player_id: str) -> str:
    return f"game:player:{player_id}"


def _answers(player_id: str) -> str:
    return f"game:answers:{player_id}"


def _read(player_id: str, state: str | None) -> Player:
    return Player(**json.loads(state)) if state else Player(player_id)
