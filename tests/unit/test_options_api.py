"""The options' API without a broker: what changes a player, what is refused, and what becomes an event."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fake_producer import FakeProducer
from flask import Flask
from flask.testing import FlaskClient
from kafka.errors import KafkaTimeoutError  # type: ignore[import-untyped]
from options_api import create_app
from players.outbox import PATIENCE, Outbox
from players.schemas import LIMITS, catalogue, event_validator
from players.store import Store, open_store
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.client import Pipeline
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import WatchError
from redis.retry import Retry
from werkzeug.serving import DechunkedInput
from werkzeug.test import TestResponse

from harness import settings
from harness.cluster.stack import REDIS
from harness.cluster.toolchain.system import ensure_added

AMY = "/players/amy"
SWORD = {"item_id": "iron-sword", "quantity": 1}
EVERY_CHANGE: list[tuple[str, str, Any]] = [
    ("PUT", "/guild", {"guild_name": "knights"}),
    ("DELETE", "/guild", None),
    ("POST", "/purchases", SWORD),
    ("POST", "/sales", SWORD),
    ("POST", "/uses", SWORD),
    ("POST", "/cart/items", SWORD),
    ("DELETE", "/cart/items/iron-sword?quantity=1", None),
    ("POST", "/cart/checkout", None),
]


@pytest.fixture
def producer() -> FakeProducer:
    return FakeProducer()


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis on a socket of its own."""
    folder = tmp_path_factory.mktemp("redis")
    program = ensure_added(settings.cache_dir(), print, REDIS.programs)["redis-server"]
    words = [str(program.path), "--port", "0", "--unixsocket", "redis.sock", "--save", "", "--appendonly", "yes"]
    environment = {**os.environ, "LD_LIBRARY_PATH": str(program.libraries or "")}
    with subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as server:
        url = f"unix://{folder}/redis.sock"
        Redis.from_url(url, retry=Retry(ConstantBackoff(0.1), 100)).ping()
        yield url
        server.terminate()


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.fixture
def store(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Store:
    if kind == "sqlite":
        return open_store(f"sqlite:///{tmp_path / 'game.sqlite3'}")
    url = request.getfixturevalue("redis")
    Redis.from_url(url).flushdb()
    return open_store(url)


in_both_stores = pytest.mark.parametrize("kind", ["sqlite", "redis"])


@pytest.fixture
def app(producer: FakeProducer, store: Store, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The API without its sweeping thread, which would outlive the test."""
    monkeypatch.setattr(Outbox, "begin", lambda _: None)
    return create_app(producer.connect, lambda: store)


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


def ask(client: FlaskClient, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(path, method=method, json=body, headers=named)


def buy(client: FlaskClient, item_id: str = "iron-sword", quantity: Any = 1, **headers: str) -> TestResponse:
    return ask(client, "POST", f"{AMY}/purchases", {"item_id": item_id, "quantity": quantity}, **headers)


def state(client: FlaskClient, player: str = "amy") -> dict[str, Any]:
    shown: dict[str, Any] = client.get(f"/players/{player}").get_json()
    return shown


def fold(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Fold a player's events as the pipeline does: sums of what each moves, and the guild of the last by sequence."""
    balance, guild = LIMITS.start_balance, None
    inventory: dict[str, int] = {}
    cart: dict[str, int] = {}
    unique = {event["event_id"]: event for event in events}.values()
    for event in sorted(unique, key=lambda each: each["sequence"]):
        kind, data = event["event_type"], event["data"]
        lines = data.get("lines", [data] if "item_id" in data else [])
        for line in lines:
            item, quantity = line["item_id"], line["quantity"]
            owned = {"purchase_item": 1, "order_completed": 1, "sell_item": -1, "use_item": -1}.get(kind, 0)
            put = {"cart_item_added": 1, "cart_item_removed": -1, "order_completed": -1}.get(kind, 0)
            paid = {"purchase_item": -1, "order_completed": -1, "sell_item": 1}.get(kind, 0)
            inventory[item] = inventory.get(item, 0) + owned * quantity
            cart[item] = cart.get(item, 0) + put * quantity
            balance += paid * quantity * line.get("unit_price", 0)
        if kind in ("join_guild", "leave_guild"):
            guild = data if kind == "join_guild" else None
    held = {item: quantity for item, quantity in sorted(inventory.items()) if quantity}
    left = {item: quantity for item, quantity in sorted(cart.items()) if quantity}
    return {"balance": balance, "guild": guild, "inventory": held, "cart": left}


def same_as_fold(client: FlaskClient, producer: FakeProducer, player: str = "amy") -> None:
    shown = state(client, player)
    events = [event for event in producer.events if event.get("player_id") == player]
    found = {**{name: shown[name] for name in ("balance", "guild", "inventory")}, "cart": shown["cart"]["items"]}
    assert found == fold(events)
    assert sorted({event["sequence"] for event in events}) == list(range(1, shown["sequence"] + 1))


@pytest.mark.parametrize("path", ["/", "/purchase_a_sword", "/join_guild/knights"])
def test_the_originals_routes_are_as_they_were(client: FlaskClient, producer: FakeProducer, path: str) -> None:
    assert client.get(path).status_code == 200
    [(topic, _)] = producer.sent
    assert topic == "events"
    assert "player_id" not in producer.events[0]


def test_a_change_is_answered_and_is_one_event_of_its_player(client: FlaskClient, producer: FakeProducer) -> None:
    headers = {"User-Agent": "ApacheBench/2.3", "X-Session-Id": "s-1", "Idempotency-Key": "k-1"}
    answer = client.post(f"{AMY}/purchases", json=SWORD, headers=headers)
    assert (answer.status_code, answer.content_type) == (201, "application/json")
    assert [topic for topic, _ in producer.sent] == ["game-events"]
    assert producer.keys == [b"amy"]
    [event] = producer.events
    event_validator("purchase_item").validate(event)
    assert event["data"] == {
        "order_id": "amy.order.1",
        "item_type": "sword",
        "item_id": "iron-sword",
        "quantity": 1,
        "unit_price": 100,
        "currency": "gold",
    }
    assert (event["sequence"], event["session_id"], event["idempotency_key"]) == (1, "s-1", "k-1")
    assert event["client"] == {"host": "localhost", "user_agent": "ApacheBench/2.3"}
    shown = answer.get_json()
    assert shown["event"] == {name: event[name] for name in ("event_id", "event_type", "sequence", "data")}
    assert shown["player"] == state(client)


@in_both_stores
def test_a_game_from_the_first_coin_to_the_last(client: FlaskClient, producer: FakeProducer) -> None:
    steps: list[tuple[str, str, Any, int, str]] = [
        ("PUT", "/guild", {"guild_name": "knights", "role": "leader"}, 200, "join_guild"),
        ("POST", "/purchases", {"item_id": "healing-potion", "quantity": 10}, 201, "purchase_item"),
        ("POST", "/uses", {"item_id": "healing-potion", "quantity": 4}, 201, "use_item"),
        ("POST", "/sales", {"item_id": "healing-potion", "quantity": 6}, 201, "sell_item"),
        ("POST", "/cart/items", {"item_id": "steel-sword", "quantity": 2}, 200, "cart_item_added"),
        ("POST", "/cart/items", {"item_id": "oak-shield", "quantity": 3}, 200, "cart_item_added"),
        ("DELETE", "/cart/items/oak-shield?quantity=2", None, 200, "cart_item_removed"),
        ("POST", "/cart/checkout", None, 201, "order_completed"),
        ("DELETE", "/guild", None, 200, "leave_guild"),
    ]
    for method, path, body, status, event_type in steps:
        answer = ask(client, method, AMY + path, body)
        assert (answer.status_code, answer.get_json()["event"]["event_type"]) == (status, event_type), answer.text
    for event in producer.events:
        event_validator(event["event_type"]).validate(event)
    assert [event["data"].get("total") for event in producer.events][7] == 580
    assert state(client) == {
        "player_id": "amy",
        "balance": 1000 - 150 + 30 - 580,
        "guild": None,
        "inventory": {"oak-shield": 1, "steel-sword": 2},
        "cart": {"cart_id": "amy.cart.2", "items": {}},
        "sequence": 9,
    }
    same_as_fold(client, producer)
    for part in ("balance", "guild", "inventory", "cart"):
        assert client.get(f"{AMY}/{part}").get_json() == {"player_id": "amy", part: state(client)[part]}


def test_a_guild_that_one_is_in_can_be_put_again_without_an_event(client: FlaskClient, producer: FakeProducer) -> None:
    for expected in (1, None):
        answer = ask(client, "PUT", f"{AMY}/guild", {"guild_name": "knights"})
        assert answer.status_code == 200
        assert (answer.get_json()["event"] or {}).get("sequence") == expected
    assert len(producer.sent) == 1


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", list(catalogue())),
        ("?item_type=potion", ["healing-potion", "mana-potion"]),
        ("?max_price=40&item_type=knife", ["hunting-knife"]),
        ("?max_price=0", []),
    ],
)
def test_items_are_filtered_by_their_parameters(client: FlaskClient, query: str, ids: list[str]) -> None:
    assert [item["item_id"] for item in client.get(f"/items{query}").get_json()["items"]] == ids


@in_both_stores
def test_players_are_listed_in_pages(client: FlaskClient) -> None:
    for name in ("dan", "bob", "Zoe", "amy"):
        ask(client, "PUT", f"/players/{name}/guild", {"guild_name": "knights"})
    listed = client.get("/players?limit=3").get_json()["players"]
    assert [player["player_id"] for player in listed] == ["Zoe", "amy", "bob"]
    rest = client.get("/players?after=bob").get_json()["players"]
    assert rest == [state(client, "dan")]


LONG = "x" * 10_000
BAD: list[tuple[str, str, Any, int, str | None]] = [
    ("POST", "/purchases", {"item_id": "excalibur", "quantity": 1}, 404, "item_id"),
    ("POST", "/purchases", {"item_id": "iron-sword", "quantity": 0}, 400, "quantity"),
    ("POST", "/purchases", {"item_id": "iron-sword", "quantity": -1}, 400, "quantity"),
    ("POST", "/purchases", {"item_id": "iron-sword", "quantity": 10**9}, 400, "quantity"),
    ("POST", "/purchases", {"item_id": "iron-sword", "quantity": 10**400}, 400, "quantity"),
    ("POST", "/purchases", {"item_id": "iron-sword", "quantity": "many"}, 400, "quantity"),
    ("POST", "/purchases", {"item_id": "iron-sword", "quantity": True}, 400, "quantity"),
    ("POST", "/purchases", {"item_id": "iron-sword", "quantity": 1.5}, 400, "quantity"),
    ("POST", "/purchases", {"item_id": "iron-sword", "quantity": None}, 400, "quantity"),
    ("POST", "/purchases", {"item_id": "iron-sword"}, 400, "quantity"),
    ("POST", "/purchases", {"quantity": 1}, 400, "item_id"),
    ("POST", "/purchases", {**SWORD, "unit_price": 1}, 400, "unit_price"),
    ("POST", "/purchases", {**SWORD, "event_type": "x"}, 400, "event_type"),
    ("POST", "/purchases", [SWORD], 400, "body"),
    ("POST", "/purchases", "iron-sword", 400, "body"),
    ("POST", "/purchases", {"item_id": "steel-sword", "quantity": 5}, 409, "quantity"),
    ("POST", "/purchases", {"item_id": "iron-sword\n", "quantity": 1}, 400, "item_id"),
    ("POST", "/purchases?quantity=2", SWORD, 400, "quantity"),
    ("POST", "/sales", SWORD, 409, "quantity"),
    ("POST", "/uses", SWORD, 409, "quantity"),
    ("DELETE", "/guild", None, 409, None),
    ("DELETE", "/guild", {"guild_name": "knights"}, 400, "body"),
    ("POST", "/cart/checkout", None, 409, None),
    ("DELETE", "/cart/items/iron-sword?quantity=1", None, 409, "quantity"),
    ("DELETE", "/cart/items/iron-sword?quantity=x", None, 400, "quantity"),
    ("DELETE", "/cart/items/iron-sword?quantity=1&quantity=2", None, 400, "quantity"),
    ("DELETE", "/cart/items/iron-sword", None, 400, "quantity"),
    ("POST", "/cart/items", {"item_id": "iron-sword", "quantity": 100}, 400, "quantity"),
    ("PUT", "/guild", {"guild_name": "🐉"}, 400, "guild_name"),
    ("PUT", "/guild", {"guild_name": "O'Brien\"s"}, 400, "guild_name"),
    ("PUT", "/guild", {"guild_name": "knights\n"}, 400, "guild_name"),
    ("PUT", "/guild", {"guild_name": LONG}, 400, "guild_name"),
    ("PUT", "/guild", {"guild_name": ""}, 400, "guild_name"),
    ("PUT", "/guild", {"guild_name": "\ud800"}, 400, "guild_name"),
    ("PUT", "/guild", {"guild_name": "knights", "role": "king"}, 400, "role"),
    ("POST", "/purchase", SWORD, 404, None),
    ("PATCH", "/purchases", SWORD, 405, None),
    ("GET", "/purchases", None, 405, None),
]


def refused(client: FlaskClient, producer: FakeProducer, answer: TestResponse, status: int, field: str | None) -> None:
    """A refusal says what is wrong, and where; nothing was sent, nothing changed, nothing of the request comes back."""
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), answer.text
    said = answer.get_json()
    assert (said["status"], said.get("field")) == (status, field)
    assert said["title"]
    assert said["detail"]
    assert len(answer.text) < 1000
    assert producer.sent == []
    assert client.get("/players").get_json() == {"players": []}
    assert state(client)["sequence"] == 0


@pytest.mark.parametrize(("method", "path", "body", "status", "field"), BAD)
def test_a_bad_request_is_refused_precisely(
    client: FlaskClient, producer: FakeProducer, method: str, path: str, body: Any, status: int, field: str | None
) -> None:
    refused(client, producer, ask(client, method, AMY + path, body), status, field)


@pytest.mark.parametrize("name", ["🐉", "O'Brien", 'a"b', "a%0Ab", "a%0A", "x" * 65, LONG, "a b", ".hidden", "%00"])
@pytest.mark.parametrize(("method", "path", "body"), [("GET", "", None), *EVERY_CHANGE])
def test_a_bad_player_is_refused(
    client: FlaskClient, producer: FakeProducer, method: str, path: str, body: Any, name: str
) -> None:
    refused(client, producer, ask(client, method, f"/players/{name}{path}", body), 400, "player_id")


@pytest.mark.parametrize(
    ("data", "content_type", "status", "field"),
    [
        (b"{", "application/json", 400, "body"),
        (b"", "application/json", 400, "body"),
        (b"\xff\xfe", "application/json", 400, "body"),
        (b"[" * 10_000, "application/json", 400, "body"),
        (b'{"item_id": "iron-sword", "quantity": NaN}', "application/json", 400, "body"),
        (b'{"item_id": "iron-sword", "quantity": 1, "quantity": 2}', "application/json", 400, "body"),
        (b'{"item_id": "iron-sword", "quantity": 1.00000000000000000001}', "application/json", 400, "quantity"),
        (b'{"item_id": "iron-sword", "quantity": 1e400}', "application/json", 400, "quantity"),
        ('{"item_id": "iron-sword", "quantity": 1}'.encode("utf-16"), "application/json", 400, "body"),
        (b'\xef\xbb\xbf{"item_id": "iron-sword", "quantity": 1}', "application/json", 400, "body"),
        (b'{"item_id": "iron-sword", "quantity": 1}' + b" " * 10_000_000, "application/json", 413, "body"),
        (b'{"item_id": "iron-sword", "quantity": 1}', "text/plain", 415, "Content-Type"),
        (b"item_id=iron-sword&quantity=1", "application/x-www-form-urlencoded", 415, "Content-Type"),
        (b'{"item_id": "iron-sword", "quantity": 1}', "", 415, "Content-Type"),
    ],
)
def test_a_body_that_is_none_is_refused(
    client: FlaskClient, producer: FakeProducer, data: bytes, content_type: str, status: int, field: str
) -> None:
    answer = client.post(f"{AMY}/purchases", data=data, content_type=content_type)
    refused(client, producer, answer, status, field)


@pytest.mark.parametrize("rest", [b" " * 10_000_000, b" " * 16_384 + b"garbage"])
def test_a_body_too_large_that_comes_in_chunks_is_refused(
    client: FlaskClient, producer: FakeProducer, rest: bytes
) -> None:
    data = b'{"item_id": "iron-sword", "quantity": 1}' + rest
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)
    for method, path in (("POST", "/purchases"), ("DELETE", "/guild")):
        answer = client.open(
            AMY + path,
            method=method,
            content_type="application/json",
            headers={"Transfer-Encoding": "chunked"},
            environ_overrides={"wsgi.input": DechunkedInput(BytesIO(chunked)), "wsgi.input_terminated": True},
        )
        refused(client, producer, answer, 413, "body")


def test_a_nested_body_is_refused_however_deep(client: FlaskClient, producer: FakeProducer) -> None:
    """Up to and beyond where Python's stack ends, which depends on who calls."""
    for depth in range(700, sys.getrecursionlimit()):
        data = b'{"quantity": 1, "item_id": ' + b"[" * depth + b"]" * depth + b"}"
        answer = client.post(f"{AMY}/purchases", data=data, content_type="application/json")
        assert answer.status_code == 400, depth
    assert producer.sent == []


@pytest.mark.parametrize("path", ["/players/amy//guild", "/players//cart"])
def test_an_empty_part_of_a_path_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Event-Type", "join_guild"),
        ("Timestamp", "2020-01-01T00:00:00Z"),
        ("Event-Id", "1"),
        ("Player-Id", "bob"),
        ("User-Agent", "x" * 1001),
        ("Idempotency-Key", "a b"),
        ("Idempotency-Key", ""),
        ("Idempotency-Key", "x" * 129),
        ("X-Session-Id", "é"),
    ],
)
@pytest.mark.parametrize(("method", "path", "body"), EVERY_CHANGE)
def test_a_forged_or_malformed_header_is_refused(
    client: FlaskClient, producer: FakeProducer, method: str, path: str, body: Any, header: str, value: str
) -> None:
    refused(client, producer, ask(client, method, AMY + path, body, **{header.replace("-", "_"): value}), 400, header)


def test_paying_twice_is_refused(client: FlaskClient, producer: FakeProducer) -> None:
    ask(client, "POST", f"{AMY}/cart/items", SWORD)
    assert ask(client, "POST", f"{AMY}/cart/checkout").status_code == 201
    again = ask(client, "POST", f"{AMY}/cart/checkout")
    assert (again.status_code, again.get_json()["title"]) == (409, "Cart empty")
    assert state(client)["balance"] == 900
    same_as_fold(client, producer)


def test_a_cart_holds_at_most_99_of_an_item(client: FlaskClient) -> None:
    body = {"item_id": "mana-potion", "quantity": 60}
    assert ask(client, "POST", f"{AMY}/cart/items", body).status_code == 200
    assert ask(client, "POST", f"{AMY}/cart/items", body).status_code == 409
    assert ask(client, "POST", f"{AMY}/cart/checkout").get_json()["title"] == "Too expensive"
    assert state(client)["cart"]["items"] == {"mana-potion": 60}


@in_both_stores
def test_a_retry_is_answered_as_the_first_and_happens_once(client: FlaskClient, producer: FakeProducer) -> None:
    first, second = (buy(client, Idempotency_Key="k") for _ in range(2))
    assert (second.status_code, second.get_json()) == (first.status_code, first.get_json())
    assert len(producer.sent) == 1
    assert state(client)["inventory"] == {"iron-sword": 1}
    assert buy(client).get_json()["event"]["sequence"] == 2


@in_both_stores
def test_a_key_of_another_request_is_refused_and_changes_nothing(client: FlaskClient, producer: FakeProducer) -> None:
    buy(client, Idempotency_Key="k")
    before = state(client)
    for answer in (
        buy(client, quantity=2, Idempotency_Key="k"),
        ask(client, "POST", f"{AMY}/uses", SWORD, Idempotency_Key="k"),
    ):
        assert (answer.status_code, answer.get_json()["field"]) == (409, "Idempotency-Key")
    assert len(producer.sent) == 1
    assert state(client) == before
    assert ask(client, "POST", "/players/bob/purchases", SWORD, Idempotency_Key="k").status_code == 201


@in_both_stores
def test_a_refusal_is_not_kept_for_its_key(client: FlaskClient) -> None:
    assert ask(client, "POST", f"{AMY}/uses", SWORD, Idempotency_Key="k").status_code == 409
    buy(client)
    assert ask(client, "POST", f"{AMY}/uses", SWORD, Idempotency_Key="k").status_code == 201


@in_both_stores
def test_without_kafka_the_change_is_kept_and_its_event_sent_later(
    client: FlaskClient, producer: FakeProducer, store: Store
) -> None:
    producer.failure = KafkaTimeoutError()
    answer = buy(client, Idempotency_Key="k")
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert state(client)["inventory"] == {"iron-sword": 1}
    [pending] = store.pending()
    producer.failure = None
    again = buy(client, Idempotency_Key="k")
    assert (again.status_code, again.get_json()["event"]["event_id"]) == (201, pending.event_id)
    assert store.pending() == []
    assert {event["event_id"] for event in producer.events} == {pending.event_id}


@in_both_stores
def test_a_key_that_is_asked_for_at_once_is_sent_once(app: Flask, producer: FakeProducer) -> None:
    """The second finds the answer of the first, whose event is still on its way."""
    arrived = threading.Barrier(2)

    class Slow(threading.Event):
        def get(self, timeout: float) -> None:
            if not self.is_set():
                self.set()
                arrived.wait(timeout)  # the second request is on its way
                time.sleep(0.1)

    slow = Slow()
    producer.send = lambda topic, value, key: producer.sent.append((topic, value)) or slow  # type: ignore[func-returns-value, method-assign, assignment, misc]

    def ask_once(number: int) -> int:
        with app.test_client() as mine:
            if number:
                arrived.wait(60)
            return buy(mine, Idempotency_Key="k").status_code

    with ThreadPoolExecutor(2) as pool:
        assert [*pool.map(ask_once, range(2))] == [201, 201]
    assert len(producer.sent) == 1


@in_both_stores
def test_what_was_left_is_swept_once_no_request_waits_for_it(
    client: FlaskClient, producer: FakeProducer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer.failure = KafkaTimeoutError()
    buy(client)
    producer.failure = None
    outbox = Outbox(store, "game-events", producer.connect)
    assert outbox.sweep() == 0
    monkeypatch.setattr("players.outbox.PATIENCE", -1.0)
    assert outbox.sweep() == 1
    assert store.pending() == []
    same_as_fold(client, producer)


KILLED = """\
import os, signal, sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from fake_producer import FakeProducer
from players.store import open_store
from options_api import create_app

class Deadly(FakeProducer):
    def send(self, topic, value, key=None):
        if sys.argv[4] == "sent":
            sys.stdout.buffer.write(value + b"\\n")
            sys.stdout.buffer.flush()
        os.kill(os.getpid(), signal.SIGKILL)

app = create_app(Deadly().connect, lambda: open_store(sys.argv[3]))
app.test_client().post("/players/amy/purchases", json={"item_id": "iron-sword", "quantity": 1})
"""


@pytest.mark.parametrize("moment", ["kept", "sent"])
def test_a_process_killed_between_the_change_and_its_event_loses_neither(
    tmp_path: Path, producer: FakeProducer, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before Kafka has the event, or after it has it and before the outbox knows."""
    url, here = f"sqlite:///{tmp_path / 'game.sqlite3'}", Path(__file__).parent
    words = [str(here.parents[1] / "app"), str(here), url, moment]
    ended = subprocess.run([sys.executable, "-c", KILLED, *words], capture_output=True, timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    sent = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len(sent) == (moment == "sent")
    store = open_store(url)
    monkeypatch.setattr("players.outbox.PATIENCE", -1.0)
    assert Outbox(store, "game-events", producer.connect).sweep() == 1
    shown = store.player("amy").shown()
    folded = fold([*sent, *producer.events])
    assert (
        (shown["balance"], shown["inventory"]) == (folded["balance"], folded["inventory"]) == (900, {"iron-sword": 1})
    )
    assert len({event["event_id"] for event in [*sent, *producer.events]}) == 1


@in_both_stores
@pytest.mark.parametrize("seed", range(3))
def test_the_state_is_the_fold_of_the_events_whatever_is_asked(
    client: FlaskClient, producer: FakeProducer, seed: int
) -> None:
    dice = random.Random(seed)
    players = ("amy", "bob")
    for _ in range(150):
        method, path, body = dice.choice(EVERY_CHANGE)
        item = dice.choice(list(catalogue()))
        path = path.replace("iron-sword", item)
        if body and "item_id" in body:
            body = {"item_id": item, "quantity": dice.randint(1, 4)}
        player = dice.choice(players)
        answer = ask(client, method, f"/players/{player}{path}", body)
        assert answer.status_code in (200, 201, 409), answer.text
        shown = state(client, player)
        held = [shown["balance"], *shown["inventory"].values(), *shown["cart"]["items"].values()]
        assert min(held) >= 0
    for player in players:
        same_as_fold(client, producer, player)


@in_both_stores
def test_sixteen_clients_at_once_never_go_below_zero(app: Flask, client: FlaskClient, producer: FakeProducer) -> None:
    """They all buy, sell and use one player's last sword."""
    buy(client)

    def one(number: int) -> list[int]:
        dice = random.Random(number)
        with app.test_client() as mine:
            asked = [dice.choice(("purchases", "sales", "uses")) for _ in range(20)]
            return [ask(mine, "POST", f"{AMY}/{what}", SWORD).status_code for what in asked]

    with ThreadPoolExecutor(16) as pool:
        statuses = [status for found in pool.map(one, range(16)) for status in found]
    assert set(statuses) <= {201, 409}
    assert statuses.count(201) + 1 == len(producer.sent) == state(client)["sequence"]
    events = sorted(producer.events, key=lambda each: each["sequence"])
    for count in range(1, len(events) + 1):
        so_far = fold(events[:count])
        assert min(so_far["balance"], *so_far["inventory"].values(), 0) == 0
    same_as_fold(client, producer)


def test_what_was_left_is_sent_when_the_api_comes_up_again(
    client: FlaskClient, producer: FakeProducer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer.failure = KafkaTimeoutError()
    buy(client)
    producer.failure = None
    monkeypatch.undo()
    monkeypatch.setattr("players.outbox.PATIENCE", -1.0)
    swept = threading.Event()
    monkeypatch.setattr(store, "sent", lambda event_ids: (type(store).sent(store, event_ids), swept.set()))
    create_app(producer.connect, lambda: store)
    assert swept.wait(60)
    assert store.pending() == []


@in_both_stores
def test_a_store_that_does_not_answer_is_a_503(
    client: FlaskClient, producer: FakeProducer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise store.outages[0]("away")

    for method in ("transact", "player"):
        monkeypatch.setattr(store, method, away)
    for answer in (buy(client), client.get(AMY)):
        assert (answer.status_code, answer.get_json()["title"]) == (503, "The store does not answer")
    assert producer.sent == []


@pytest.mark.parametrize("kind", ["redis"])
def test_a_redis_that_breaks_off_in_the_middle_is_a_503_and_nothing_happens_twice(
    client: FlaskClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """redis-py then says what it says when somebody else has changed the player: ask again."""
    execute = Pipeline.execute

    def breaks_off(pipe: Pipeline, raise_on_error: bool = True) -> None:
        execute(pipe)
        try:
            raise RedisConnectionError("gone")
        except RedisConnectionError:
            raise WatchError("A ConnectionError occurred while watching one or more keys")  # noqa: B904

    monkeypatch.setattr(Pipeline, "execute", breaks_off)
    assert buy(client).status_code == 503
    monkeypatch.undo()
    assert state(client)["inventory"] == {"iron-sword": 1}
    assert len(store.pending()) == 1


def test_an_unknown_store_is_named() -> None:
    with pytest.raises(ValueError, match="sqlite:///FILE or redis"):
        open_store("mysql://x")


def test_patience_is_longer_than_kafkas_own_limit() -> None:
    assert float(os.environ.get("KAFKA_TIMEOUT_SECONDS", "5")) < PATIENCE
