"""Werkzeug's access log, as `flask run` prints it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from harness.model import Fact
from harness.outputs.text import Output, counts, integer, label, lines

HEALTH_PATH: Final = "/healthz"
"""The path that probes ask for; no part of the assignment's traffic."""

_NONE: Final = "(none)"


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the log. `path` has no query; a request that is not HTTP has `(none)` for method and path.

    `when` is the time as it is printed, `17/Dec/2018 10:32:42`.
    """

    method: str
    path: str
    status: int
    when: str = ""


def request(line: str) -> Request | None:
    """Read a line such as `127.0.0.1 - - [17/Dec/2018 10:32:42] "GET /x?y HTTP/1.0" 200 -`, or give None.

    What stands between the quotes is the client's, so the quote that closes it is the last one.
    """
    head, opened, rest = line.partition('] "')
    asked, closed, tail = rest.rpartition('" ')
    status = integer(tail.partition(" ")[0])
    if not opened or not closed or " - - [" not in head or status is None or not 100 <= status <= 999:
        return None
    when = label(head.partition(" - - [")[2])
    method, _, target = asked.partition(" ")
    if " HTTP/" in target:
        target = target.rpartition(" HTTP/")[0]
    path = label(target.partition("?")[0])
    if not (path and method.isascii() and method.isalpha()):
        return Request(_NONE, _NONE, status, when)
    return Request(label(method), path, status, when)


def facts(output: Output) -> dict[str, Fact]:
    """Count the requests on both streams by path, status and method, and the health probes on their own."""
    paths: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    methods: Counter[str] = Counter()
    probes = 0
    for line in (*lines(output.stdout), *lines(output.stderr)):
        asked = request(line)
        if asked is None:
            continue
        if asked.path == HEALTH_PATH:
            probes += 1
            continue
        paths[asked.path] += 1
        statuses[str(asked.status)] += 1
        methods[asked.method] += 1
    return {
        "kind": "access_log",
        "requests": paths.total(),
        "by_path": counts(paths),
        "by_status": counts(statuses),
        "methods": counts(methods),
        "health_probes": probes,
    }
