"""What is kept of a run and of the machine that it was measured on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any


def machine() -> dict[str, int | None]:
    """Give the machine's processors and memory."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"processors": os.cpu_count(), "memory_gigabytes": round(memory / 1e9)}


def figures(record: Mapping[str, Any]) -> dict[str, Any]:
    """Give a record's peak memory, and the seconds of its servers and steps."""
    return {
        "peak_memory_megabytes": round(record["peak_memory_bytes"] / 1e6),
        "services": {s["name"]: s["ready_seconds"] for s in record["services"]},
        "steps": {s["id"]: s["seconds"] for s in record["steps"]},
    }
