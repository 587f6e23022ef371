"""What `filter_game_events.py` is asked for: filters that a family of events can have, and a table's name."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The job, imported as spark-submit does: from its own folder."""
    monkeypatch.syspath_prepend(ROOT / "jobs")
    return importlib.import_module("filter_game_events")


def ask(job: ModuleType, monkeypatch: pytest.MonkeyPatch, words: str) -> dict[str, object]:
    monkeypatch.setattr(sys, "argv", ["filter_game_events.py", *words.split()])
    return {name: value for name, value in vars(job.arguments()).items() if value is not None}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("guild_events --guild knights", {"family": "guild_events", "guild_name": "knights"}),
        ("item_events --item-type sword", {"family": "item_events", "item_type": "sword"}),
        ("cart_events --player amy", {"family": "cart_events", "player_id": "amy"}),
        ("order_lines --min-quantity 2", {"family": "order_lines", "min_quantity": 2}),
        ("item_events --event-type use_item", {"family": "item_events", "event_type": "use_item"}),
    ],
)
def test_a_family_is_filtered_by_what_it_has(
    job: ModuleType, monkeypatch: pytest.MonkeyPatch, words: str, found: dict[str, object]
) -> None:
    assert ask(job, monkeypatch, f"{words} --table t_1") == {**found, "table": "t_1"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("guild_events --item-type sword --table t", "guild_events have no items"),
        ("guild_events --min-quantity 2 --table t", "guild_events have no items"),
        ("item_events --guild knights --table t", "item_events have no guild"),
        ("item_events --event-type join_guild --table t", "item_events are purchase_item, sell_item, use_item"),
        ("item_events --min-quantity many --table t", "invalid int value"),
        ("item_events --table t;drop", "lower-case letters, digits and underscores"),
        ("item_events --table ../t", "lower-case letters, digits and underscores"),
        ("item_events", "--table"),
        ("sword_events --table t", "invalid choice"),
    ],
)
def test_what_cannot_be_is_refused_and_named(
    job: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        ask(job, monkeypatch, words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
