"""The API under load: our app behind a production server, answering after Kafka's acknowledgement, and the original's.

Both are asked by turns by `ab`, on one kept cluster. After each round the topic is counted: an event that was answered
for and is not there is a loss.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from bench import measured, tables
from bench.targets import Target

RESULT = Path(__file__).parent / "results" / "api.json"
CLIENTS, WARM_UP, ROUNDS = 16, 500, 5
PORT = 5055
WORKERS = f"--workers 2 --blocking-threads {CLIENTS}"
GRANIAN = f"python -m granian --interface wsgi --host 127.0.0.1 --port {PORT} {WORKERS} --no-ws"
FLASK = f"python -m flask run --port {PORT}"
OURS, ORIGINAL, NOTHING = "ours, granian", "original, flask run", "an app that does nothing, granian"
WAYS = {
    OURS: (f"{GRANIAN} --working-dir app game_api:app", 4000),
    "ours, flask run": (f"FLASK_APP=app/game_api.py {FLASK}", 2000),
    ORIGINAL: (f"FLASK_APP=bench/original/game_api.py {FLASK}", 2000),
    NOTHING: (f"{GRANIAN} bench.empty_api:app", 4000),
}
GOAL, TIMES, SLOWEST = 800, 4, 50


def measure() -> None:
    """Ask each way by turns, and keep what `ab` said and what the topic holds."""
    with measured.kept_cluster():
        measured.execute("kafka", "kafka-topics --create --topic bench-api --bootstrap-server kafka:29092")
        rounds: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for number in range(ROUNDS):
            for way in WAYS:
                rounds[way].append(_round(way))
                measured.say(f"api, round {number + 1}: {way}: {rounds[way][-1]}")
    measured.keep(RESULT, rounds=rounds)


def _round(way: str) -> dict[str, float]:
    serve, requests = WAYS[way]
    url = f"http://127.0.0.1:{PORT}/purchase_a_sword"
    count = "kafkacat -C -b kafka:29092 -t bench-api -o beginning -e -q | wc -l"
    told = measured.execute(
        "mids",
        f"export EVENTS_TOPIC=bench-api; {serve} > /dev/null 2>&1 & server=$!\n"
        f"until curl -sf {url} > /dev/null; do sleep 0.1; done\n"
        f"ab -q -n {WARM_UP} -c {CLIENTS} {url} > /dev/null; sleep 1; before=$({count})\n"
        f"ab -q -n {requests} -c {CLIENTS} {url}\n"
        f"kill $server; wait $server; echo stored: $(($({count}) - before))",
    )

    def found(pattern: str) -> float:
        match = re.search(pattern, told, re.MULTILINE)
        if not match:
            raise SystemExit(f"{way}: no {pattern!r} in\n{told}")
        return float(match[1])

    failed = found(r"^Failed requests:\s+(\d+)") + ("Non-2xx" in told and found(r"^Non-2xx responses:\s+(\d+)"))
    return {
        "requests_per_second": found(r"^Requests per second:\s+([\d.]+)"),
        "p99_milliseconds": found(r"^\s+99%\s+(\d+)"),
        "answered": requests - failed,
        "stored": found(r"^stored: (\d+)"),
    }


def _middle(result: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Give the medians of each way."""
    return {
        way: {name: median(each[name] for each in of) for name in ("requests_per_second", "p99_milliseconds")}
        for way, of in result["rounds"].items()
    }


def _lost(result: Mapping[str, Any], way: str) -> float:
    """Give how many events of a way were answered for and are not in the topic."""
    return float(sum(each["answered"] - each["stored"] for each in result["rounds"][way]))


def targets(result: Mapping[str, Any]) -> Iterable[Target]:
    """Give the targets that this result decides."""
    ours, original = (_middle(result)[way] for way in (OURS, ORIGINAL))
    rate, by = ours["requests_per_second"], "the original's way"
    ratio = rate / original["requests_per_second"]
    what = "API, answers after Kafka's acknowledgement"
    yield Target("P7", what, rate, "answers/s", GOAL, ratio, by, TIMES, more_is_better=True)
    slowest = ours["p99_milliseconds"]
    yield Target("P7 p99", "API, p99", slowest, "ms", SLOWEST, original["p99_milliseconds"] / slowest, by)
    yield Target("P7 lost", "API, acknowledged events that are lost", _lost(result, OURS), "events", 0)


def page(result: Mapping[str, Any]) -> Iterable[str]:
    """Give this benchmark's part of docs/performance.md."""
    middle, lost = _middle(result), {way: _lost(result, way) for way in (OURS, ORIGINAL)}
    yield "## The API under load"
    yield ""
    yield (
        f"Measured by `./run bench api` with `ab` and {CLIENTS} clients on the local backend; medians of {ROUNDS} "
        f"rounds, by turns. Behind a production server each answer comes after Kafka's acknowledgement. Events that "
        f"were answered for and are not in the topic: {lost[OURS]:.0f} of ours, {lost[ORIGINAL]:.0f} of the original's."
    )
    yield ""
    rows = [(way, list(of.values())) for way, of in middle.items()]
    yield from tables.table(("", "requests/s", "p99, ms"), rows)
    yield ""
    yield f"Ours is served by `{WAYS[OURS][0].replace(f' --port {PORT}', '')}`."
    yield ""
    rate, most = (middle[way]["requests_per_second"] for way in (OURS, NOTHING))
    yield (
        f"The server, Flask and `ab` alone would do {most:,.0f} a second. Of the {1000 / rate:.2f} ms between two of "
        f"our answers, {1000 / rate - 1000 / most:.2f} are the event's: its check by the schema, and kafka-python, "
        "which is Python too and shares the processors with the broker. What made it faster is there: two workers, and "
        "one request to the broker at a time, which all events share that come meanwhile. The original waits for "
        "nothing, so its rate is what `flask run` can do."
    )
