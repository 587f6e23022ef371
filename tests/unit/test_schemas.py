"""The events' schemas, and what is derived from them: the API's checks, Spark's columns, the tables' DDL."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
EVENT_TYPES = ["default", "purchase_sword", "join_guild"]
COLUMNS = ["Accept", "Host", "User-Agent", "event_type"]


def schema(event_type: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "schemas" / f"{event_type}.json").read_text())
    return loaded


@pytest.fixture
def game_events(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The jobs' helper, imported as spark-submit does: from its own folder."""
    monkeypatch.syspath_prepend(ROOT / "jobs")
    return importlib.import_module("game_events")


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_schema_is_valid_and_closed_and_names_its_event_type(event_type: str) -> None:
    Draft202012Validator.check_schema(schema(event_type))
    assert schema(event_type)["additionalProperties"] is False
    assert schema(event_type)["properties"]["event_type"]["const"] == event_type


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_properties_stand_in_the_order_of_the_tables_columns(event_type: str) -> None:
    expected = [*COLUMNS, "guild_name"] if event_type == "join_guild" else COLUMNS
    assert list(schema(event_type)["properties"]) == expected


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({}, True),
        ({"guild_name": "x" * 64}, True),
        ({"guild_name": "Les Élans 🦌"}, True),
        ({"guild_name": ""}, False),
        ({"guild_name": "x" * 65}, False),
        ({"guild_name": "kni\nghts"}, False),
        ({"guild_name": "knights\n"}, False),
        ({"guild_name": "knights\x7f"}, False),
        ({"guild_name": 7}, False),
        ({"guild_name": None}, False),
        ({"event_type": "default"}, False),
        ({"timestamp": "2018-12-17"}, False),
    ],
)
def test_what_a_guild_event_may_hold(change: dict[str, Any], valid: bool) -> None:
    event = {"Host": "user1.comcast.com", "event_type": "join_guild", "guild_name": "knights", **change}
    assert Draft202012Validator(schema("join_guild")).is_valid(event) is valid


@pytest.mark.parametrize("missing", ["Host", "event_type", "guild_name"])
def test_what_a_guild_event_must_hold(missing: str) -> None:
    event = {"Host": "user1.comcast.com", "event_type": "join_guild", "guild_name": "knights"}
    del event[missing]
    assert not Draft202012Validator(schema("join_guild")).is_valid(event)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_sparks_columns_are_the_schemas_properties(game_events: ModuleType, event_type: str) -> None:
    fields = game_events.event_schema(event_type).fields
    assert [field.name for field in fields] == list(schema(event_type)["properties"])
    assert {field.dataType.simpleString() for field in fields} == {"string"}
    assert game_events.table_schema(event_type).names == [*schema(event_type)["properties"], "timestamp"]


class StatementLog:
    """Stands in for a SparkSession, and keeps the statements instead of running them."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def sql(self, statement: str) -> None:
        self.statements.append(statement)


def test_a_tables_ddl_quotes_every_column_and_selects_nothing(game_events: ModuleType) -> None:
    spark = StatementLog()
    game_events.create_external_table(spark, "guild_joins", game_events.table_schema("join_guild"), "/tmp/guild_joins")
    assert spark.statements == [
        "drop table if exists `guild_joins`",
        "create external table `guild_joins` (`Accept` string, `Host` string, `User-Agent` string,"
        " `event_type` string, `guild_name` string, `timestamp` string)"
        " stored as parquet location '/tmp/guild_joins'",
    ]


def test_the_streams_table_has_the_columns_that_the_stream_writes() -> None:
    ddl = (ROOT / "jobs" / "sword_purchases.sql").read_text()
    columns = re.findall(r"^  `(.+)` string", ddl, flags=re.MULTILINE)
    assert columns == ["raw_event", "timestamp", *schema("purchase_sword")["properties"]]
    location = re.search(r"location '(.+)'", ddl)
    assert location
    written = location[1].replace("${env:HDFS_ROOT}", "{ROOT}")
    assert f'LOCATION = f"{written}"' in (ROOT / "jobs" / "write_swords_stream.py").read_text()
