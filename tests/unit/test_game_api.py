"""The API's own logic, without a broker: what becomes an event, what is answered, and when nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest
from fake_producer import FakeProducer
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from kafka.errors import KafkaTimeoutError  # type: ignore[import-untyped]
from werkzeug.test import create_environ, run_wsgi_app

from app.game_api import TIMEOUT_SECONDS, create_app

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
AB = {"Host": "user1.comcast.com", "User-Agent": "ApacheBench/2.3", "Accept": "*/*"}
ROUTES = ["/", "/purchase_a_sword", "/join_guild/knights"]


@pytest.fixture
def producer() -> FakeProducer:
    return FakeProducer()


@pytest.fixture
def client(producer: FakeProducer) -> Iterator[FlaskClient]:
    with create_app(producer.connect).test_client() as client:
        yield client


@pytest.mark.parametrize(
    ("path", "body", "event_type"),
    [
        ("/", b"This is the default response!\n", "default"),
        ("/purchase_a_sword", b"Sword Purchased!\n", "purchase_sword"),
        ("/join_guild/knights", b"Guild Joined!\n", "join_guild"),
    ],
)
def test_a_route_answers_and_sends_one_event_that_its_schema_allows(
    client: FlaskClient, producer: FakeProducer, path: str, body: bytes, event_type: str
) -> None:
    answer = client.get(path, headers=AB)
    assert (answer.status_code, answer.data) == (200, body)
    [(topic, value)] = producer.sent
    assert topic == "events"
    assert json.loads(value)["event_type"] == event_type
    Draft202012Validator(json.loads((SCHEMAS / f"{event_type}.json").read_text())).validate(json.loads(value))


def test_the_originals_bodies_keep_their_lengths(client: FlaskClient) -> None:
    assert [client.get(path, headers=AB).content_length for path in ("/", "/purchase_a_sword")] == [30, 17]


def test_an_event_is_the_headers_and_then_the_servers_own_fields(client: FlaskClient, producer: FakeProducer) -> None:
    client.get("/join_guild/knights", headers=AB)
    assert producer.sent[0][1] == (
        b'{"Host": "user1.comcast.com", "Accept": "*/*", "User-Agent": "ApacheBench/2.3",'
        b' "event_type": "join_guild", "guild_name": "knights"}'
    )


def test_no_header_forges_a_field_or_adds_one(client: FlaskClient, producer: FakeProducer) -> None:
    forged = ["event_type", "Event-Type", "event-type", "guild_name", "Guild-Name", "Timestamp", "Cookie", "X-Extra"]
    client.get("/join_guild/knights", headers={**AB, **dict.fromkeys(forged, "forged")})
    assert producer.events == [{**AB, "event_type": "join_guild", "guild_name": "knights"}]


def test_a_header_that_was_not_sent_is_left_out(client: FlaskClient, producer: FakeProducer) -> None:
    client.environ_base.pop("HTTP_USER_AGENT")
    client.get("/", headers={"Host": "user1.comcast.com"})
    assert producer.events == [{"Host": "user1.comcast.com", "event_type": "default"}]


def test_a_request_without_host_is_refused(producer: FakeProducer) -> None:
    environ = create_environ("/")
    del environ["HTTP_HOST"]
    body, status, _ = run_wsgi_app(create_app(producer.connect), environ)
    assert (status, b"".join(body)) == ("400 BAD REQUEST", b"'Host' is a required property\n")
    assert producer.sent == []


@pytest.mark.parametrize("name", ["", "x" * 65, "a%0Ab", "knights%0A", "%00", "%7F", "%C2%85"])
def test_a_bad_guild_name_is_refused_with_the_reason(client: FlaskClient, producer: FakeProducer, name: str) -> None:
    answer = client.get(f"/join_guild/{name}", headers=AB)
    assert answer.status_code == 400
    assert answer.text == "guild_name: 1 to 64 characters, none of them a control character\n"
    assert answer.mimetype == "text/plain"
    assert producer.sent == []


@pytest.mark.parametrize("name", ["k", "x" * 64, "Les Élans", '"}, {"', "<b>"])
def test_any_other_guild_name_is_kept_as_it_is(client: FlaskClient, producer: FakeProducer, name: str) -> None:
    assert client.get(f"/join_guild/{name}", headers=AB).status_code == 200
    assert producer.events[0]["guild_name"] == name


@pytest.mark.parametrize("path", [*ROUTES, "/healthz"])
@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "PATCH"])
def test_only_get_is_allowed(client: FlaskClient, producer: FakeProducer, method: str, path: str) -> None:
    answer = client.open(path, method=method, headers=AB)
    assert answer.status_code == 405
    assert set(answer.allow) == {"GET", "OPTIONS"}
    assert producer.sent == []


@pytest.mark.parametrize("path", ["/nothing", "/purchase_a_sword/", "/join_guild/a/b", "/join_guild"])
def test_an_unknown_path_makes_no_event(client: FlaskClient, producer: FakeProducer, path: str) -> None:
    assert client.get(path, headers=AB).status_code in (308, 404)
    assert producer.sent == []


def test_options_makes_no_event(client: FlaskClient, producer: FakeProducer) -> None:
    assert client.options("/purchase_a_sword", headers=AB).status_code == 200
    assert producer.sent == []


@pytest.mark.parametrize("path", ROUTES)
def test_an_event_without_acknowledgement_is_a_503(client: FlaskClient, producer: FakeProducer, path: str) -> None:
    producer.failure = KafkaTimeoutError("the broker is frozen")
    answer = client.get(path, headers=AB)
    assert answer.status_code == 503
    assert answer.text == "No acknowledgement from Kafka: the event may or may not be written. Try again.\n"
    assert producer.waits == [TIMEOUT_SECONDS + 1]


def test_a_broker_that_cannot_be_reached_is_a_503_until_it_can(producer: FakeProducer) -> None:
    outage = [KafkaTimeoutError("unable to bootstrap")]

    def connect() -> FakeProducer:
        if outage:
            raise outage.pop()
        return producer.connect()

    client = create_app(connect).test_client()
    assert [client.get(path, headers=AB).status_code for path in ("/", "/", "/healthz")] == [503, 200, 200]
    assert len(producer.sent) == 1


def test_health_sends_nothing_and_leaves_no_connection(client: FlaskClient, producer: FakeProducer) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert (producer.sent, producer.connections, producer.closed) == ([], 1, 1)


def test_health_is_a_503_while_no_broker_answers() -> None:
    def connect() -> FakeProducer:
        raise KafkaTimeoutError("unable to bootstrap")

    assert create_app(connect).test_client().get("/healthz").status_code == 503


def test_requests_at_once_share_one_producer(producer: FakeProducer) -> None:
    app = create_app(producer.connect)
    start = Barrier(8)

    def request() -> None:
        start.wait()
        app.test_client().get("/", headers=AB)

    threads = [Thread(target=request) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (producer.connections, len(producer.sent)) == (1, 8)
