"""The containers that run: each service that the report shows must run again; their names and ports differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from harness.grade.checks.context import text
from harness.grade.compare.model import Group
from harness.grade.compare.said import listed, same, unchecked, unlike
from harness.grade.model import Finding, Weight
from harness.outputs import ps
from harness.outputs.text import Output

CHECK: Final = "rerun-services"
_SERVICES: Final = ("zookeeper", "kafka", "cloudera", "spark", "presto", "mids", "redis", "cassandra")
_NUMBER: Final = re.compile(r"[_-]?\d+$")


def compare(group: Group) -> Iterator[Finding]:
    """Compare the services of each table of containers."""
    again: dict[str, str] = {}
    for view in group.ends():
        again.update(_services(view.capture.stdout))
    for one in group.shown:
        line = one.block.printed()[0][0]
        shown = _services(text(one.block))
        if not shown or not again:
            yield unchecked(CHECK, one.block, line, "The containers cannot be compared with those of the rerun.")
            continue
        ran = group.ends()[-1].ran
        values = sorted(again), sorted(shown)
        down = sorted(name for name, state in shown.items() if state == "up" and again.get(name, "up") != "up")
        missing = sorted(set(shown) - set(again))
        if missing or down:
            message = f"The report shows {listed([*missing, *down])} running, the rerun does not."
            yield unlike(CHECK, one.block, line, message, values, ran, listed(values[0]), Weight.WARNING)
        else:
            yield same(CHECK, one.block, line, f"The rerun has the same services: {listed(values[1])}.", values[1])


def _services(printed: str) -> dict[str, str]:
    """Give the state of each service, by the service's name in the container's."""
    found = ps.facts(Output(("ps",), printed, "")).get("services")
    services: dict[str, str] = {}
    for container, state in found.items() if isinstance(found, dict) else ():
        bare = _NUMBER.sub("", container.replace(" ", "").lower())
        name = next((one for one in _SERVICES if bare.endswith(one)), None)
        if name is not None:
            services[name] = "up" if str(state).lower() in ("up", "running", "healthy", "ready") else str(state).lower()
    return services
