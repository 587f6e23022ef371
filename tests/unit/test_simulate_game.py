"""The simulator of games: the same game for the same seed, and a ledger that agrees with the API whatever happens."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import simulate_game
from players.store import open_store

SERVER = """\
import os, random, signal, sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from fake_producer import FakeProducer
from players.store import open_store
from options_api import create_app
from werkzeug.serving import make_server

left = random.randint(1, int(sys.argv[4])) if int(sys.argv[4]) else 0

class Deadly(FakeProducer):
    def send(self, topic, value, key=None):
        global left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().send(topic, value, key)

app = create_app(Deadly().connect, lambda: open_store(sys.argv[3]))
server = make_server("127.0.0.1", int(sys.argv[5]), app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
"""
PLAYERS, ACTIONS = 4, 40


class Api:
    """The API as a process of its own; at the latest it is killed at its event of this number, and never at 0."""

    def __init__(self, url: str, deadly: int = 0) -> None:
        self.url, self.deadly = url, deadly
        self.port = 0
        self.start()

    def start(self) -> None:
        here = Path(__file__).parent
        words = [str(here.parents[1] / "app"), str(here), self.url, str(self.deadly), str(self.port)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def serving(url: str, deadly: int = 0) -> Iterator[Api]:
    api = Api(url, deadly)
    try:
        yield api
    finally:
        api.stop()


def simulator(port: int, ledger: Path, seed: int = 7) -> subprocess.Popen[str]:
    words = [str(simulate_game.__file__), "--api", f"127.0.0.1:{port}", "--ledger", str(ledger), "--seed", str(seed)]
    words += ["--players", str(PLAYERS), "--actions", str(ACTIONS), "--clients", "4"]
    return subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(ledger: Path) -> list[dict[str, Any]]:
    """What each request was told, in an order of its own, without the ids that differ from run to run."""
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    for line in lines:
        if line["event"]:
            del line["event"]["event_id"]
    return sorted(lines, key=lambda line: (line["player_id"], int(line["idempotency_key"].rpartition("-")[2])))


def states(url: str) -> list[dict[str, Any]]:
    return [simulate_game.state_of(player.shown()) for player in open_store(url).players("", 100)]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What is told when nothing happens to the API."""
    folder = tmp_path_factory.mktemp("quiet")
    url = f"sqlite:///{folder / 'game.sqlite3'}"
    with serving(url) as api:
        out, err = simulator(api.port, folder / "ledger").communicate(timeout=120)
        assert [*simulate_game.states("127.0.0.1", api.port)] == states(url)
    assert err == ""
    printed = json.loads(out)
    found = told(folder / "ledger")
    assert printed["requests"] == len(found) == PLAYERS * ACTIONS
    assert printed["by_status"] == {str(s): n for s, n in sorted(Counter(line["status"] for line in found).items())}
    assert set(printed["by_status"]) == {"200", "201", "400", "404", "409"}
    with (folder / "ledger").open() as lines:
        assert [*simulate_game.fold(lines).values()] == states(url)
    return found


def test_every_kind_of_event_happens(quiet: list[dict[str, Any]]) -> None:
    kinds = {line["event"]["event_type"] for line in quiet if line["event"]}
    guild, items = {"join_guild", "leave_guild"}, {"purchase_item", "sell_item", "use_item"}
    assert kinds == {*guild, *items, "cart_item_added", "cart_item_removed", "order_completed"}


def test_the_same_seed_is_told_the_same_though_the_api_is_killed_again_and_again(
    tmp_path: Path, quiet: list[dict[str, Any]]
) -> None:
    url, ledger = f"sqlite:///{tmp_path / 'game.sqlite3'}", tmp_path / "ledger"
    deaths = 0
    with serving(url, deadly=20) as api:
        game = simulator(api.port, ledger)
        while game.poll() is None:
            if api.process.poll() is not None:
                deaths += 1
                api.stop()
                api.start()
            time.sleep(0.02)
        assert game.communicate()[1] == ""
    assert deaths > 2
    assert told(ledger) == quiet
    with ledger.open() as lines:
        assert [*simulate_game.fold(lines).values()] == states(url)


def test_another_seed_is_another_game() -> None:
    games = [[*simulate_game.requests_of("p01", seed, 30)] for seed in (1, 1, 2)]
    assert games[0] == games[1] != games[2]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--players", "0", "--ledger", "x"],
        ["--actions", "-1", "--ledger", "x"],
        ["--api", "x"],
        ["--api", "localhost:x"],
    ],
)
def test_bad_arguments_are_refused(words: list[str], tmp_path: Path) -> None:
    program = str(simulate_game.__file__)
    ended = subprocess.run([sys.executable, program, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "usage:" in ended.stderr
    assert list(tmp_path.iterdir()) == []
