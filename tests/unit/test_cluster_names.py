"""The names of a run: the original's in a cluster of its own, with a prefix on one that others use too."""

from __future__ import annotations

import pytest

from harness.cluster.names import Names, new_prefix
from harness.errors import UsageError

THEIRS = Names("kim_1", replicas=3)


def test_a_cluster_of_ones_own_has_the_originals_names() -> None:
    own = Names()
    assert (own.topic("events"), own.path("/tmp/purchases"), own.database, own.root) == (
        "events",
        "/tmp/purchases",
        "default",
        "/tmp",
    )
    assert own.originals() == {}
    assert own.environment() == {"HDFS_ROOT": "/tmp"}


def test_on_a_cluster_of_others_each_name_carries_the_prefix() -> None:
    assert THEIRS.topic("game-events") == "kim_1-game-events"
    assert THEIRS.path("/tmp/game/stream") == "/tmp/kim_1/game/stream"
    assert THEIRS.path("/tmp") == THEIRS.root == "/tmp/kim_1"
    assert (THEIRS.database, THEIRS.database_folder) == ("kim_1", "/tmp/kim_1.db")
    assert THEIRS.environment()["EVENTS_TOPIC"] == "kim_1-events"
    assert Names("kim_1", "/user/kim").path("/tmp/purchases") == "/user/kim/kim_1/purchases"


def test_a_folder_that_is_not_the_originals_is_no_runs() -> None:
    for path in ("/user/hive", "/tmpfile", "tmp/purchases"):
        with pytest.raises(UsageError, match="is not below /tmp"):
            THEIRS.path(path)


@pytest.mark.parametrize(
    "prefix", ["a", "ab", "Kim", "kim_", "_kim", "1kim", "kim-1", "kim events", "k" * 41, "kim;drop"]
)
def test_what_is_no_name_of_a_database_is_no_prefix(prefix: str) -> None:
    with pytest.raises(UsageError, match="cannot be the prefix"):
        Names(prefix)


@pytest.mark.parametrize("folder", ["tmp", "/", "/tmp/", "/tmp/../etc", "/a b", "/tmp/$(id)", ""])
def test_what_is_no_absolute_path_is_no_folder(folder: str) -> None:
    with pytest.raises(UsageError, match="cannot be the folder"):
        Names("kim", folder)


def test_each_run_has_a_prefix_of_its_own() -> None:
    made = {new_prefix() for _ in range(50)}
    assert len(made) == 50
    assert all(Names(prefix).prefix == prefix for prefix in made)
