"""Runs a data pipeline assignment for real: pytest steps on a real cluster, one record, one report.

The public API for an assignment: `step`, `invariant`, `Run` and `Evidence`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.cluster.protocol import Background
    from harness.invariants import Evidence, invariant
    from harness.model import Capture, Fact, StepRecord
    from harness.run import Run, server_table
    from harness.steps import StepFailed, step

__all__ = [
    "Background",
    "Capture",
    "Evidence",
    "Fact",
    "Run",
    "StepFailed",
    "StepRecord",
    "invariant",
    "server_table",
    "step",
]

_MODULES = {
    "Background": "cluster.protocol",
    "Capture": "model",
    "Evidence": "invariants",
    "Fact": "model",
    "Run": "run",
    "StepFailed": "steps",
    "StepRecord": "model",
    "invariant": "invariants",
    "server_table": "run",
    "step": "steps",
}


def __getattr__(name: str) -> object:
    """Import a name of the API when it is asked for: what needs no cluster starts faster without it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
