"""A broker, a DataNode, a Spark worker and a Presto worker are killed while events come and are written.

No event may be lost or counted twice, counted through Presto: the step `state-stream` holds what the API, the stream,
a batch over the topic and the players' own ledger say against each other, and kills the API and the driver itself.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from machine import HARNESS, PATIENT, harness, nothing_left, started
from several import kill, revive, several_machines

from harness.cluster.compose import multi

SHORT = 0
"""The short form has none: `tests/integration/test_12_running.py` has a run without faults."""

KINDS = (
    ("kafka-1", "kafka-2", "kafka-3"),
    ("datanode-1", "datanode-2", "datanode-3"),
    ("spark-worker-1", "spark-worker-2"),
    ("presto-worker-1", "presto-worker-2"),
)
SPREAD = 40.0
"""Seconds after the step's beginning within which all of them are killed: the driver is up, and the game goes on."""

WHOLE = 180.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Mapping[str, str]]:
    with several_machines() as addresses:
        yield addresses


def test_one_of_each_kind_is_killed(
    tmp_path: Path, fault_round: int, cluster: Mapping[str, str], request: pytest.FixtureRequest
) -> None:
    _await(lambda: not multi.missing(multi.elsewhere()), WHOLE)  # what the round before killed is there again
    chance = random.Random(request.config.getoption("seed") * 1000 + fault_round)
    killed = sorted((chance.uniform(5.0, SPREAD), chance.choice(kind)) for kind in KINDS)
    out = tmp_path / "out"
    words = [HARNESS, "step", "state-stream", "--backend", "running", "--out", out]
    with started(tmp_path / "output", *words, environment={**PATIENT, **cluster}) as going:
        going.says("step     inventory      passed", timeout=1200)
        assert going.process.poll() is None, going.output
        clock = time.monotonic()
        for moment, service in killed:
            time.sleep(max(0.0, clock + moment - time.monotonic()))
            kill(service)
        ended = going.end(timeout=1200)
    revive(*(service for _, service in killed))
    told = ", ".join(f"{service} after {moment:.0f} s" for moment, service in killed)
    assert ended.code == 0, f"killed: {told}\n{ended.output}"
    (agrees,) = [each for each in ended.record(out)["invariants"] if each["id"] == "state-agrees"]
    assert agrees["holds"], agrees
    checked = harness("check", out, "--golden", "reports/golden/options.json", "--steps", "state-stream")
    print(f"round {fault_round}: killed {told}; {checked.output.splitlines()[-1]}")
    assert checked.code == 0, checked.output
    nothing_left(within=10)


def _await(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s"
        time.sleep(0.5)
