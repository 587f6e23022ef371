"""An error says what was wanted, what was seen, where the evidence is, what to do, and whose fault it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import PRECEDENCE, EnvironmentFault, HarnessError, UsageError


def test_an_error_has_its_parts_in_order() -> None:
    error = EnvironmentFault(
        "kafka is not there.",
        wanted="a list of topics",
        seen="exit code 1",
        log=Path("/logs/kafka.log"),
        tail=["starting", "out of memory"],
        remedy="read the log",
    )
    assert str(error).splitlines() == [
        "kafka is not there.",
        "  wanted: a list of topics",
        "  seen:   exit code 1",
        "  last lines of its log:",
        "    | starting",
        "    | out of memory",
        "  log:    /logs/kafka.log",
        "  try:    read the log",
    ]
    assert error.args == (str(error),)


def test_an_error_says_nothing_of_what_it_does_not_know() -> None:
    assert str(HarnessError("It ended.")) == "It ended."
    assert str(UsageError("Unknown step: x.", wanted="load", tail=())) == "Unknown step: x.\n  wanted: load"


@pytest.mark.parametrize(("kind", "code"), [(UsageError, 2), (EnvironmentFault, 3), (HarnessError, 5)])
def test_each_error_knows_the_exit_code_of_its_party(kind: type[HarnessError], code: int) -> None:
    assert kind("x").exit_code == code


def test_of_several_exit_codes_an_interruption_comes_first_and_success_last() -> None:
    assert [int(code) for code in PRECEDENCE] == [130, 143, 129, 5, 3, 1, 4, 0]
