from __future__ import annotations

import json

import pytest

from harness.outputs import derive

COMMAND = "kafkacat -C -b kafka:29092 -t events -o beginning -e"


def event(host: str = "user1.comcast.com", event_type: str = "default", **extra: object) -> str:
    headers = {"Accept": "*/*", "User-Agent": "ApacheBench/2.3"}
    return json.dumps({"event_type": event_type, "Host": host, **headers, **extra}) + "\n"


def test_messages_are_counted_by_type_and_by_host_and_type() -> None:
    printed = event() * 2 + event("user2.att.com", "purchase_sword") * 3 + event(event_type="purchase_sword")
    assert derive(COMMAND, printed, "% Reached end of topic events [0] at offset 6: exiting\n") == {
        "kind": "json_lines",
        "messages": 6,
        "malformed": 0,
        "by_event_type": {"default": 2, "purchase_sword": 4},
        "by_host_and_event_type": {
            "user1.comcast.com default": 2,
            "user1.comcast.com purchase_sword": 1,
            "user2.att.com purchase_sword": 3,
        },
        "keys": ["Accept", "Host", "User-Agent", "event_type"],
    }


def test_status_lines_and_blank_lines_are_no_messages() -> None:
    printed = "% Auto-selecting Consumer mode\n\n" + event() + "  \n%\n% Reached end of topic events [0]\n"
    assert derive(COMMAND, printed, "")["messages"] == 1
    closing = event() + "Processed a total of 1 messages\n"
    assert derive("kafka-console-consumer.sh --topic events", closing, "")["messages"] == 1


@pytest.mark.parametrize(
    "line",
    [
        "7",
        '"text"',
        "[1, 2]",
        "null",
        '"Host": "user1.comcast.com", "event_type": "default"}',
        '{"event_type": "default", "Acc',
        '{"event_type": NaN}',
        '{"a":' * 5000 + "1" + "}" * 5000,
        "{" * 100_000,
    ],
)
def test_a_line_that_is_no_json_object_is_malformed(line: str) -> None:
    facts = derive(COMMAND, line + "\n" + event(), "")
    assert (facts["messages"], facts["malformed"]) == (2, 1)
    assert facts["by_event_type"] == {"default": 1}


def test_an_event_without_type_or_host_is_counted_under_none() -> None:
    printed = '{"Host": "a.example"}\n{"event_type": ["x"]}\n{}\n'
    facts = derive(COMMAND, printed, "")
    assert facts["by_event_type"] == {"(none)": 3}
    assert facts["by_host_and_event_type"] == {"(none) (none)": 2, "a.example (none)": 1}
    assert facts["malformed"] == 0


def test_numbers_of_any_size_and_many_shallow_objects_are_fine() -> None:
    printed = event(coins=1) + '{"event_type": "big", "n": ' + "9" * 100_000 + "}\n" + event(lines=[{}] * 300)
    assert derive(COMMAND, printed, "")["malformed"] == 0


def test_names_from_events_carry_no_escapes_and_stay_short() -> None:
    printed = event(event_type="\x1b[31mred\ud800") + event(event_type="x" * 10_000)
    assert derive(COMMAND, printed, "")["by_event_type"] == {"red\ufffd": 1, "x" * 255 + "…": 1}


def test_a_line_separator_inside_a_message_does_not_split_it() -> None:
    printed = json.dumps({"event_type": "a\u2028b\x85"}, ensure_ascii=False)
    assert derive(COMMAND, printed, "")["messages"] == 1


def test_a_metadata_listing_has_no_messages() -> None:
    assert derive("kcat -L -b kafka:29092", "Metadata for all topics (from broker 1: kafka:29092/1):\n", "") == {}
