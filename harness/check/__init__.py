"""Two records side by side: what differs, what was masked, and how that is shown."""

from __future__ import annotations

from harness.check.compare import compare
from harness.check.findings import Comparison, Difference
from harness.check.show import show

__all__ = ["Comparison", "Difference", "compare", "show"]
