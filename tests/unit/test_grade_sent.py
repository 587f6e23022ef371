from __future__ import annotations

import json

from graded import COMPOSE, SWORD, errors, fences, run, said, submission, warnings

from harness.grade.checks import access_log, events
from harness.grade.traffic import loads

FLASK = f"{COMPOSE} env FLASK_APP=/w205/p/game_api.py flask run --host 0.0.0.0"
WATCH = f"{COMPOSE} kafkacat -C -b kafka:29092 -t events -o beginning"
GUILD = f'{COMPOSE} ab -n 5 -H "Host: bob.example.org" http://localhost:5000/join_guild'


def log(path: str, count: int, status: int = 200, time: str = "10:32:42") -> str:
    return "\n".join([f'127.0.0.1 - - [17/Dec/2018 {time}] "GET {path} HTTP/1.0" {status} -'] * count)


def event(kind: str, host: str, count: int, **more: str) -> str:
    fields = {"Host": host, "event_type": kind, "Accept": "*/*", "User-Agent": "ApacheBench/2.3", **more}
    return "\n".join([json.dumps(fields)] * count)


def test_loads_are_read_from_continued_lines_curl_and_scripts() -> None:
    text = fences(
        f'{COMPOSE} \\\n  ab \\\n    -n 10 \\\n    -H "Host: ann.example.org" \\\n    http://localhost:5000/buy?kind=a',
        f"{COMPOSE} curl -X DELETE http://localhost:5000/buy",
        "bash load.sh",
        "while true; do\n  ./load.sh\n  sleep 10\ndone",
    )
    found = loads(submission(text, load__sh=f"#!/bin/bash\n{GUILD}\n"))
    assert [(load.method, load.target, load.count, load.host, load.repeated) for load in found] == [
        ("GET", "/buy?kind=a", 10, "ann.example.org", False),
        ("DELETE", "/buy", 1, "localhost:5000", False),
        ("GET", "/join_guild", 5, "bob.example.org", False),
        ("GET", "/join_guild", 5, "bob.example.org", True),
    ]


def test_what_the_shell_fills_in_is_unknown() -> None:
    found = loads(submission(fences(f'{COMPOSE} ab -n $N -H "Host: $USER" http://localhost:5000/$PATH_', "sh gone.sh")))
    assert [(load.count, load.target, load.host) for load in found] == [(None, None, None), (None, None, None)]


def test_a_log_of_all_requests_or_of_the_last_ones_agrees() -> None:
    text = fences(FLASK, SWORD, log("/buy_sword", 10), GUILD, log("/buy_sword", 10) + "\n" + log("/join_guild", 5))
    assert not warnings(run(access_log.check, text))
    text = fences(FLASK, SWORD, GUILD, log("/join_guild", 5))
    assert ("log-requests", "agrees") in said(run(access_log.check, text))


def test_a_log_that_lacks_a_line_is_doubted() -> None:
    (found,) = warnings(run(access_log.check, fences(FLASK, SWORD, "#The log has these lines:", log("/buy_sword", 9))))
    assert (found.check, found.expected, found.actual) == ("log-requests", {"/buy_sword": 10}, {"/buy_sword": 9})


def test_a_log_of_an_endless_loop_an_excerpt_or_a_sample_is_not_counted() -> None:
    loop = f"while true; do {SWORD}; sleep 5; done"
    for text in (
        fences(FLASK, loop, log("/buy_sword", 37)),
        fences(FLASK, SWORD, log("/buy_sword", 4) + "\n..."),
        fences(FLASK, SWORD, "#The log looks like this, for example:", log("/buy_sword", 6)),
    ):
        assert not warnings(run(access_log.check, text))


def test_a_route_that_a_command_calls_and_that_fails_is_an_error() -> None:
    text = fences(FLASK, SWORD, log("/buy_sword", 10, 404))
    (found,) = errors(run(access_log.check, text))
    assert (found.check, found.expected, found.actual) == ("log-status", 200, 404)


def test_a_failure_that_the_prose_shows_on_purpose_is_tolerated() -> None:
    call = f"{COMPOSE} curl http://localhost:5000/by_sword"
    text = fences(FLASK, call, "#A wrong path gives 404:", log("/by_sword", 1, 404))
    assert ("log-status", "tolerated") in said(run(access_log.check, text))


def test_a_browser_s_own_requests_are_nothing() -> None:
    text = fences(FLASK, SWORD, log("/buy_sword", 10) + "\n" + log("/favicon.ico", 2, 404))
    assert not errors(run(access_log.check, text))
    assert not warnings(run(access_log.check, text))


def test_a_log_that_goes_back_in_time_is_an_error() -> None:
    text = fences(FLASK, SWORD, log("/buy_sword", 5) + "\n" + log("/buy_sword", 5, time="09:00:00"))
    assert [one.check for one in errors(run(access_log.check, text))] == ["log-order"]


def test_events_agree_with_the_loads_host_by_host() -> None:
    shown = event("buy", "ann.example.org", 10) + "\n" + event("join", "bob.example.org", 5)
    found = run(events.check, fences(WATCH, SWORD, GUILD, shown))
    assert said(found) == {("events-json", "agrees"), ("events-keys", "agrees"), ("events-sent", "agrees")}


def test_a_record_that_lost_a_brace_is_an_error_at_its_line() -> None:
    shown = event("buy", "ann.example.org", 10)
    text = fences(WATCH, SWORD, shown.removeprefix("{"))
    (found,) = errors(run(events.check, text))
    assert found.check == "events-json"
    assert text.split("\n")[found.line - 1].startswith('"Host"')
    assert ("events-sent", "agrees") in said(run(events.check, text))
    assert len(errors(run(events.check, fences(WATCH, SWORD, shown.removesuffix("}"))))) == 1


def test_wrapped_records_and_elided_ones_are_whole() -> None:
    one = event("buy", "ann.example.org", 1)
    wrapped = "\n".join([one[:80], one[80:]] * 10)
    assert ("events-sent", "agrees") in said(run(events.check, fences(WATCH, SWORD, wrapped)))
    elided = event("buy", "ann.example.org", 2) + "\n...\n" + event("buy", "ann.example.org", 1)
    found = run(events.check, fences(WATCH, SWORD, elided))
    assert not errors(found)
    assert not warnings(found)


def test_an_event_of_a_host_that_nobody_sends_for_is_an_error() -> None:
    shown = event("buy", "ann.example.org", 9) + "\n" + event("buy", "eve.example.org", 1)
    (found,) = errors(run(events.check, fences(WATCH, SWORD, shown)))
    assert (found.check, found.actual) == ("events-host", "eve.example.org")


def test_other_keys_for_the_same_type_are_doubted() -> None:
    shown = event("buy", "ann.example.org", 9) + "\n" + event("buy", "ann.example.org", 1, colour="red")
    assert ("events-keys", "warning") in said(run(events.check, fences(WATCH, SWORD, shown)))


def test_hostile_logs_and_events_are_answered() -> None:
    many = fences(FLASK, *[SWORD] * 300, *[log("/buy_sword", 3)] * 300, '{"event_type": "' * 5000)
    assert isinstance(run(access_log.check, many) + run(events.check, many), list)


def test_a_path_that_the_report_shows_as_refused_is_expected_in_the_log() -> None:
    call = f"{COMPOSE} curl http://localhost:5000/by_sword"
    lines = log("/buy_sword", 10) + "\n" + log("/by_sword", 1, 404)
    for asked in ((call, "<title>404 Not Found</title>"), (f"#The next path does not exist:\n\n```\n{call}\n```",)):
        text = fences(FLASK, *asked, SWORD, "#Later the server shows this:", lines)
        found = run(access_log.check, text)
        assert ("log-status", "tolerated") in said(found)
        assert not errors(found)


def test_a_status_that_only_the_log_has_stays_an_error() -> None:
    call = f"{COMPOSE} curl http://localhost:5000/by_sword"
    refused = (call, "<title>404 Not Found</title>")
    lines = log("/buy_sword", 9) + "\n" + log("/buy_sword", 1, 404) + "\n" + log("/by_sword", 1, 500)
    found = errors(run(access_log.check, fences(FLASK, *refused, SWORD, "#All of it:", lines)))
    assert [one.actual for one in found] == [404, 500]


def test_a_port_explains_no_status() -> None:
    call = f"{COMPOSE} curl http://localhost:5000/buy_sword"
    text = fences(FLASK, "#The API listens on port 5000:", call, "bought", "#More:", log("/buy_sword", 1, 500))
    assert [one.actual for one in errors(run(access_log.check, text))] == [500]


def test_a_second_reading_of_the_topic_has_what_was_sent_since() -> None:
    whole = "docker-compose exec mids kafkacat -C -b kafka:29092 -t events -o beginning -e"
    first = event("buy", "ann.example.org", 10)
    loop = f"while sleep 5; do {SWORD}; done"
    second = first + "\n" + event("buy", "ann.example.org", 30) + "\n" + event("join", "bob.example.org", 5)
    one = event("buy", "ann.example.org", 1)
    found = run(events.check, fences(SWORD, whole, first, loop, GUILD, whole, second, "#One of them:", one))
    assert [f.verdict for f in found if f.check == "events-sent"] == ["agrees"] * 3
    odd = second.removesuffix("\n" + event("join", "bob.example.org", 1))
    found = run(events.check, fences(SWORD, whole, first, loop, GUILD, whole, odd))
    assert [f.verdict for f in found if f.check == "events-sent"] == ["agrees", "not checked"]
    emptied = f"{COMPOSE} kafka-delete-records --offset-json-file /dev/stdin"
    found = run(events.check, fences(SWORD, whole, first, loop, emptied, GUILD, whole, second))
    assert [f.verdict for f in found if f.check == "events-sent"] == ["agrees", "not checked"]
