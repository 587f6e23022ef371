"""What is asked of the servers after a rerun: a file that a stream still writes is waited for, and nothing else is."""

from __future__ import annotations

import pytest

from harness.grade.rerun import asks

HALF = "hdfs://cloudera:8020/tmp/jumps/part-0.parquet is not a valid Parquet File"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Presto says to the next queries, one each; then it counts 7 rows."""
    words: list[str] = []

    def query(sql: str) -> list[list[int]]:
        if words:
            raise RuntimeError(words.pop(0))
        return [[7]]

    monkeypatch.setattr(asks, "query", query)
    monkeypatch.setattr(asks, "WRITING_PAUSES", (0.0, 0.0))
    return words


def test_a_file_that_is_being_written_is_read_a_moment_later(said: list[str]) -> None:
    said += [HALF, HALF]
    assert asks.count("default", "jumps") == 7


def test_a_file_that_stays_half_written_is_said(said: list[str]) -> None:
    said += [HALF] * 5
    with pytest.raises(RuntimeError, match="not a valid Parquet File"):
        asks.count("default", "jumps")
    assert len(said) == 2


def test_any_other_fault_is_said_at_once(said: list[str]) -> None:
    said += ["line 1:1: Table does not exist", HALF]
    with pytest.raises(RuntimeError, match="does not exist"):
        asks.count("default", "jumps")
    assert said == [HALF]
