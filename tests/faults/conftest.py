"""Rounds and seeds of fault tests: short by default, long by `./run faults NAME --rounds N`."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--rounds", type=int, default=3, help="how many faults of a test (default: 3)")
    group.addoption("--seed", type=int, default=205, help="seed of their moments (default: 205)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `fault_round` one call for each round."""
    if "fault_round" in metafunc.fixturenames:
        metafunc.parametrize("fault_round", range(metafunc.config.getoption("rounds")))
