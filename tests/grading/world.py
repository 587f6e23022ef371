"""A made-up game: its routes, players and requests, and so the numbers that every output of its pipeline must show."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from game import Route, make_routes
from programs import Load

FOLDERS = ("game-pipeline", "project-3-{me}", "assignment-12-{me}", "w205-final", "events-{me}", "full-stack-{me}")
WHO = ("mira", "t-okafor", "jvance", "lena_h", "rsolberg", "kaito")
TOPICS = ("events", "events", "game-events", "player_actions", "gamelog", "mobile.events")
HOSTS = (
    ["user1.comcast.com", "user2.att.com"],
    ["ada.example.org", "brutus.example.net", "cleo.example.com"],
    ["player_one", "player_two"],
    ["nils@home", "olga@work"],
    ["m1.verizon.net"],
    ["alpha.game.io", "beta.game.io", "gamma.game.io", "delta.game.io"],
)


@dataclass(frozen=True)
class Call:
    """One `ab` of the load: who sends how many of what."""

    route: Route
    host: str
    requests: int
    value: str | int | None = None
    concurrency: int = 1

    @property
    def load(self) -> Load:
        length = len(self.route.answer(self.value).encode())
        path = self.route.path(self.value)
        return Load(path, self.host, self.requests, length, self.route.verb, concurrency=self.concurrency)


@dataclass(frozen=True)
class Event:
    """One message of the topic, with the time at which Kafka got it."""

    when: datetime
    route: Route
    host: str
    body: dict[str, str | int]
    request: str

    @property
    def json(self) -> str:
        return json.dumps(self.body)

    @property
    def timestamp(self) -> str:
        text = f"{self.when:%Y-%m-%d %H:%M:%S}"
        return text + f".{self.when.microsecond // 1000:03}".rstrip("0").rstrip(".")


@dataclass
class World:
    """All that is decided before a word is written."""

    rng: random.Random
    me: str
    folder: str
    topic: str
    module: str
    routes: list[Route]
    main: Route
    hosts: list[str]
    first: list[Call]
    loop: list[Call]
    rounds: int
    endless: bool
    key_order: list[str]
    clock: datetime
    session: str
    werkzeug: str
    revision: str
    table: str
    stream_table: str
    gap: tuple[int, int] = (4, 9)
    queries: int = 0
    events: list[Event] = field(default_factory=list)

    def pass_time(self, low: int, high: int) -> datetime:
        """Let the author read and type for a while."""
        self.clock += timedelta(seconds=self.rng.randint(low, high), milliseconds=self.rng.randint(1, 999))
        return self.clock

    def send(self, calls: Sequence[Call]) -> list[Event]:
        """Send the requests of some loads, one after another."""
        sent = []
        for call in calls:
            self.pass_time(1, 4)
            for _ in range(call.requests):
                self.clock += timedelta(milliseconds=self.rng.randint(*self.gap))
                request = f"{call.route.verb} {call.load.path} HTTP/1.0"
                sent.append(Event(self.clock, call.route, call.host, self._body(call), request))
        self.events += sent
        return sent

    def curl(self, call: Call) -> Event:
        """Send one request by hand."""
        self.pass_time(10, 60)
        body = self._body(call, "curl/7.47.0")
        self.events.append(
            Event(self.clock, call.route, call.host, body, f"{call.route.verb} {call.load.path} HTTP/1.1")
        )
        return self.events[-1]

    def _body(self, call: Call, agent: str = "ApacheBench/2.3") -> dict[str, str | int]:
        body: dict[str, str | int] = {
            "Host": call.host,
            "User-Agent": agent,
            "Accept": "*/*",
            "event_type": call.route.event_type,
        }
        for extra in call.route.extras:
            value = call.value if extra.source != "constant" else extra.values[0]
            body[extra.name] = value if value is not None else ""
        return {key: body[key] for key in self.key_order if key in body}

    def columns(self, route: Route) -> list[tuple[str, str]]:
        """Give an event's columns as Spark has them when it makes them from a Row: in the order of their names."""
        kinds = dict.fromkeys(("Accept", "Host", "User-Agent", "event_type", "timestamp"), "string")
        kinds |= {extra.name: extra.spark_type for extra in route.extras}
        return sorted(kinds.items())

    def next_query(self) -> tuple[datetime, int]:
        self.queries += self.rng.randint(1, 2)
        return self.pass_time(12, 50), self.queries + 1


def make_world(seed: int) -> World:
    """Decide everything that a seed decides about what happened."""
    rng = random.Random(f"world {seed}")
    me = rng.choice(WHO)
    folder = rng.choice(FOLDERS).format(me=me)
    routes = make_routes(rng)
    main = next(route for route in routes if route.name != "default_response")
    hosts = list(rng.choice(HOSTS))
    first = _first_calls(rng, routes, hosts)
    loop = _loop_calls(rng, routes, main, hosts)
    noun = main.thing
    batch_table = rng.choice([f"{noun}_{main.plural}", f"{main.plural}", f"all_{noun}s"])
    keys = ["Host", "Accept", "User-Agent", "event_type", *sorted({e.name for r in routes for e in r.extras})]
    rng.shuffle(keys)
    return World(
        rng=rng,
        me=me,
        folder=folder,
        topic=rng.choice(TOPICS),
        module=rng.choice(["game_api", "game_api", "app", "server", "api_with_events"]),
        routes=routes,
        main=main,
        hosts=hosts,
        first=first,
        loop=loop,
        rounds=rng.randint(3, 9),
        endless=rng.random() < 0.4,
        key_order=keys,
        clock=datetime(
            rng.randint(2018, 2023), rng.randint(1, 12), rng.randint(1, 27), rng.randint(8, 19), rng.randint(0, 59)
        ),
        session="".join(rng.choices("abcdefghijkmnpqrstuvwxyz23456789", k=5)),
        werkzeug=rng.choice(["0.14.1", "0.16.0", "1.0.1", "2.0.2"]),
        revision=rng.choice(["1706008", "1807734", "1843412"]),
        table=batch_table,
        stream_table=rng.choice([f"streamed_{main.plural}", f"{noun}_stream", f"{main.plural}_live"]),
    )


def _value(rng: random.Random, route: Route) -> str | int | None:
    return rng.choice(list(route.parameter.values)) if route.parameter else None


def _first_calls(rng: random.Random, routes: Sequence[Route], hosts: Sequence[str]) -> list[Call]:
    same = rng.choice([None, 10, 10, 5])
    concurrency = 2 if rng.random() < 0.12 else 1
    numbers = [rng.choice([2, 3, 4, 5, 7, 10, 12, 20]) for _ in routes]
    return [
        Call(route, host, same or number, _value(rng, route), concurrency)
        for host in hosts
        for route, number in zip(routes, numbers, strict=True)
    ][:8]


def _loop_calls(rng: random.Random, routes: Sequence[Route], main: Route, hosts: Sequence[str]) -> list[Call]:
    number = rng.choice([10, 10, 5, 4])
    calls = [Call(main, hosts[0], number, _value(rng, main))]
    others = [route for route in routes if route is not main]
    if len(hosts) > 1 and rng.random() < 0.6:
        calls.append(Call(main, hosts[1], rng.choice([number, 2, 6]), _value(rng, main)))
    if others and rng.random() < 0.5:
        other = rng.choice(others)
        calls.append(Call(other, hosts[-1], rng.choice([number, 3]), _value(rng, other)))
    return calls
