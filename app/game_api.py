"""The game's API: each request becomes one event in Kafka, and is answered once the broker has it.

Run it with `FLASK_APP=app/game_api.py flask run`. Settings, from the environment:

- `KAFKA_BOOTSTRAP_SERVERS`: where to find the brokers, `kafka:29092` by default.
- `EVENTS_TOPIC`: the topic of the events, `events` by default.
- `KAFKA_TIMEOUT_SECONDS`: how long a request waits for Kafka, 5 by default. The limit holds for each wait: for
  the acknowledgement, and before the first event also for the connection and for the topic's metadata.

Delivery is at least once for a client that tries again: a 200 stands for exactly one message, a 503 for none or
one, since an acknowledgement may be lost after the event was written. Nothing is sent after the 503.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from flask import Flask, request
from jsonschema import Draft202012Validator
from kafka import KafkaProducer  # type: ignore[import-untyped]
from kafka.errors import KafkaError, KafkaTimeoutError  # type: ignore[import-untyped]

BOOTSTRAP_SERVERS = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "kafka:29092")
TIMEOUT_SECONDS = float(os.environ.get("KAFKA_TIMEOUT_SECONDS", "5"))
TOPIC = os.environ.get("EVENTS_TOPIC", "events")

LOGGED_HEADERS = ("Host", "Accept", "User-Agent")
"""The only request headers that enter an event; one that the client did not send is left out."""

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
VALIDATORS = {path.stem: Draft202012Validator(json.loads(path.read_text())) for path in SCHEMAS.glob("*.json")}

PLAIN_TEXT = {"Content-Type": "text/plain; charset=utf-8"}


class InvalidEventError(ValueError):
    """The request's event breaks its schema."""


def connect() -> KafkaProducer:
    """Make a producer, which kafka-python closes at exit; raise KafkaError when no broker answers in time."""
    timeout_ms = int(TIMEOUT_SECONDS * 1000)
    return KafkaProducer(
        bootstrap_servers=BOOTSTRAP_SERVERS,
        acks="all",
        # One attempt for each event: a second could write it twice. Idempotence would prevent that, but the
        # idempotent producer of kafka-python 3.0.12 stays stuck after a broker's outage, past every time limit.
        enable_idempotence=False,
        retries=0,
        # One request at a time: the events that come while the broker answers share the next one.
        max_in_flight_requests_per_connection=1,
        bootstrap_timeout_ms=timeout_ms,
        max_block_ms=timeout_ms,
        request_timeout_ms=timeout_ms,
        delivery_timeout_ms=timeout_ms,
        reconnect_backoff_max_ms=1000,
    )


class EventLog:
    """Appends events to the topic, through one producer made when the first event needs it."""

    def __init__(self, producer_factory: Callable[[], KafkaProducer]) -> None:
        self._make_producer = producer_factory
        self._producer: KafkaProducer | None = None
        self._connecting = Lock()

    def append(self, event: dict[str, str]) -> None:
        """Write one event; raise KafkaError when the broker does not acknowledge it in time."""
        acknowledgement = self._connected().send(TOPIC, json.dumps(event).encode())
        # The producer gives an event up after TIMEOUT_SECONDS; waiting a little longer lets it say so.
        acknowledgement.get(timeout=TIMEOUT_SECONDS + 1)

    def _connected(self) -> KafkaProducer:
        if not self._connecting.acquire(timeout=TIMEOUT_SECONDS):
            raise KafkaTimeoutError("another request is still connecting")
        try:
            if self._producer is None:
                self._producer = self._make_producer()
            return self._producer
        finally:
            self._connecting.release()


def build_event(event_type: str, **fields: str) -> dict[str, str]:
    """Give the current request's event; raise InvalidEventError with the reason when its schema forbids it."""
    headers = {name: request.headers[name] for name in LOGGED_HEADERS if name in request.headers}
    event = {**headers, "event_type": event_type, **fields}
    error = next(VALIDATORS[event_type].iter_errors(event), None)
    if error:
        reason = error.schema.get("description", error.message)
        raise InvalidEventError(": ".join([*map(str, error.path), reason]))
    return event


def create_app(producer_factory: Callable[[], KafkaProducer] = connect) -> Flask:
    """Build the API; `producer_factory` connects to Kafka."""
    app = Flask(__name__, static_folder=None)
    log = EventLog(producer_factory)

    @app.get("/")
    def default_response() -> str:
        log.append(build_event("default"))
        return "This is the default response!\n"

    @app.get("/purchase_a_sword")
    def purchase_a_sword() -> str:
        log.append(build_event("purchase_sword"))
        return "Sword Purchased!\n"

    @app.get("/join_guild/", defaults={"guild_name": ""})
    @app.get("/join_guild/<guild_name>")
    def join_guild(guild_name: str) -> str:
        log.append(build_event("join_guild", guild_name=guild_name))
        return "Guild Joined!\n"

    @app.get("/healthz")
    def healthz() -> str:
        producer_factory().close(timeout=TIMEOUT_SECONDS)
        return "ok\n"

    @app.errorhandler(InvalidEventError)
    def refuse(error: InvalidEventError) -> tuple[str, int, dict[str, str]]:
        return f"{error}\n", 400, PLAIN_TEXT

    @app.errorhandler(KafkaError)
    def report_outage(error: KafkaError) -> tuple[str, int, dict[str, str]]:
        app.logger.warning("%s: %s", request.path, error)
        return "No acknowledgement from Kafka: the event may or may not be written. Try again.\n", 503, PLAIN_TEXT

    # Flask answers HEAD by running the GET view, but asking about a sword must not buy one.
    for rule in app.url_map.iter_rules():
        (rule.methods or set()).discard("HEAD")
    return app


app = create_app()
