"""Which messages are events, by Spark: the same that the API's own check of the schemas takes."""

from __future__ import annotations

import copy
import json
from typing import Any

import event_checks
import player_events
import pytest
from pyspark.sql import SparkSession

EVENT: dict[str, Any] = {
    "event_id": "01890000-0000-7000-8000-000000000000",
    "event_type": "purchase_item",
    "schema_version": 1,
    "source": "/game-api",
    "event_time": "2026-01-01T12:00:00.123Z",
    "received_at": "2026-01-01T12:00:00.124Z",
    "player_id": "ann",
    "sequence": 1,
    "session_id": "a:b",
    "client": {"host": "localhost"},
    "data": {
        "order_id": "o-1",
        "item_type": "sword",
        "item_id": "iron-sword",
        "quantity": 1,
        "unit_price": 100,
        "currency": "gold",
    },
}
LINE = {"item_id": "oak-shield", "item_type": "shield", "quantity": 2, "unit_price": 80}
ORDER = {
    **EVENT,
    "event_type": "order_completed",
    "data": {"cart_id": "c", "order_id": "o", "lines": [LINE, {**LINE}], "total": 320, "currency": "gold"},
}


def but(event: dict[str, Any] = EVENT, /, **changed: Any) -> bytes:
    """Give an event with some members, by their paths with `__`, changed, or left out where that is `...`."""
    made = copy.deepcopy(event)
    for path, value in changed.items():
        *above, name = path.split("__")
        place: Any = made
        for each in above:
            place = place[int(each) if each.isdigit() else each]
        if value is ...:
            del place[name]
        else:
            place[name] = value
    return json.dumps(made).encode()


WHOLE = but()
CASES: dict[str, tuple[bytes | None, str | None]] = {
    "an event": (WHOLE, None),
    "an event without what may be left out": (but(session_id="s", client={}), None),
    "an order": (but(ORDER), None),
    "nothing": (None, "no value"),
    "empty": (b"", "not one JSON text"),
    "no JSON": (b"sword", "not one JSON text"),
    "half of it": (WHOLE[:50], "not one JSON text"),
    "two in one": (WHOLE + WHOLE, "not one JSON text"),
    "two with a comma": (WHOLE + b"," + WHOLE, "not one JSON text"),
    "a list": (b"[1]", "no event_type"),
    "null": (b"null", "no event_type"),
    "deep": (b"[" * 5000, "not one JSON text"),
    "not UTF-8": (WHOLE.replace(b"ann", b"\xff\xfe"), "not UTF-8"),
    "huge": (but(client__host="x" * 100_000), "more than 65536 bytes"),
    "no type": (but(event_type=...), "no event_type"),
    "null type": (but(event_type=None), "no event_type"),
    "another type": (but(event_type="dragon"), "its event_type is none of those that there are"),
    "a number for a type": (but(event_type=7), "its event_type is none of those that there are"),
    "a key twice": (WHOLE.replace(b'"ann"', b'"ann", "player_id": "bob"'), "its members"),
    "a key twice inside": (WHOLE.replace(b'"quantity": 1', b'"quantity": 1, "quantity": 2'), "its members"),
    "no player": (but(player_id=...), "its members"),
    "a member too many": (but(admin=True), "its members"),
    "a member of another type's": (but(data__cart_id="c"), "its members"),
    "text for a number": (but(sequence="1"), "its members"),
    "a number for text": (but(player_id=5), "its members"),
    "a fraction": (but(data__quantity=1.5), "its members"),
    "beyond all numbers": (but(sequence=10**30), "its members"),
    "an object for text": (but(player_id={"a": 1}), "its members"),
    "too few": (but(data__quantity=0), "data.quantity is less than 1"),
    "too many": (but(data__quantity=100), "data.quantity is more than 99"),
    "another coin": (but(data__currency="ruby"), "data.currency is not gold"),
    "another version": (but(schema_version=2), "schema_version is not 1"),
    "another kind": (but(data__item_type="spoon"), "data.item_type is none of sword, shield, potion, knife"),
    "an odd name": (but(player_id="ann\n"), "player_id is not as its pattern"),
    "an odd id": (but(event_id="1"), "event_id is not as its pattern"),
    "no time": (but(event_time="yesterday"), "event_time is no time"),
    "long": (but(client__host="x" * 1001), "client.host is too long"),
    "an order without lines": (but(ORDER, data__lines=[]), "data.lines has too few elements"),
    "one line with less": (but(ORDER, data__lines__1__quantity=...), "an element of data.lines has no quantity"),
    "one line with more": (but(ORDER, data__lines__1__quantity=100), "data.lines.quantity is more than 99"),
    "lines of two kinds": (but(ORDER, data__lines__1__quantity="2"), "its members"),
}


def test_each_message_is_an_event_or_has_its_reason(spark: SparkSession) -> None:
    given = spark.createDataFrame([(name, value) for name, (value, _) in CASES.items()], "name string, value binary")
    found = {row.name: row for row in player_events.checked(given).collect()}
    reasons = {name: found[name].reason for name in CASES}
    wanted = {name: reason for name, (_, reason) in CASES.items()}
    assert {name: str(reason)[: len(str(wanted[name]))] for name, reason in reasons.items()} == {
        name: str(reason) for name, reason in wanted.items()
    }
    assert {name for name in CASES if found[name].event is not None} == {n for n, r in wanted.items() if r is None}
    assert found["an order"].event.data.lines[1].unit_price == 80
    assert "quantity: STRING" not in found["an event"].shape


@pytest.mark.parametrize("schema", [{"type": "string", "minLength": 1}, {"type": "object", "properties": {}}])
def test_a_schema_that_spark_cannot_check_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Spark cannot check"):
        event_checks.shape(schema, lambda name: {})
