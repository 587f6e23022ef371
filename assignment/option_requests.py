"""What the steps of the options share: the requests of players, their topic, and what is counted of it."""

import itertools
import json
import shlex
from collections.abc import Mapping

from common import query, scalar

from harness import Capture, Fact, Run

API = "http://localhost:5000"
TOPIC = "game-events"
SCRATCH = "${TMPDIR:-/tmp}"
"""The folder for temporary files, as commands name it."""

SIMULATE = f"python app/simulate_game.py --api {API.removeprefix('http://')}"
SERVE = f"echo $$ > {SCRATCH}/api.pid; exec env FLASK_APP=app/options_api.py flask run"
FORGET = f"rm -f {SCRATCH}/game-state-*.sqlite3*"
"""Forgets every player; the API is started anew afterwards."""


def ask(run: Run, method: str, path: str, body: Mapping[str, object] | None = None, *, key: str = "") -> Capture:
    """Send one request of a player with `curl`, and show status, headers and body."""
    words = ["curl", "-s", "-i", "-X", method]
    if key:
        words += ["-H", f"Idempotency-Key: {key}"]
    if body is not None:
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return run("mids", shlex.join([*words, f"{API}{path}"]))


def expect(run: Run, what: str, answer: Capture, status: int, **parts: Fact) -> dict[str, object]:
    """State the status of an answer and what parts of its body are. Gives the body."""
    run.expect(f"{what}: status", answer.facts["status"], status)
    try:
        found = json.loads(str(answer.facts["body"]))
    except ValueError:
        found = {}
    for path, wanted in parts.items():
        value: object = found
        for name in path.split("__"):
            value = value.get(name) if isinstance(value, dict) else None
        run.expect(f"{what}: {path.replace('__', '.')}", value, wanted)  # type: ignore[arg-type]
    return dict(found)


def fresh(run: Run, name: str) -> str:
    """Give the name of a player who has done nothing yet: in a cluster that has seen the step, another one."""
    if not run.again:
        return name
    shown = ask(run, "GET", "/players")
    run.look("api")  # what the log has until here is not the step's
    known = {each["player_id"] for each in json.loads(shown.stdout[shown.stdout.index("{") :])["players"]}
    return next(each for each in (f"{name}-{number}" for number in itertools.count(2)) if each not in known)


def new_events(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """Give the events by type that came in between."""
    return {name: count - before.get(name, 0) for name, count in after.items() if count > before.get(name, 0)}


def count(run: Run, table: str, where: str = "true") -> int | None:
    """Count rows of a table through Presto."""
    return scalar(query(run, f"select count(*) from {table} where {where}"))
