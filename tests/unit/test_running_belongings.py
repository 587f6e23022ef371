"""What a run made on a cluster of others is noted before it is made, and cleared away by the run or by a later one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cluster import runs
from harness.cluster.elsewhere import Elsewhere
from harness.cluster.probes import NotReady
from harness.cluster.running import belongings, metastore, topics
from harness.errors import EnvironmentFault
from harness.model import Capture

THERE = Elsewhere("b:9092", "hdfs://nn:8020", "hive:9083", "presto:8080", prefix="kim_1")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def alive(monkeypatch: pytest.MonkeyPatch, *ids: str) -> None:
    monkeypatch.setattr(runs, "is_alive", lambda folder: folder.name in ids)


def test_what_a_killed_run_noted_is_found_by_the_next_at_the_same_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    for run_id, there in (
        ("killed", THERE),
        ("living", replace(THERE, prefix="other_1")),
        ("elsewhere", replace(THERE, kafka="c:9092")),
    ):
        belongings.note(run_id, there)
    alive(monkeypatch, "living")
    assert list(belongings.abandoned(replace(THERE, prefix="new_1"))) == [("killed", THERE)]
    belongings.forget("killed")
    assert list(belongings.abandoned(THERE)) == []
    belongings.forget("killed")  # once more is no error


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kafka": 1}', json.dumps({**THERE.as_dict(), "new": 1})])
def test_a_note_that_cannot_be_read_is_passed_over(cache: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    belongings.note("killed", THERE)
    (cache / "elsewhere" / "broken.json").write_text(text)
    alive(monkeypatch)
    assert [run_id for run_id, _ in belongings.abandoned(THERE)] == ["killed"]


class Cluster:
    """A cluster in which commands and calls are written down, and fail where they are told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *fails: str, databases: tuple[str, ...] = ("default",)) -> None:
        self.did: list[str] = []
        self._fails = fails

        def call(name: str) -> None:
            self.did.append(name)
            if name.split()[0] in fails:
                raise NotReady(f"{name} failed")

        monkeypatch.setattr(topics, "delete", lambda _, names: call(f"topics {names.topic('')}"))
        monkeypatch.setattr(metastore, "databases", lambda _: list(databases))
        monkeypatch.setattr(metastore, "drop_database", lambda _, name: call(f"database {name}"))

    def exec(self, service: str, command: str) -> Capture:
        self.did.append(f"{service}: {command}")
        code = int("folder" in self._fails)
        return Capture("", service, command, "", "rm: denied" if code else "", code, "2026-01-01T00:00:00Z", 0.0)


def test_all_that_carries_the_prefix_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(monkeypatch, databases=("default", "kim_1"))
    belongings.clear(THERE, cluster.exec)
    assert cluster.did == [
        "topics kim_1-",
        "database kim_1",
        "cloudera: hadoop fs -rm -r -f -skipTrash /tmp/kim_1 /tmp/kim_1.db",
    ]


def test_a_database_that_was_not_made_yet_is_not_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(monkeypatch)
    belongings.clear(THERE, cluster.exec)
    assert not any(each.startswith("database") for each in cluster.did)


def test_what_is_left_is_named_and_the_rest_goes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(monkeypatch, "topics", "folder", databases=("kim_1",))
    with pytest.raises(EnvironmentFault) as left:
        belongings.clear(THERE, cluster.exec)
    text = str(left.value)
    assert "topics kim_1-…" in text
    assert "the folder /tmp/kim_1 (rm: denied)" in text
    assert "the database" not in text
    assert "database kim_1" in cluster.did
