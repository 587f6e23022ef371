#!/usr/bin/env python
"""Plays the game against its API: seeded players, each with sessions, carts, mistakes, retries and bursts.

`python app/simulate_game.py --seed 7 --ledger /tmp/ledger.jsonl` plays; `--fold /tmp/ledger.jsonl` shows what the
players must have by what they were told, `--states` what they have by the API. Each player asks for one thing after
the other, so what a player is told depends on the seed alone, however the players' requests are mixed, and however
often the API is killed: every request has an idempotency key, and is sent again until it is answered.

The ledger has a line for each request that was answered: what was asked, the status, and the event that was told.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

from players.schemas import LIMITS, Json, catalogue

GUILDS = ("knights", "wizards", "rangers")
PATIENCE = 120.0
"""Seconds for which a request is sent again and again before the game is given up."""


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that a player asks for. `repeats` says that the client asks again though it was answered."""

    player: str
    session: str
    key: str
    method: str
    path: str
    body: Json | None
    repeats: bool
    pause: float


def requests_of(player: str, seed: int, count: int) -> Iterator[Request]:
    """Give what a player asks for, in order: the same for the same seed and count."""
    dice = random.Random(f"{seed} {player}")  # noqa: S311
    session, left = 0, 0
    for number in range(1, count + 1):
        pause = 0.0
        if not left:
            session, left, pause = session + 1, dice.randint(5, 15), dice.uniform(0, 0.3)
        left -= 1
        method, path, body = _action(dice)
        yield Request(
            player=player,
            session=f"{player}-{session}",
            key=f"{player}-{seed}-{number}",
            method=method,
            path=f"/players/{player}{path}",
            body=body,
            repeats=dice.random() < 0.1,
            pause=pause,
        )


def _action(dice: random.Random) -> tuple[str, str, Json | None]:
    """Choose an action: most are allowed, some break a rule, and a few are nonsense."""
    some = {"item_id": dice.choice(list(catalogue())), "quantity": dice.randint(1, 3)}
    actions: dict[tuple[str, str, str], int] = {
        ("POST", "/purchases", "some"): 20,
        ("POST", "/sales", "some"): 14,
        ("POST", "/uses", "some"): 10,
        ("POST", "/cart/items", "some"): 20,
        ("DELETE", f"/cart/items/{some['item_id']}?quantity={some['quantity']}", ""): 8,
        ("POST", "/cart/checkout", ""): 10,
        ("PUT", "/guild", "guild"): 8,
        ("DELETE", "/guild", ""): 5,
        ("POST", "/purchases", "nonsense"): 5,
    }
    [(method, path, body)] = dice.choices(list(actions), list(actions.values()))
    nonsense = {"item_id": "excalibur", "quantity": dice.choice((0, -1, 1000, 1))}
    bodies: dict[str, Json | None] = {
        "some": some,
        "guild": {"guild_name": dice.choice(GUILDS)},
        "nonsense": nonsense,
        "": None,
    }
    return method, path, bodies[body]


class Client:
    """Sends one player's requests over one connection, each until it is answered, and writes the ledger."""

    def __init__(self, host: str, port: int, ledger: TextIO, lock: Lock) -> None:
        self._address = host, port
        self._ledger = ledger
        self._lock = lock
        self._connection: http.client.HTTPConnection | None = None
        self.statuses: Counter[int] = Counter()

    def play(self, requests: Iterable[Request]) -> None:
        """Ask for everything. Raises TimeoutError when a request is not answered for PATIENCE seconds."""
        for request in requests:
            time.sleep(request.pause)
            status, answer = self._until_answered(request)
            if request.repeats and (again := self._until_answered(request)) != (status, answer):
                raise ValueError(f"{request.key}: asked again, answered {again} and not {(status, answer)}")
            self.statuses[status] += 1
            line = {
                "player_id": request.player,
                "idempotency_key": request.key,
                "method": request.method,
                "path": request.path,
                "body": request.body,
                "status": status,
                "event": answer.get("event"),
            }
            with self._lock:
                self._ledger.write(json.dumps(line) + "\n")
                self._ledger.flush()
        if self._connection:
            self._connection.close()

    def _until_answered(self, request: Request) -> tuple[int, Json]:
        """Give the answer; a server that is not there, or says that it cannot answer now, is asked again."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                status, answer = self._send(request)
            except (OSError, http.client.HTTPException, ValueError):
                self._connection = None
            else:
                if status < 500:
                    return status, answer
            time.sleep(0.2)
        raise TimeoutError(f"{request.method} {request.path} was not answered for {PATIENCE:.0f} s")

    def _send(self, request: Request) -> tuple[int, Json]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(*self._address, timeout=30)
        headers = {"Idempotency-Key": request.key, "X-Session-Id": request.session, "User-Agent": "simulate-game"}
        body = None
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(request.body).encode()
        self._connection.request(request.method, request.path, body, headers)
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        if not isinstance(answer, dict):
            raise ValueError("the answer is no JSON object")
        return response.status, answer


def fold(lines: Iterable[str]) -> dict[str, Json]:
    """Give each player's state by the events of a ledger: sums of what each moved, and the last guild."""
    players: dict[str, Json] = {}
    for line in lines:
        entry = json.loads(line)
        player = players.setdefault(
            entry["player_id"],
            {"balance": LIMITS.start_balance, "guild": "", "inventory": Counter(), "cart": Counter()},
        )
        if entry["event"]:
            _apply(player, entry["event"]["event_type"], entry["event"]["data"])
    return {name: _shown(name, players[name]) for name in sorted(players)}


def states(host: str, port: int) -> Iterator[Json]:
    """Give every player's state by the API, in the form of `fold`."""
    after = ""
    while True:
        connection = http.client.HTTPConnection(host, port, timeout=30)
        connection.request("GET", f"/players?after={after}" if after else "/players")
        players = json.loads(connection.getresponse().read())["players"]
        connection.close()
        if not players:
            return
        yield from map(state_of, players)
        after = players[-1]["player_id"]


def state_of(player: Mapping[str, Any]) -> Json:
    """Give a player's state, as the API answers it, in the form of `fold`."""
    guild = player["guild"]["guild_name"] if player["guild"] else ""
    parts = {"balance": player["balance"], "guild": guild, "inventory": player["inventory"]}
    return _shown(player["player_id"], {**parts, "cart": player["cart"]["items"]})


def _apply(player: Json, event_type: str, data: Mapping[str, Any]) -> None:
    lines = data.get("lines", [data])
    if event_type in ("purchase_item", "order_completed"):
        player["balance"] -= sum(line["quantity"] * line["unit_price"] for line in lines)
    if event_type == "sell_item":
        player["balance"] += data["quantity"] * data["unit_price"]
    if event_type == "join_guild":
        player["guild"] = data["guild_name"]
    if event_type == "leave_guild":
        player["guild"] = ""
    owned = {"purchase_item": 1, "order_completed": 1, "sell_item": -1, "use_item": -1}
    put = {"cart_item_added": 1, "cart_item_removed": -1, "order_completed": -1}
    for name, signs in (("inventory", owned), ("cart", put)):
        for line in lines if event_type in signs else ():
            player[name][line["item_id"]] += signs[event_type] * line["quantity"]


def _shown(name: str, player: Mapping[str, Any]) -> Json:
    def listed(held: Mapping[str, int]) -> str:
        return " ".join(f"{item}:{count}" for item, count in sorted(held.items()) if count)

    state = {"balance": player["balance"], "guild": player["guild"]}
    return {"player_id": name, **state, **{part: listed(player[part]) for part in ("inventory", "cart")}}


def play(arguments: argparse.Namespace) -> Json:
    """Play the whole game. Gives what is printed of it."""
    players = [f"p{number:02}" for number in range(1, arguments.players + 1)]
    lock = Lock()
    host, port = arguments.api
    with Path(arguments.ledger).open("a", encoding="utf-8") as ledger:
        clients = [Client(host, port, ledger, lock) for _ in players]
        with ThreadPoolExecutor(arguments.clients) as pool:
            for done in [
                pool.submit(client.play, requests_of(player, arguments.seed, arguments.actions))
                for client, player in zip(clients, players, strict=True)
            ]:
                done.result()
    statuses = sum((client.statuses for client in clients), Counter())
    return {
        "players": len(players),
        "requests": statuses.total(),
        "by_status": {str(status): statuses[status] for status in sorted(statuses)},
    }


def main() -> int:
    """Play, or fold a ledger."""
    parser = argparse.ArgumentParser(
        description="Play the game against its API, or show what a ledger says that the players have.",
        epilog="examples: simulate_game.py --seed 7 --ledger /tmp/l.jsonl; simulate_game.py --fold /tmp/l.jsonl",
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--players", type=_from(1, 99), default=8, help="how many (8)")
    parser.add_argument("--actions", type=_from(1, 100_000), default=60, help="requests of each player (60)")
    parser.add_argument("--clients", type=_from(1, 64), default=8, help="players who play at once (8)")
    parser.add_argument("--api", type=_address, default="localhost:5000", metavar="HOST:PORT", help="where the API is")
    parser.add_argument("--ledger", metavar="FILE", help="where to append what each request was told")
    parser.add_argument("--fold", metavar="FILE", help="a ledger whose players' states are shown, one JSON line each")
    parser.add_argument("--states", action="store_true", help="show the players' states by the API in the same form")
    arguments = parser.parse_args()
    if arguments.states:
        printed: Iterable[Json] = states(*arguments.api)
    elif arguments.fold:
        with Path(arguments.fold).open(encoding="utf-8") as lines:
            printed = fold(lines).values()
    elif arguments.ledger:
        printed = [play(arguments)]
    else:
        parser.error("--ledger FILE, --fold FILE or --states is needed")
    for line in printed:
        print(json.dumps(line))
    return 0


def _from(least: int, most: int) -> Any:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"a whole number from {least} to {most}, not {text}")
        return int(text)

    return number


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host:
        raise argparse.ArgumentTypeError(f"an address is HOST:PORT, not {text}")
    return host, _from(1, 65535)(port)


if __name__ == "__main__":
    sys.exit(main())
