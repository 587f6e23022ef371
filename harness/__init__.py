"""Runs a data pipeline assignment for real: pytest steps on a real cluster, one record, one report.

The public API for an assignment: `step`, `invariant`, `Run` and `Evidence`.
"""

from harness.invariants import Evidence, invariant
from harness.model import Capture, Fact, StepRecord
from harness.run import Run, server_table
from harness.steps import StepFailed, step

__all__ = ["Capture", "Evidence", "Fact", "Run", "StepFailed", "StepRecord", "invariant", "server_table", "step"]
