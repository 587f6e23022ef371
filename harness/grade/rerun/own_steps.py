"""The commands of a report of the harness' own, step by step: each stands there as its service got it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from harness.cluster.addresses import HOST_NAMES
from harness.grade.rerun.units import Unit, Way


def recorded(unit: Unit, background: bool) -> Unit:
    """Give a command of a report of ours: its service got it as it stands there."""
    service = unit.typed.service
    if service is None or service not in HOST_NAMES:
        own = service in (None, "harness", "host")
        why = "is the harness' own" if own else f"runs in {service}, which no cluster for reruns has"
        return replace(unit, way=Way.LEAVE, why=why)
    typed_as = f'docker-compose exec -T -w "$PWD" {service} bash -c {shlex.quote(unit.text)}'
    way = unit.way
    if background and way is Way.RUN:
        way = Way.STREAM if any(each.name == "spark-submit" for each in unit.typed.programs) else Way.FOLLOW
    return replace(unit, typed_as=typed_as, way=way)


def started_first(step: Sequence[Unit], before: Sequence[Unit]) -> list[Unit]:
    """Give the commands of a step of ours as they were started: its streams come first.

    What goes on since an earlier step, or was shown in this one, is shown again.
    """
    going = {unit.text for unit in before if unit.way in (Way.SERVE, Way.FOLLOW, Way.STREAM)}
    first: list[Unit] = []
    rest: list[Unit] = []
    for unit in step:
        goes_on = unit.way in (Way.SERVE, Way.FOLLOW, Way.STREAM)
        if goes_on and unit.text in going:
            rest.append(replace(unit, way=Way.LOOK))
            continue
        if goes_on:
            going.add(unit.text)
        if unit.way is Way.STREAM:
            first.append(unit)
        else:
            rest.append(unit)
    return [*first, *rest]
