"""An error crosses the wire between keeper and harness whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cluster.faults import as_error, as_message
from harness.errors import EnvironmentFault, HarnessError, UsageError


@pytest.mark.parametrize("kind", [EnvironmentFault, UsageError, HarnessError])
def test_an_error_arrives_as_it_was_raised(kind: type[HarnessError]) -> None:
    error = kind(
        "kafka is not there.",
        wanted="topics",
        seen="exit code 1",
        log=Path("/logs/kafka.log"),
        tail=["one", "two"],
        remedy="read it",
    )
    arrived = as_error(json.loads(json.dumps(as_message(error))))
    assert type(arrived) is kind
    assert str(arrived) == str(error)
    assert arrived.exit_code == error.exit_code


def test_what_an_error_does_not_say_stays_unsaid() -> None:
    arrived = as_error(json.loads(json.dumps(as_message(UsageError("Unknown service: x.")))))
    assert str(arrived) == "Unknown service: x."
    assert (arrived.log, arrived.tail) == (None, ())


def test_a_finer_kind_of_error_arrives_as_the_one_that_decides_the_exit_code() -> None:
    class PortTaken(EnvironmentFault):
        """A finer kind."""

    assert type(as_error(as_message(PortTaken("Port 1 is taken.")))) is EnvironmentFault
