"""A cluster's folders in a temporary place, with nothing in them."""

from __future__ import annotations

from pathlib import Path

from harness.cluster.addresses import ORIGINAL, Addresses
from harness.cluster.layout import Layout


def layout_in(folder: Path, run: str = "run1") -> Layout:
    """Give a layout whose run, configuration, training and archive folders are there."""
    made = Layout(
        run=folder / "runs" / run,
        project=folder / "project",
        workspace=folder / "project",
        logs=folder / "logs",
        cache=folder / "cache",
        prepared=folder / "prepared",
        archives=folder / "prepared" / "class-data",
        java=folder / "java home" / "bin" / "java",
        python=folder / "python",
        pyspark=folder / "pyspark",
        programs={},
        addresses=Addresses("private", {name: port for name, (_, port) in ORIGINAL.items()}),
        app="app/game_api.py",
    )
    for path in (made.conf, made.training, made.archives, made.logs):
        path.mkdir(parents=True, exist_ok=True)
    return made
