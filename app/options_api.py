"""The game's API with its options: the original's routes, and guilds, items, a cart and an inventory beside them.

Run it with `FLASK_APP=app/options_api.py flask run`; `/openapi.json` describes it. Settings, beside those of
`game_api.py`, from the environment:

- `GAME_STORE`: where players are kept, `sqlite:///FILE` (by default a file in the folder for temporary files) or
  `redis://HOST:PORT/NUMBER`, which several API processes may share.
- `GAME_TOPIC`: the topic of their events, `game-events` by default.

A change is answered once Kafka has its event. A 503 stands for a change that is kept and whose event will be sent; the
same `Idempotency-Key` then gives the same answer, and nothing happens twice.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import game_api
from flask import Flask
from kafka import KafkaProducer  # type: ignore[import-untyped]
from players.outbox import Outbox
from players.routes import Game, register
from players.store import Store, open_store

TOPIC = os.environ.get("GAME_TOPIC", "game-events")
STORE = os.environ.get("GAME_STORE") or f"sqlite:///{Path(tempfile.gettempdir(), f'game-state-{os.getuid()}.sqlite3')}"


def create_app(
    producer_factory: Callable[[], KafkaProducer] = game_api.connect, make_store: Callable[[], Store] | None = None
) -> Flask:
    """Build the API; `producer_factory` connects to Kafka, `make_store` opens the store."""
    app = game_api.create_app(producer_factory)
    store = make_store() if make_store else open_store(STORE)
    register(app, Game(store, Outbox(store, TOPIC, producer_factory)))
    return app
