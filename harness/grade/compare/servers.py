"""A web server's first lines: that it runs, which the rerun's server must say too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.grade.compare import access_log
from harness.grade.compare.model import Group
from harness.grade.compare.said import same, unchecked
from harness.grade.model import Finding

CHECK: Final = "rerun-server"
_RUNS: Final = "Running on "


def compare(group: Group) -> Iterator[Finding]:
    """Compare a start, and the log below it where there is one."""
    runs = any(_RUNS in view.both for view in group.views())
    for one in group.shown:
        said = next((line for line, text in one.block.printed() if _RUNS in text), None)
        if said is not None and runs:
            yield same(CHECK, one.block, said, "The web server started in the rerun too.", True)
        elif said is not None:
            yield unchecked(CHECK, one.block, said, "The rerun's web server did not say that it runs.")
    yield from access_log.compare(group)
