"""Rounds and seeds of fault tests: short by default, long by `./run faults NAME --rounds N`.

A module gives its `SHORT`, the rounds of the short form, and may give its `FAULTS`, of which each round takes the next.
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--rounds", type=int, help="how many faults of a test (default: the few of its short form)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `fault_round` or `fault` one call for each round, no fault twice."""
    rounds = metafunc.config.getoption("rounds") or metafunc.module.SHORT
    if "fault_round" in metafunc.fixturenames:
        metafunc.parametrize("fault_round", range(rounds))
    if "fault" in metafunc.fixturenames:
        metafunc.parametrize("fault", metafunc.module.FAULTS[:rounds], ids=lambda fault: fault.name)
