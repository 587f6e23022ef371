from __future__ import annotations

import pytest

from harness.outputs import derive

COMMAND = "env FLASK_APP=/w205/app/game_api.py flask run --host 0.0.0.0"


def line(request: str, status: int = 200) -> str:
    return f'127.0.0.1 - - [24/Nov/2026 08:26:35] "{request}" {status} -\n'


def test_requests_are_counted_by_path_status_and_method() -> None:
    banner = " * Serving Flask app 'game_api'\n * Debug mode: off\n"
    log = (
        line("GET / HTTP/1.0") * 2
        + line("GET /purchase_a_sword HTTP/1.0") * 3
        + line("POST /guild?name=red%20sun HTTP/1.1", 201)
    )
    assert derive(COMMAND, banner, " * Running on http://0.0.0.0:5000\nPress CTRL+C to quit\n" + log) == {
        "kind": "access_log",
        "requests": 6,
        "by_path": {"/": 2, "/guild": 1, "/purchase_a_sword": 3},
        "by_status": {"200": 5, "201": 1},
        "methods": {"GET": 5, "POST": 1},
        "health_probes": 0,
    }


def test_lines_on_either_stream_count() -> None:
    assert derive(COMMAND, line("GET / HTTP/1.0"), line("GET / HTTP/1.0"))["requests"] == 2


def test_health_probes_are_counted_apart() -> None:
    log = line("GET /healthz HTTP/1.1") + line("GET /healthz?verbose=1 HTTP/1.1") + line("GET /healthz2 HTTP/1.1", 404)
    facts = derive(COMMAND, "", log)
    assert facts["health_probes"] == 2
    assert facts["by_path"] == {"/healthz2": 1}


def test_werkzeugs_colours_are_not_part_of_a_request() -> None:
    facts = derive(COMMAND, "", line("\x1b[33mGET /nowhere HTTP/1.1\x1b[0m", 404))
    assert (facts["by_path"], facts["methods"]) == ({"/nowhere": 1}, {"GET": 1})


def test_a_path_with_quotes_cannot_forge_a_status() -> None:
    facts = derive(COMMAND, "", line('GET /x" 200 - HTTP/1.1', 404))
    assert facts["by_status"] == {"404": 1}
    assert facts["by_path"] == {'/x" 200 -': 1}


def test_a_request_that_is_not_http_is_counted_without_a_path() -> None:
    log = "127.0.0.1 - - [24/Nov/2026 08:26:35] code 400, message Bad request syntax\n" + line("\\x16\\x03 x", 400)
    facts = derive(COMMAND, "", log)
    assert (facts["requests"], facts["by_path"], facts["methods"]) == (1, {"(none)": 1}, {"(none)": 1})


@pytest.mark.parametrize(
    "text",
    [
        "",
        '127.0.0.1 - - [24/Nov/2026 08:26:35] "GET / HT',
        '127.0.0.1 - - [24/Nov/2026 08:26:35] "GET / HTTP/1.0" ok -',
        '127.0.0.1 - - [24/Nov/2026 08:26:35] "GET / HTTP/1.0" 99999 -',
        'GET / HTTP/1.0" 200 -',
    ],
)
def test_a_line_that_is_cut_off_or_odd_is_no_request(text: str) -> None:
    assert derive(COMMAND, "", text)["requests"] == 0
